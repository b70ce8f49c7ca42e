"""Mixing distributions: how the rate of one trial differs between units."""

from ._base import AbstractMixing as AbstractMixing
from ._beta import Beta as Beta
from ._ex_gaussian import ExGaussian as ExGaussian
from ._gamma import Gamma as Gamma
from ._generalized_gamma import GeneralizedGamma as GeneralizedGamma
from ._kumaraswamy import Kumaraswamy as Kumaraswamy
from ._logit_normal import LogitNormal as LogitNormal
from ._positive_stable import PositiveStable as PositiveStable
from ._tabulated import Tabulated as Tabulated
from ._with_atom import WithAtom as WithAtom

__all__ = [
    "AbstractMixing",
    "Beta",
    "ExGaussian",
    "Gamma",
    "GeneralizedGamma",
    "Kumaraswamy",
    "LogitNormal",
    "PositiveStable",
    "Tabulated",
    "WithAtom",
]
