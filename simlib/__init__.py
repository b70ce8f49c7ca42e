"""Error accumulation in language models: theory, simulation and estimation in JAX."""

from ._estimate import Estimate as Estimate
from .formulas import Formula as Formula
from .formulas import formula as formula
from .processes import AbstractErrorProcess as AbstractErrorProcess
from .processes import AbstractGrowth as AbstractGrowth
from .processes import AbstractNonKeyErrors as AbstractNonKeyErrors
from .processes import ConstantRate as ConstantRate
from .processes import DecayingRate as DecayingRate
from .processes import KeyTokens as KeyTokens
from .processes import LinearShare as LinearShare
from .processes import LogarithmicGrowth as LogarithmicGrowth
from .processes import NoErrors as NoErrors
from .processes import PowerGrowth as PowerGrowth
from .processes import SaturatingGrowth as SaturatingGrowth
from .processes import Uniform as Uniform

__version__ = "0.1.0"
