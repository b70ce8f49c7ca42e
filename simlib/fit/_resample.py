"""Bootstrap over independent units, through weights."""

import jax
import numpy as np
from jaxtyping import Array, Float, Key


def bootstrap_weights(
    units: int, resamples: int, *, key: Key[Array, ""]
) -> Float[np.ndarray, "resamples units"]:
    """Share of each unit in each bootstrap sample; every row sums to 1.

    A statistic of means is then a function of `weights @ values`: all samples in one product.

    Source: Efron and Tibshirani (1993), *An Introduction to the Bootstrap*.
    """
    drawn = np.asarray(jax.random.randint(key, (resamples, units), 0, units))
    flat = drawn + units * np.arange(resamples)[:, None]
    counts = np.bincount(flat.ravel(), minlength=resamples * units)
    return counts.reshape(resamples, units) / units


def check_resamples(resamples: int, level: float) -> None:
    """Raise `ValueError` unless at least 5 samples lie beyond either end of an interval."""
    if resamples * (1.0 - level) / 2.0 < 5.0 - 1e-6:  # levels are rounded decimals
        needed = int(np.ceil(10.0 / (1.0 - level)))
        raise ValueError(
            f"resamples = {resamples} put fewer than 5 samples beyond each end of an interval at "
            f"level {level:g}; use at least {needed}."
        )
