"""Figures from estimates and traces; bands and labels follow from the data.

Every function takes an optional Matplotlib `Axes` and returns the one it drew on. Without one it
opens a figure in the style of the book, leaving Matplotlib's global settings alone. Numbers must
come with their uncertainty; values that have none are drawn with `Estimate.exact`.
"""

from ._agreement import agreement as agreement
from ._curves import hazard_curve as hazard_curve
from ._curves import survival_curve as survival_curve
from ._traces import difficulty_histogram as difficulty_histogram
from ._traces import token_profile as token_profile

__all__ = [
    "agreement",
    "difficulty_histogram",
    "hazard_curve",
    "survival_curve",
    "token_profile",
]
