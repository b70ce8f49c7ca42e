"""How far a derived number can go while the likelihood stays near its maximum."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import optimize

# Relative to the drop: by how much a bound may miss the region.
_TOLERANCE = 1e-3


class Bounds(NamedTuple):
    """Lowest and highest value of each number, and the vectors at which they are reached."""

    value: Float[np.ndarray, "numbers 2"]
    vector: Float[np.ndarray, "numbers 2 parameters"]


def likelihood_bounds(
    log_likelihood: Callable[[np.ndarray], tuple[float, np.ndarray]],
    numbers: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    *,
    best: Float[np.ndarray, " parameters"],
    information: Float[np.ndarray, "parameters parameters"],
    drop: float,
    box: list[tuple[float, float]],
) -> Bounds:
    r"""Range of $g(\theta)$ over $\{\theta:\ell(\theta)\ge\ell_{\max}-\text{drop}\}$, for each $g$.

    With half a quantile of $\chi^2_1$ as the drop these are profile-likelihood intervals: the
    least and the largest $g$ over the region are the points where the profile of $g$ has fallen
    by that much.  Each end is a small constrained problem (sequential quadratic programming)
    that starts where a quadratic likelihood would have it.

    Parameters
    ----------
    log_likelihood
        Value and slope.
    numbers
        All $g$ and their slopes, one row per number.
    best
        The maximum, inside the box.
    information
        Negative curvature there.
    drop
        In nats.
    box
        Range of each coordinate; a bound may lie on its edge.
    """
    log_likelihood, numbers = _remembered(log_likelihood), _remembered(numbers)
    top, _ = log_likelihood(best)
    size, inverse = _shape(information, drop, box)
    low, high = np.array(box).T
    at_best, slopes = numbers(best)
    values = np.repeat(at_best[:, None], 2, axis=1)
    vectors = np.tile(best, (len(at_best), 2, 1))

    def room(x):
        value, slope = log_likelihood(best + size * x)
        return (value - top + drop) / drop, slope * size / drop

    limits = list(zip((low - best) / size, (high - best) / size, strict=True))
    for i, slope in enumerate(slopes):
        step = inverse @ slope
        reach = np.sqrt(2 * drop / max(slope @ step, 1e-300)) * step
        spread = max(float(np.sqrt(2 * drop * max(slope @ step, 0.0))), 1e-6)
        for side, sign in enumerate((-1.0, 1.0)):

            def objective(x, i=i, sign=sign, spread=spread):
                value, jacobian = numbers(best + size * x)
                return -sign * value[i] / spread, -sign * jacobian[i] * size / spread

            found = None
            for share in (1.0, 0.3, 0.6, 0.1):
                start = np.clip(best + share * sign * reach, low, high)
                found = _solve(objective, room, (start - best) / size, limits)
                if found is None:
                    continue  # once more, from elsewhere
                vector = np.clip(best + size * found, low, high)
                value = numbers(vector)[0][i]
                if np.isfinite(value) and sign * value > sign * values[i, side]:
                    values[i, side], vectors[i, side] = value, vector
                break
            if found is None:
                values[i, side] = sign * np.inf  # no end was found: rather too wide
    return Bounds(values, vectors)


def _remembered(function):
    """The function, which need not be called again where it was called last."""
    last: dict[bytes, Any] = {}

    def call(x):
        place = np.asarray(x).tobytes()
        if place not in last:
            last.clear()
            last[place] = function(x)
        return last[place]

    return call


def _solve(objective, room, start, limits):
    """The best point in the region, or None if the search ends outside of it."""
    constraint = {"type": "ineq", "fun": lambda x: room(x)[0], "jac": lambda x: room(x)[1]}
    result = optimize.minimize(
        objective,
        start,
        jac=True,
        method="SLSQP",
        bounds=limits,
        constraints=[constraint],
        options={"maxiter": 100, "ftol": 1e-7},
    )
    inside = np.isfinite(result.x).all() and room(result.x)[0] >= -_TOLERANCE
    return result.x if inside else None


def _shape(information, drop, box):
    """Size of the region along each coordinate, and its quadratic shape."""
    width = np.diff(np.array(box), axis=1).ravel()
    information = np.where(np.isfinite(information), information, 0.0)
    values, vectors = np.linalg.eigh((information + information.T) / 2)
    # In a flat direction the region ends with the box.
    flat = 2 * drop / width.max() ** 2
    inverse = (vectors / np.maximum(values, flat)) @ vectors.T
    size = np.minimum(np.sqrt(2 * drop * np.maximum(np.diag(inverse), 1e-300)), width)
    return size, inverse
