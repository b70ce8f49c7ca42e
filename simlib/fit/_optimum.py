"""Maxima of a likelihood: from several starts, and again for data sets like the first."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import optimize

_OUTSIDE = 1e10

# log-likelihood of every item, from the data and an unconstrained vector
LogLikelihood = Callable[[Any, Float[Array, "parameters"]], Float[Array, "items"]]


class Optimum(NamedTuple):
    """The best of several runs, with what tells whether to believe it.

    `vector` is its place on the unconstrained scale; `information` the negative second
    derivative of the whole log-likelihood there; `slope` the largest first derivative per item;
    `agreeing` counts those of the `starts` that ended within 1e-4 nats of the best.
    """

    vector: Float[np.ndarray, "parameters"]
    information: Float[np.ndarray, "parameters parameters"]
    slope: float
    items: int
    starts: int
    agreeing: int


def maximise(
    log_likelihood: LogLikelihood,
    data: Any,
    weight: Float[Array, "items"],
    starts: list[list[float]],
    bounds: list[tuple[float, float]] | None = None,
    rounding: float = 1.0,
) -> Optimum:
    """Maximise the weighted log-likelihood from every start; keep the best.

    BFGS with gradients from JAX, inside `bounds` if they are given; there the maximum may lie on
    an edge, and `slope` is that along the directions that remain. `rounding` is the relative error
    of the likelihood, in units of that of a float.

    Raises
    ------
    RuntimeError
        If no start has a finite likelihood, or the slope at the best end does not vanish.
    """
    total = float(jnp.sum(weight))
    runs = [_minimise(log_likelihood, np.asarray(start), data, weight, bounds) for start in starts]
    runs = [run for run in runs if np.isfinite(run.fun) and run.fun < _OUTSIDE]
    if not runs:
        raise RuntimeError(
            f"no finite likelihood from any of {len(starts)} starts; look for values that the "
            "family cannot produce."
        )
    best = min(runs, key=lambda run: run.fun)
    slope = float(np.abs(_inward(best.x, best.jac, bounds)).max())
    if not slope < _slope_tolerance(rounding):
        raise RuntimeError(
            f"no maximum of the likelihood found from {len(starts)} starts: at the best end the "
            f"slope per item is still {slope:.1g}; choose a family with fewer parameters, or "
            "enable double precision."
        )
    return Optimum(
        vector=best.x,
        information=_curvature(log_likelihood, _inside(best.x, bounds), data, weight) * total,
        slope=slope,
        items=round(total),
        starts=len(starts),
        agreeing=sum((run.fun - best.fun) * total < 1e-4 for run in runs),
    )


def refit(
    log_likelihood: LogLikelihood,
    near: Optimum,
    data: Sequence[Any],
    weight: Float[np.ndarray, "replicates items"],
) -> tuple[Float[np.ndarray, "replicates parameters"], int]:
    """Maxima for many data sets or weightings like the one whose maximum is known.

    Each starts at `near`, with its curvature as the first guess. The second value counts the
    replicates that did not converge.
    """
    scale = near.information / max(near.items, 1)
    values, vectors = np.linalg.eigh(scale)
    # A flat direction starts with a moderate step.
    guess = (vectors / np.maximum(values, 1e-2 * values.max())) @ vectors.T
    guess = (guess + guess.T) / 2
    runs = [
        _minimise(log_likelihood, near.vector, replicate, each, None, hess_inv0=guess)
        for replicate, each in zip(data, weight, strict=True)
    ]
    failed = sum(not np.abs(run.jac).max() < _slope_tolerance() for run in runs)
    return np.stack([run.x for run in runs]), failed


def evaluate(
    log_likelihood: LogLikelihood, vector: Any, data: Any, weight: Any
) -> tuple[float, Float[np.ndarray, "items"], Float[np.ndarray, "parameters"]]:
    """Weighted mean of the log-likelihood, its entry per item, and the slope of the mean."""
    (loss, each), slope = _loss_and_slope(log_likelihood, jnp.asarray(vector), data, weight)
    return -float(loss), np.asarray(each), -np.asarray(slope, dtype=float)


def _minimise(log_likelihood, start, data, weight, bounds, **options):
    data, weight = jax.device_put((data, weight))

    def objective(vector):
        (loss, _), slope = _loss_and_slope(log_likelihood, jnp.asarray(vector), data, weight)
        if not np.isfinite(loss):
            # A line search that leaves the representable range is sent back.
            return _OUTSIDE, np.zeros_like(vector)
        return float(loss), np.asarray(slope, dtype=float)

    options |= {"gtol": _slope_tolerance() / 10}
    if bounds is None:
        return optimize.minimize(objective, start, jac=True, method="BFGS", options=options)
    options |= {"ftol": 0.0}
    return optimize.minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )


def _inside(vector, bounds):
    """The vector, off the edges of its box by what differences of slopes need."""
    if bounds is None:
        return vector
    low, high = np.array(bounds).T
    margin = np.minimum(2 * _step(), (high - low) / 2)
    return np.clip(vector, low + margin, high - margin)


def _step() -> float:
    return float(jnp.finfo(jnp.result_type(float)).eps) ** (1 / 3)


def _inward(vector, slope, bounds):
    """The slope of what is minimised, without what points out of the box."""
    if bounds is None:
        return slope
    low, high = np.array(bounds).T
    held = ((vector <= low) & (slope > 0)) | ((vector >= high) & (slope < 0))
    return np.where(held, 0.0, slope)


def _curvature(log_likelihood, vector, data, weight) -> Float[np.ndarray, "p p"]:
    # Central differences of exact slopes: nine digits in double precision, without the seconds
    # that the compilation of second derivatives takes.
    step = _step()
    shifts = step * np.eye(len(vector))
    high, low = (
        np.array([evaluate(log_likelihood, vector + s, data, weight)[2] for s in signed])
        for signed in (shifts, -shifts)
    )
    curvature = (low - high) / (2 * step)
    return (curvature + curvature.T) / 2


def _slope_tolerance(rounding: float = 1.0) -> float:
    """Largest slope per item, on the unconstrained scale, that counts as a maximum."""
    # Nearer to the maximum the likelihood changes by less than its own rounding.
    return max(1e-5, 4 * (rounding * float(jnp.finfo(jnp.result_type(float)).eps)) ** 0.5)


def _loss(log_likelihood, vector, data, weight):
    # A weight of 0 takes an item out, whatever its likelihood.
    each = log_likelihood(data, vector)
    return -jnp.sum(jnp.where(weight > 0, each, 0.0) * weight) / jnp.sum(weight), each


_loss_and_slope = jax.jit(jax.value_and_grad(_loss, argnums=1, has_aux=True), static_argnums=0)
