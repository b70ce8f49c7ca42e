"""The vectorised gamma sampler against the gamma distribution function."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from simlib.mixing._log_gamma import log_gamma
from tests.statistics import assert_agrees

KEY = jax.random.key(2)
PROBABILITIES = np.array([1e-3, 0.05, 0.3, 0.5, 0.7, 0.95, 0.999])


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("a", [0.05, 0.3, 1.0, 2.5, 100.0])
def test_distribution(a, dtype):
    n = 200_000
    draws = np.asarray(log_gamma(KEY, jnp.asarray(a, dtype), (n,)))
    assert draws.dtype == dtype
    counts = (draws[:, None] <= np.log(stats.gamma.ppf(PROBABILITIES, a))).sum(0)
    assert_agrees(
        counts,
        PROBABILITIES,
        n=n,
        wrong={
            "has a concentration 3 % too large": stats.gamma.cdf(
                stats.gamma.ppf(PROBABILITIES, a), 1.03 * a
            ),
            "forgets the boost below 1": stats.gamma.cdf(
                stats.gamma.ppf(PROBABILITIES, a), a + 1 if a < 1 else 1.03 * a
            ),
        },
    )


def test_tiny_concentration_does_not_underflow():
    # G itself is 0 in every floating format for most draws; its logarithm is Exp(1) / a.
    a, n = 1e-4, 100_000
    draws = -a * np.asarray(log_gamma(KEY, jnp.asarray(a), (n,)))
    assert np.isfinite(draws).all()
    at = np.array([0.1, 1.0, 5.0])
    assert_agrees(
        (draws[:, None] > at).sum(0), np.exp(-at), n=n, wrong={"is half": np.exp(-2 * at)}
    )


def test_concentrations_of_any_shape_and_compiled_code():
    a = jnp.array([[0.5], [3.0]])
    draws = jax.jit(lambda key, a: log_gamma(key, a, (2, 1000)))(KEY, a)
    assert draws.shape == (2, 1000)
    np.testing.assert_allclose(draws, log_gamma(KEY, a, (2, 1000)), rtol=1e-12)
    mean = np.exp(np.asarray(draws, np.float64)).mean(1)
    assert_agrees(mean, a[:, 0], stderr=np.sqrt(a[:, 0] / 1000), wrong={"is swapped": a[::-1, 0]})
