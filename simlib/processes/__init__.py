"""Error processes: when does the first error happen?"""

from ._base import AbstractErrorProcess as AbstractErrorProcess
from ._frailty import Frailty as Frailty
from ._growth import AbstractGrowth as AbstractGrowth
from ._growth import LinearShare as LinearShare
from ._growth import LogarithmicGrowth as LogarithmicGrowth
from ._growth import PowerGrowth as PowerGrowth
from ._growth import SaturatingGrowth as SaturatingGrowth
from ._heavy_tailed import HeavyTailed as HeavyTailed
from ._history import AbstractHistoryProcess as AbstractHistoryProcess
from ._key_tokens import KeyTokens as KeyTokens
from ._mixture import Mixture as Mixture
from ._non_key import AbstractNonKeyErrors as AbstractNonKeyErrors
from ._non_key import ConstantRate as ConstantRate
from ._non_key import DecayingRate as DecayingRate
from ._non_key import NoErrors as NoErrors
from ._positional import PositionalHazard as PositionalHazard
from ._recovery import Recoverable as Recoverable
from ._repair import AbstractRepair as AbstractRepair
from ._repair import ConstantRepair as ConstantRepair
from ._repair import NoRepair as NoRepair
from ._repair import WeibullRepair as WeibullRepair
from ._segments import Segments as Segments
from ._self_conditioning import SelfConditioning as SelfConditioning
from ._uniform import Uniform as Uniform
