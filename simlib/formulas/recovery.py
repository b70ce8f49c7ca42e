r"""Errors that can be repaired: a chain that goes wrong and comes back.

Two things may be asked of an output of $n$ steps: that no step ever failed, and that the last one
is right. Without repair they are the same; with repair they are not.
"""

import sympy as sp

from ._formula import Formula
from ._functions import log1p
from ._symbols import n, quantity
from .heavy_tailed import shape_a, shape_b

_INF = float("inf")
_HERE = "derived in the chapter on recovery"
_DZIRI = "Dziri et al. (2023), Faith and Fate, on accidental recovery; derived here"

break_rate = quantity(
    "break_rate", r"\varepsilon", "probability that a right step is followed by a wrong one",
    "1 per step", low=0, high=1, scale="logit", reach=(1e-6, 0.9),
)  # fmt: skip
repair_rate = quantity(
    "repair_rate", "c", "probability that a wrong step is followed by a right one",
    "1 per step", low=0, high=1, scale="logit", reach=(1e-6, 0.9),
)  # fmt: skip
mean_repair = quantity(
    "mean_repair", r"\mu", "mean number of steps from a break to its repair",
    "steps", low=1, high=_INF, scale="log", reach=(1.1, 1e4), low_included=True,
)  # fmt: skip
error_age = quantity(
    "error_age", "m", "steps that an error has lasted, the wrong step itself included",
    "steps", low=1, high=_INF, scale="log", reach=(1.1, 1e4), low_included=True,
)  # fmt: skip

right_now = Formula(
    name="recovery.right_now",
    left=r"P(\text{step } n \text{ right})",
    expression=(repair_rate + break_rate * (1 - break_rate - repair_rate) ** n)
    / (repair_rate + break_rate),
    arguments=(n, break_rate, repair_rate),
    description="Probability that step n of a two-state chain is right, after a right start; for "
    "whole n.",
    source=_DZIRI,
)

never_wrong = Formula(
    name="recovery.never_wrong",
    left="S(n)",
    expression=(1 - break_rate) ** n,
    arguments=(n, break_rate),
    description="Probability that none of the first n steps is wrong: repair cannot help it.",
    source=_HERE,
    stable=sp.exp(n * log1p(-break_rate)),
)

plateau = Formula(
    name="recovery.plateau",
    left=r"\lim_nP(\text{step } n \text{ right})",
    expression=repair_rate / (repair_rate + break_rate),
    arguments=(break_rate, repair_rate),
    description="Share of right steps in the long run, with a constant chance of repair.",
    source=_DZIRI,
)

renewal_plateau = Formula(
    name="recovery.renewal_plateau",
    left=r"\lim_nP(\text{step } n \text{ right})",
    expression=1 / (1 + break_rate * mean_repair),
    arguments=(break_rate, mean_repair),
    description="Share of right steps in the long run, whatever the law of the time to repair.",
    source="renewal theory (Smith 1958); derived in the chapter on recovery",
)

relaxation = Formula(
    name="recovery.relaxation",
    left=r"\tau",
    expression=-1 / sp.log(1 - break_rate - repair_rate),
    arguments=(break_rate, repair_rate),
    description="Steps after which the distance from the plateau has fallen by the factor e; for "
    "a break and a repair rate whose sum is below one.",
    source=_HERE,
)

error_floor = Formula(
    name="recovery.error_floor",
    left=r"\liminf_nP(\text{step } n \text{ wrong})\ge",
    expression=break_rate / (repair_rate + break_rate),
    arguments=(break_rate, repair_rate),
    description="Floor under the long-run share of wrong steps, if a step breaks with at least "
    "the break rate and is repaired with at most the repair rate.",
    source=_DZIRI,
)

mixed_repair = Formula(
    name="recovery.mixed_repair",
    left=r"P(\text{repair}\mid m)",
    expression=shape_a / (shape_a + shape_b + error_age - 1),
    arguments=(error_age, shape_a, shape_b),
    description="Chance that an error of age m is repaired, if every error has a constant chance "
    "of its own and these chances are beta distributed: it falls with age, though none does.",
    source=_HERE,
)
