"""Error processes: when does the first error happen?"""

from ._base import AbstractErrorProcess as AbstractErrorProcess
from ._uniform import Uniform as Uniform
