"""Uniform errors: check values, and the laws of the geometric distribution."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from simlib.formulas import uniform


def test_check_values():
    # 100 steps at step accuracy .95 and .99.
    assert float(uniform.survival(100, 0.05)) == pytest.approx(0.00592, abs=5e-6)
    assert float(uniform.survival(100, 0.01)) == pytest.approx(0.3660, abs=5e-5)
    # Horizons at one half for step accuracies .9, .99, .999.
    assert uniform.horizon(0.5, np.array([0.1, 0.01, 0.001])).tolist() == pytest.approx(
        [6.58, 68.97, 692.8], rel=1e-3
    )


def test_against_the_geometric_distribution():
    e, n = 0.03, np.arange(0, 200)
    law = stats.geom(e, loc=-1)  # number of correct tokens before the first error
    assert uniform.survival(n, e) == pytest.approx(law.sf(n - 1), rel=1e-12)
    assert float(uniform.mean_run_length(e)) == pytest.approx(law.mean(), rel=1e-12)


def test_horizon_inverts_survival():
    e = jnp.geomspace(1e-9, 0.5, 10)
    r = 0.8
    assert uniform.survival(uniform.horizon(r, e), e) == pytest.approx(r, rel=1e-12)


def test_pass_probability_at_both_extremes():
    # Hopeless attempts: k S(n). Nearly sure ones: one minus a tiny failure.
    hopeless = uniform.pass_probability(2000.0, 5.0, 0.05)
    assert float(hopeless) == pytest.approx(5 * 0.95**2000, rel=1e-10)
    sure = float(uniform.pass_probability(1.0, 3.0, 1e-4))
    assert 1 - sure == pytest.approx(1e-12, rel=1e-3)
    assert float(uniform.pass_probability(100, 1, 0.01)) == pytest.approx(0.99**100)
