"""Estimates from independent, unbiased repetitions of a whole simulation."""

import jax.numpy as jnp
import numpy as np

from .._estimate import Estimate

# With a larger relative error a few of the repeats carry the mean, and the interval is no guide.
_TOO_UNCERTAIN = 1 / 3


def from_repeats(
    values: np.ndarray, *, level: float, n: int, method: str, population: bool = False
) -> Estimate:
    """A probability from repetitions along the first axis, with Student's interval.

    Each repetition is a mean of many draws, so nearly normal, and their spread needs no theory
    of what happens within one. Of populations that were drawn anew the result is refused where
    the spread shows that this does not hold.
    """
    if not np.isfinite(values).all():
        raise ValueError("some simulated probabilities are not numbers; check the parameters.")
    mean = Estimate.from_sample(values, level=level)
    if population and not np.all(mean.stderr <= _TOO_UNCERTAIN * mean.value):
        raise RuntimeError(
            f"the repeats scatter too much to be averaged (standard error {float(mean.stderr):.2g} "
            f"of {float(mean.value):.2g}): few or none of the particles stand for the event; raise "
            "particles, or ask for a less extreme event."
        )
    return Estimate(
        mean.value,
        mean.stderr,
        # A probability: the interval may overshoot, the estimate itself by its error too.
        jnp.minimum(jnp.maximum(mean.lower, 0.0), mean.value),
        jnp.maximum(jnp.minimum(mean.upper, 1.0), mean.value),
        level=level,
        n=n,
        method=method,
    )


def check_count(name: str, value: int | float, least: int) -> int:
    """A whole number of at least `least`, or an error that names it."""
    if isinstance(value, bool) or not value >= least or value != value // 1:
        raise ValueError(f"{name} must be a whole number >= {least}, got {value!r}.")
    return int(value)
