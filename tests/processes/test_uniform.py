"""Uniform errors: one rate, one law, everything in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib.formulas import uniform as formulas
from simlib.processes import AbstractErrorProcess, KeyTokens, LinearShare, Uniform

process = Uniform(0.01)


def test_check_values():
    assert float(process.survival(100)) == pytest.approx(0.3660, abs=5e-5)
    assert [float(Uniform(e).horizon(0.5)) for e in (0.1, 0.01, 0.001)] == pytest.approx(
        [6.58, 68.97, 692.8], rel=1e-3
    )


def test_the_process_is_the_formulas():
    n, r = jnp.geomspace(1, 1e5, 9), jnp.array([0.1, 0.5, 0.9])
    assert process.survival(n) == pytest.approx(np.asarray(formulas.survival(n, 0.01)), rel=1e-14)
    assert process.horizon(r) == pytest.approx(np.asarray(formulas.horizon(r, 0.01)), rel=1e-14)
    exact = formulas.pass_probability(n, 7, 0.01)
    assert process.pass_probability(n, 7) == pytest.approx(np.asarray(exact), rel=1e-12)


def test_hazard_is_constant_and_memory_absent():
    assert process.hazard(jnp.arange(1, 50)) == pytest.approx(0.01, rel=1e-11)
    n, m = 130.0, 17.0
    both = float(process.survival(n + m))
    assert both == pytest.approx(float(process.survival(n) * process.survival(m)), rel=1e-14)


def test_all_tokens_key_is_uniform():
    n = jnp.geomspace(1, 1e4, 9)
    same = KeyTokens(0.01, LinearShare(1.0))
    assert same.log_survival(n) == pytest.approx(np.asarray(process.log_survival(n)), rel=1e-14)


def test_closed_forms_override_the_general_ones():
    general = AbstractErrorProcess
    assert float(general.mean_run_length(process)) == pytest.approx(99, rel=1e-13)
    level = jnp.array([0.1, 3.0])
    assert general.inverse_cumulative_hazard(process, level) == pytest.approx(
        np.asarray(process.inverse_cumulative_hazard(level)), rel=1e-13
    )


def test_gradients_with_respect_to_the_rate():
    slope = jax.grad(lambda e: Uniform(e).horizon(0.5))(0.01)
    assert float(slope) == pytest.approx(np.log(0.5) / 0.99 / np.log(0.99) ** 2)
