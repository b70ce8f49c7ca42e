"""Fast draws from any mixing distribution, by numerical inversion."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped
from scipy.interpolate import CubicHermiteSpline

from .._checks import is_concrete
from .._random_words import random_words
from .._types import Numbers
from ._base import AbstractMixing

# The table resolves tail probabilities down to 2^-49 (2^-25 for words of 32 bits), each octave of
# them with this many cubic pieces. A power of two: some bits of a random word name the piece.
_OCTAVES, _PIECE_BITS = {64: 48, 32: 24}, 5
_PIECES = 2**_PIECE_BITS
# Panels and Gauss-Legendre nodes of each with which the density is integrated.
_PANELS, _NODES = 8192, 5
# A tail is followed until the logarithm of its density, in units of the spread, is below this.
_NEGLIGIBLE = -56.0


class Tabulated(AbstractMixing):
    r"""A mixing distribution whose draws come from a table of its quantile function.

    The same distribution as `base`, and the same formulas. Only draws differ: one random word is
    looked up in the quantile function of $Y=\ln X$, kept as cubic pieces: 32 for every halving of
    the probability of either tail. That costs the same for every family, a tenth of an exact
    gamma or beta draw. The probability below a draw is right to a relative $10^{-7}$, which
    no simulation of less than $10^{14}$ units could notice; tails are resolved to $2^{-49}$ (in
    single precision $2^{-25}$), and what lies beyond is moved there.

    Parameters
    ----------
    base
        The distribution, of a single unit's rate and with concrete parameters. An atom belongs
        around the table: `WithAtom(Tabulated(base), atom)`.

    Raises
    ------
    ValueError
        If `base` has arrays of parameters or an atom, or its density cannot be integrated.
    TypeError
        If parameters of `base` are traced (inside `jit`, `vmap` or `grad`).

    Source: Hörmann and Leydold (2003), ACM Trans. Model. Comput. Simul. 13, 347, for inversion by
    Hermite interpolation with a bounded error in probability.

    Examples
    --------
    >>> from simlib.mixing import Gamma
    >>> fast = Tabulated(Gamma(mean=0.01, variance=2e-4))
    >>> fast.sample((3,), key=jax.random.key(0)).shape
    (3,)
    """

    name: ClassVar[str] = "tabulated"

    base: AbstractMixing
    table: Float[Array, "coefficients pieces"]

    def __init__(self, base: AbstractMixing):
        leaves = jax.tree.leaves(base)
        if not all(map(is_concrete, leaves)):
            raise TypeError(
                "the parameters of base must be concrete numbers to be tabulated, got traced "
                "ones; make the table outside jit, vmap and grad."
            )
        if base.batch_shape != ():
            raise ValueError(
                f"base must be a single distribution, got parameters of shape {base.batch_shape}; "
                "tabulate each on its own."
            )
        bits = jnp.finfo(base.dtype).bits
        self.base = base
        self.table = jnp.asarray(_table(base, _OCTAVES[bits]), base.dtype)

    def sample_log_hazard(
        self, shape: tuple[int, ...], *, key: PRNGKeyArray
    ) -> Float[Array, "..."]:
        bits = jnp.finfo(self.dtype).bits
        kind, signed = (jnp.uint64, jnp.int64) if bits == 64 else (jnp.uint32, jnp.int32)
        word = random_words(key, shape, jnp.dtype(kind))
        constant = word.dtype.type
        # The first bit names the tail; leading zeros count how often its probability halved; the
        # next bits name the piece, and the rest is the place in it.
        tail, rest = word >> constant(bits - 1), word << constant(1)
        octave = jnp.minimum(jax.lax.clz(rest), constant(_OCTAVES[bits] - 1))
        below_leading_one = (rest << octave) << constant(1)
        piece = below_leading_one >> constant(bits - _PIECE_BITS)
        place = (below_leading_one << constant(_PIECE_BITS)) >> constant(1)
        w = place.astype(signed).astype(self.dtype) * self.dtype.type(0.5 ** (bits - 1))
        row = (tail * constant(_OCTAVES[bits]) + octave) * constant(_PIECES) + piece
        row = row.astype(jnp.int32)
        value = jnp.zeros(shape, self.dtype)
        for coefficient in self.table:
            value = value * w + coefficient.at[row].get(mode="promise_in_bounds")
        return value

    # -- everything else is that of the base ----------------------------------------------

    @property
    def tail_exponent(self) -> Float[Array, "..."]:
        return self.base.tail_exponent

    def log_density_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        return self.base.log_density_log_hazard(log_hazard)

    def log_cdf_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        return self.base.log_cdf_log_hazard(log_hazard)

    def log_laplace(self, s: Numbers) -> Float[Array, "..."]:
        return self.base.log_laplace(s)

    def log_moment(self, successes: Numbers, failures: Numbers) -> Float[Array, "..."]:
        return self.base.log_moment(successes, failures)

    def log_all_fail(self, n: Numbers, attempts: Numbers) -> Float[Array, "..."]:
        return self.base.log_all_fail(n, attempts)

    def mean_odds_against(self) -> Float[Array, "..."]:
        return self.base.mean_odds_against()

    def expect(self, function) -> Float[Array, "..."]:
        return self.base.expect(function)

    @property
    def dtype(self) -> jnp.dtype:
        return self.base.dtype

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return ()


def _table(base: AbstractMixing, octaves: int) -> Float[np.ndarray, "4 pieces"]:
    """Coefficients of the cubic pieces, the highest power first."""
    edges, density, below, above = _integrated(base)
    # Of the smaller half of the probability: r / 2 lies beyond a draw, 2^-(h+1) <= r < 2^-h.
    w = np.arange(_PIECES + 1) / _PIECES
    r = 0.5 ** (np.arange(octaves)[:, None] + 1) * (1 + w)
    pieces = []
    for beyond, sign in ((below, 1.0), (above, -1.0)):
        known = (beyond > np.exp(2 * _NEGLIGIBLE)) & (density > 0)
        x, y = np.log(beyond[known]), edges[known]
        slope = sign * beyond[known] / density[known]
        order = np.argsort(x)
        x, y, slope = x[order], y[order], slope[order]
        distinct = np.concatenate([[True], np.diff(x) > 0])
        quantile = CubicHermiteSpline(x[distinct], y[distinct], slope[distinct])
        at = np.log(r / 2).clip(x[0], x[-1])
        value = quantile(at)
        # dy/dw of a piece of width 1 / _PIECES
        rate = quantile(at, 1) / (1 + w) / _PIECES
        left, right, start, end = value[:, :-1], value[:, 1:], rate[:, :-1], rate[:, 1:]
        rise = right - left
        pieces.append(np.stack([start + end - 2 * rise, 3 * rise - 2 * start - end, start, left]))
    return np.concatenate([x.reshape(4, -1) for x in pieces], axis=1)


def _integrated(base: AbstractMixing):
    """Edges of panels that cover the bulk and both tails; density, P(Y <= y), P(Y > y) there."""
    with jax.enable_x64(True):
        exact = jax.tree.map(lambda x: jnp.asarray(x, float), base)
        low, middle, high = np.asarray(exact.log_hazard_quantile(jnp.asarray([0.1, 0.5, 0.9])))
        if not np.isfinite([low, middle, high]).all():
            raise ValueError(
                f"base must have no atom to be tabulated, got {base.name}; put it around the "
                "table: WithAtom(Tabulated(...), atom)."
            )
        spread = max(high - low, 1e-9 * max(abs(middle), 1.0))
        away = np.arcsinh(2.0 ** np.arange(16))
        ends = []
        for side in (-1.0, 1.0):
            y = jnp.asarray(middle + side * spread * np.sinh(away))
            seen = np.asarray(_log_density(exact, y)) + np.log(spread)
            ends.append(side * away[np.argmax(seen < _NEGLIGIBLE) if (seen < _NEGLIGIBLE).any()
                                    else -1])  # fmt: skip
        edges = middle + spread * np.sinh(np.linspace(ends[0], ends[1], _PANELS + 1))
        # Once more with panels of equal steps in the logit of P(Y <= y): whatever the shape, both
        # tails and every bend of the density are then resolved.
        _, below, above = _cumulated(exact, edges)
        inside = (below > 0) & (above > 0)
        logit = np.log(below[inside]) - np.log(above[inside])
        steps = np.linspace(max(logit[0], _NEGLIGIBLE), min(logit[-1], -_NEGLIGIBLE), _PANELS + 1)
        edges = np.unique(np.interp(steps, logit, edges[inside]))
        density, below, above = _cumulated(exact, edges)
    total = below[-1]
    if not abs(total - 1) < 1e-7:
        raise ValueError(
            f"the density of base integrates to {total:.9g}: it cannot be tabulated; "
            "draw from it as it is."
        )
    return edges, density, below / total, above / total


def _cumulated(mixing: AbstractMixing, edges: Float[np.ndarray, "edges"]):
    """The density at the edges, and the probability below and above each."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = np.diff(edges)[:, None] / 2
    inner = edges[:-1, None] + half * (1 + nodes)
    # Padded to one size, so that the density is compiled once.
    at = np.full((_NODES + 1) * _PANELS + 1, edges[0])
    at[: inner.size], at[-edges.size :] = inner.ravel(), edges
    value = np.exp(np.asarray(_log_density(mixing, jnp.asarray(at))))
    mass = (value[: inner.size].reshape(inner.shape) * weights * half).sum(1)
    below = np.concatenate([[0.0], np.cumsum(mass)])
    above = np.concatenate([np.cumsum(mass[::-1])[::-1], [0.0]])
    return value[-edges.size :], below, above


@eqx.filter_jit
def _log_density(mixing: AbstractMixing, y: Float[Array, "points"]) -> Float[Array, "points"]:
    return mixing.log_density_log_hazard(y)
