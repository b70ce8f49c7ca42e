"""Weakly informative priors of the parameters that posteriors are computed for.

Each parameter has a line on which it is unbounded, and a distribution there. Lengths are in steps,
rates are per step: what a step is, is up to the data.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import special, stats


@dataclass(frozen=True, eq=False)
class Coordinate:
    """One parameter: its name, its value at a place of its line, and the prior on the line.

    `prior` is a frozen distribution of `scipy.stats`, or anything with its `logpdf`, `mean` and
    `std`.
    """

    name: str
    value: Callable[[Any], Any]
    prior: Any


def _plateau(x):
    return np.exp(-np.exp(x))


_RATE = stats.norm(special.logit(0.01), 4.0)
_LENGTH = stats.norm(np.log(100.0), 4.0)
_EXPONENT = Coordinate("exponent", np.exp, stats.norm(0.0, 0.7))
# Logarithms of exponentially distributed variables.
_VARIANCE = Coordinate("frailty_variance", np.exp, stats.gumbel_l(np.log(2.0)))
_FEEDBACK = Coordinate("feedback", np.exp, stats.gumbel_l(0.0))
_ERROR = Coordinate("error_rate", special.expit, _RATE)
_SCALE = Coordinate("scale", np.exp, _LENGTH)
_BREAK = Coordinate("break_rate", special.expit, _RATE)
_REPAIR = Coordinate("repair_rate", special.expit, stats.norm(0.0, 2.0))


def _uniform(line, scale):
    # ln(-ln(1 - e)) where line is the logit of e
    return jnp.stack([jnp.log(jax.nn.softplus(line[0])) + jnp.log(scale)])


def _power(line, scale):
    return jnp.stack([(jnp.log(scale) - line[1]) * jnp.exp(line[0]), line[0]])


def _frail_power(line, scale):
    return jnp.stack([(jnp.log(scale) - line[2]) * jnp.exp(line[0]), line[0], jnp.exp(line[1])])


def _saturating(line, scale):
    ends = scale * jnp.exp(-line[1])
    return jnp.stack([line[0] + jnp.log(ends), ends])


def _heavy_tailed(line, scale):
    return jnp.stack([line[0] + jnp.log(scale), jnp.exp(line[1])])


@dataclass(frozen=True, eq=False)
class Believed:
    """The parameters of a family, and its vector at a place of their lines."""

    coordinates: tuple[Coordinate, ...]
    vector: Callable[[Float[Array, " p"], Array], Float[Array, " p"]]


#: By name of a family of `PROCESS_FAMILIES`.
PROCESS_PRIORS: dict[str, Believed] = {
    "uniform": Believed((_ERROR,), _uniform),
    "power": Believed((_EXPONENT, _SCALE), _power),
    "logarithmic": Believed(
        (Coordinate("power", np.exp, stats.norm(np.log(0.5), 1.5)),), lambda line, scale: line
    ),
    "saturating": Believed(
        (Coordinate("plateau", _plateau, stats.norm(0.0, 2.0)), _SCALE), _saturating
    ),
    "heavy_tailed": Believed(
        (Coordinate("mean_hazard", np.exp, stats.norm(np.log(0.01), 4.0)), _VARIANCE),
        _heavy_tailed,
    ),
    "log_logistic": Believed((_EXPONENT, Coordinate("half_life", np.exp, _LENGTH)), _power),
    "frail_power": Believed((_EXPONENT, _VARIANCE, _SCALE), _frail_power),
}

#: By name of a family of `HISTORY_FAMILIES`.
HISTORY_PRIORS: dict[str, tuple[Coordinate, ...]] = {
    "uniform": (_ERROR,),
    "self-conditioning, count": (_ERROR, _FEEDBACK),
    "self-conditioning, share": (_ERROR, _FEEDBACK),
    "recovery": (_BREAK, _REPAIR),
    "semi-Markov recovery": (
        _BREAK, _REPAIR, Coordinate("shape", np.exp, stats.norm(0.0, 0.7)),
    ),
}  # fmt: skip


def with_priors(
    coordinates: tuple[Coordinate, ...], prior: Mapping[str, Any] | None
) -> tuple[Coordinate, ...]:
    """The coordinates, with the priors that were given in place of the default ones.

    Raises
    ------
    ValueError
        If a name is not that of a parameter, or a prior is no distribution with finite moments.
    """
    given = dict(prior or {})
    names = [c.name for c in coordinates]
    for name, chosen in given.items():
        if name not in names:
            raise ValueError(f"prior must name parameters of {', '.join(names)}, got {name!r}.")
        moments = [getattr(chosen, part, lambda: np.nan)() for part in ("mean", "std")]
        if not (hasattr(chosen, "logpdf") and np.isfinite(moments).all() and moments[1] > 0):
            raise ValueError(
                f"prior of {name} must be a frozen distribution with finite mean and standard "
                f"deviation, such as scipy.stats.norm(0, 1), got {chosen!r}."
            )
    return tuple(Coordinate(c.name, c.value, given.get(c.name, c.prior)) for c in coordinates)
