"""Error accumulation in language models: theory, simulation and estimation in JAX."""

from ._estimate import Estimate as Estimate
from .formulas import Formula as Formula
from .formulas import formula as formula
from .processes import AbstractErrorProcess as AbstractErrorProcess
from .processes import Uniform as Uniform

__version__ = "0.1.0"
