"""Formulas: derived with SymPy, compiled to JAX from the same expression.

Topic modules (`uniform`, ...) hold the results of one chapter each.
"""

from . import choose as choose
from . import coverage as coverage
from . import heavy_tailed as heavy_tailed
from . import horizons as horizons
from . import key_tokens as key_tokens
from . import measuring as measuring
from . import monte_carlo as monte_carlo
from . import pass_at_k as pass_at_k
from . import pivotal_tokens as pivotal_tokens
from . import power_laws as power_laws
from . import real_tokens as real_tokens
from . import recovery as recovery
from . import scale as scale
from . import self_conditioning as self_conditioning
from . import survival as survival
from . import uniform as uniform
from . import which_process as which_process
from ._formula import REGISTRY as REGISTRY
from ._formula import Formula as Formula
from ._formula import formula as formula
from ._functions import expm1 as expm1
from ._functions import exprel as exprel
from ._functions import log1mexp as log1mexp
from ._functions import log1p as log1p
from ._functions import log1pmx as log1pmx
from ._functions import log_beta as log_beta
from ._functions import log_beta_ratio as log_beta_ratio
from ._functions import to_elementary as to_elementary
from ._proof import Proof as Proof
from ._proof import prove_equal as prove_equal
from ._symbols import QUANTITIES as QUANTITIES
from ._symbols import Quantity as Quantity
from ._symbols import describe as describe
from ._symbols import error_rate as error_rate
from ._symbols import k as k
from ._symbols import n as n
from ._symbols import quantity as quantity
from ._symbols import reliability as reliability
from ._symbols import success_rate as success_rate
from ._to_jax import UnsupportedExpressionError as UnsupportedExpressionError
from ._to_jax import to_jax as to_jax
