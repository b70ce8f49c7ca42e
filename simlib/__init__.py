"""Error accumulation in language models: theory, simulation and estimation in JAX."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import book as book
    from . import claims as claims
    from . import exercises as exercises
    from . import fit as fit
    from . import formulas as formulas
    from . import mixing as mixing
    from . import plots as plots
    from . import processes as processes
    from . import simulate as simulate
    from . import traces as traces
    from ._estimate import Estimate as Estimate
    from .formulas import Formula as Formula
    from .formulas import formula as formula
    from .mixing import AbstractMixing as AbstractMixing
    from .mixing import Beta as Beta
    from .mixing import ExGaussian as ExGaussian
    from .mixing import Gamma as Gamma
    from .mixing import Kumaraswamy as Kumaraswamy
    from .mixing import LogitNormal as LogitNormal
    from .mixing import PositiveStable as PositiveStable
    from .mixing import WithAtom as WithAtom
    from .processes import AbstractErrorProcess as AbstractErrorProcess
    from .processes import AbstractGrowth as AbstractGrowth
    from .processes import AbstractHistoryProcess as AbstractHistoryProcess
    from .processes import AbstractNonKeyErrors as AbstractNonKeyErrors
    from .processes import AbstractRepair as AbstractRepair
    from .processes import ConstantRate as ConstantRate
    from .processes import ConstantRepair as ConstantRepair
    from .processes import DecayingRate as DecayingRate
    from .processes import Frailty as Frailty
    from .processes import HeavyTailed as HeavyTailed
    from .processes import KeyTokens as KeyTokens
    from .processes import LinearShare as LinearShare
    from .processes import LogarithmicGrowth as LogarithmicGrowth
    from .processes import Mixture as Mixture
    from .processes import NoErrors as NoErrors
    from .processes import NoRepair as NoRepair
    from .processes import PowerGrowth as PowerGrowth
    from .processes import Recoverable as Recoverable
    from .processes import SaturatingGrowth as SaturatingGrowth
    from .processes import Segments as Segments
    from .processes import SelfConditioning as SelfConditioning
    from .processes import Uniform as Uniform
    from .processes import WeibullRepair as WeibullRepair

__version__ = "0.1.0"

# Where the public names live. They load on first use, so that `simlib --help` and reading the
# ledger do not wait for JAX.
_SUBPACKAGES = (
    "book",
    "claims",
    "exercises",
    "fit",
    "formulas",
    "mixing",
    "plots",
    "processes",
    "simulate",
    "traces",
)
_HOMES = ("_estimate", "formulas", "mixing", "processes")

__all__ = [
    "AbstractErrorProcess",
    "AbstractGrowth",
    "AbstractMixing",
    "AbstractNonKeyErrors",
    "Beta",
    "ConstantRate",
    "DecayingRate",
    "Estimate",
    "ExGaussian",
    "Formula",
    "Gamma",
    "HeavyTailed",
    "KeyTokens",
    "Kumaraswamy",
    "LinearShare",
    "LogarithmicGrowth",
    "LogitNormal",
    "NoErrors",
    "PositiveStable",
    "PowerGrowth",
    "SaturatingGrowth",
    "AbstractHistoryProcess",
    "Recoverable",
    "ConstantRepair",
    "NoRepair",
    "WeibullRepair",
    "SelfConditioning",
    "Mixture",
    "Frailty",
    "Segments",
    "AbstractRepair",
    "Uniform",
    "WithAtom",
    "book",
    "claims",
    "exercises",
    "fit",
    "formula",
    "formulas",
    "mixing",
    "plots",
    "processes",
    "simulate",
    "traces",
]


def __getattr__(name: str) -> object:
    if name in _SUBPACKAGES:
        return import_module(f"{__name__}.{name}")
    if name in __all__:
        for home in _HOMES:
            module = import_module(f"{__name__}.{home}")
            if hasattr(module, name):
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
