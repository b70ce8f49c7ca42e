"""Every promise of the contract is broken once, and its test must notice."""

import jax
import jax.numpy as jnp
import pytest

from simlib import processes
from tests.processes import test_contract
from tests.processes.registry import CASES, Case


class _Wrong(processes.Uniform):
    """Uniform errors with one mistake each, in what the names of its subclasses say."""


class _Start(_Wrong):
    def log_survival(self, n):
        return super().log_survival(n) - 1e-12


class _Rising(_Wrong):
    def log_survival(self, n):
        return super().log_survival(n) + 0.02 * (n > 6)


class _Hazard(_Wrong):
    def hazard(self, n):
        return super().hazard(n) * (1 + 1e-9)


class _Horizon(_Wrong):
    def inverse_cumulative_hazard(self, level):
        return super().inverse_cumulative_hazard(level) * (1 + 1e-9)


class _Mean(_Wrong):
    def mean_run_length(self, limit=jnp.inf):
        return super().mean_run_length(limit) + 1e-9


class _Slope(_Wrong):
    def log_log_slope(self, n):
        return super().log_log_slope(n) * (1 + 1e-5)


class _Gradient(_Wrong):
    def log_survival(self, n):
        frozen = jax.lax.stop_gradient(self.error_rate)
        return super().log_survival(n) * (1 - self.error_rate) / (1 - frozen)


class _Compiled(_Wrong):
    def log_survival(self, n):
        traced = isinstance(n, jax.core.Tracer)
        return super().log_survival(n) * (1 + 1e-9 * traced)


class _Precision(_Wrong):
    def log_survival(self, n):
        return super().log_survival(jnp.asarray(n, float))


class _Attempts(_Wrong):
    def log_all_fail(self, n, attempts):
        return super().log_all_fail(n, attempts) * (1 + 1e-6)


class _NotZero(_Wrong):
    def log_survival(self, n):
        return jnp.where(n > 0, super().log_survival(n), 0.0)


WRONG = {
    _Start: test_contract.test_starts_at_one,
    _Rising: test_contract.test_never_rises_and_stays_a_probability,
    _Hazard: test_contract.test_hazards_multiply_to_survival,
    _Horizon: test_contract.test_horizon_inverts_survival,
    _Mean: test_contract.test_restricted_mean_is_the_sum_of_survival,
    _Slope: test_contract.test_derivative_along_the_length,
    _NotZero: test_contract.test_derivative_along_the_length,
    _Gradient: test_contract.test_gradient_is_the_finite_difference_and_vmap_a_loop,
    _Compiled: test_contract.test_compilation_changes_nothing,
    _Precision: test_contract.test_results_have_the_precision_of_the_arguments,
    _Attempts: test_contract.test_pass_probability_rises_with_attempts,
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda kind: kind.__name__)
def test_a_mistake_would_be_seen(wrong, monkeypatch):
    monkeypatch.setitem(CASES, wrong.__name__, Case(wrong, (0.01,)))
    with pytest.raises(AssertionError):
        WRONG[wrong](wrong.__name__)
