"""Beta functions against mpmath over the whole stated range."""

import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.formulas._beta import digamma_difference, log_beta, log_beta_ratio
from tests.formulas.accuracy import DTYPES, accuracy, elementwise_gradient, grid

SIZES = np.array([1e-6, 1e-3, 0.065, 0.3, 1, 2.7, 9.99, 10, 30, 1e4, 1e8])


def exact_ratio(a, b, k):
    g = mpmath.loggamma
    return g(b + k) + g(a + b) - g(b) - g(a + b + k)


def exact_beta(a, b):
    g = mpmath.loggamma
    return g(a) + g(b) - g(a + b)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ratio(dtype):
    points = grid(SIZES, SIZES, np.append(SIZES[::2], [1e12, 1e30]))
    found = accuracy(log_beta_ratio, exact_ratio, *points, dtype=dtype)
    assert found.units < 16, found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("argument", [0, 1, 2])
def test_ratio_gradient(argument, dtype):
    psi = mpmath.digamma
    exact = [
        lambda a, b, k: psi(a + b) - psi(a + b + k),
        lambda a, b, k: psi(b + k) + psi(a + b) - psi(b) - psi(a + b + k),
        lambda a, b, k: psi(b + k) - psi(a + b + k),
    ][argument]
    points = grid(SIZES[::2], SIZES[1::2], SIZES[::3])
    gradient = elementwise_gradient(log_beta_ratio, argument)
    found = accuracy(gradient, exact, *points, dtype=dtype)
    assert found.units < 16, found


def test_ratio_second_derivatives():
    a, b, k = 0.065, 100.0, 1e4
    psi1 = lambda x: float(mpmath.psi(1, x))
    by_a = jax.jit(jax.grad(jax.grad(log_beta_ratio), argnums=(0, 2)))(a, b, k)
    assert by_a[0] == pytest.approx(psi1(a + b) - psi1(a + b + k), rel=1e-12)
    assert by_a[1] == pytest.approx(-psi1(a + b + k), rel=1e-12)
    by_k = jax.jit(jax.grad(jax.grad(log_beta_ratio, argnums=2), argnums=(0, 2)))(a, b, k)
    assert by_k[0] == pytest.approx(-psi1(a + b + k), rel=1e-12)
    assert by_k[1] == pytest.approx(psi1(b + k) - psi1(a + b + k), rel=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
def test_beta(dtype):
    found = accuracy(log_beta, exact_beta, *grid(SIZES, SIZES), dtype=dtype, floor=1.0)
    assert found.units < 16, found


@pytest.mark.parametrize("dtype", DTYPES)
def test_beta_gradient(dtype):
    exact = lambda a, b: mpmath.digamma(a) - mpmath.digamma(a + b)
    points = [x[grid(SIZES, SIZES)[0] != grid(SIZES, SIZES)[1]] for x in grid(SIZES, SIZES)]
    found = accuracy(elementwise_gradient(log_beta), exact, *points, dtype=dtype)
    assert found.units < 64, found


@pytest.mark.parametrize("dtype", DTYPES)
def test_digamma_difference(dtype):
    exact = lambda x, h: mpmath.digamma(x + h) - mpmath.digamma(x)
    found = accuracy(digamma_difference, exact, *grid(SIZES, SIZES), dtype=dtype)
    assert found.units < 16, found


def test_three_gammaln_are_not_enough():
    # What the module replaces: at b = 1e8 nothing is left of ln B(a, b+1) - ln B(a, b).
    plain = lambda a, b: jsp.gammaln(a) + jsp.gammaln(b) - jsp.gammaln(a + b)
    found = accuracy(plain, exact_beta, [0.3], [1e8], dtype=np.float64, floor=1.0)
    assert found.units > 1e6
    ratio = lambda a, b, k: plain(a, b + k) - plain(a, b)
    assert accuracy(ratio, exact_ratio, [0.3], [1e8], [1.0], dtype=np.float64).units > 1e12


def test_table_of_a_beta_mixture():
    # Failure after k attempts for success rates Beta(.3, 5): values known from quadrature.
    k = jnp.array([1.0, 10, 100, 1000, 10_000])
    expected = [0.943396, 0.709069, 0.393134, 0.199461, 0.100093]
    assert jnp.exp(log_beta_ratio(0.3, 5.0, k)).tolist() == pytest.approx(expected, rel=5e-6)


def test_no_attempts_change_nothing():
    assert log_beta_ratio(SIZES, SIZES[::-1], 0.0).tolist() == [0.0] * len(SIZES)


compiled_ratio = jax.jit(log_beta_ratio)
sizes = st.floats(min_value=-6, max_value=8).map(lambda x: 10.0**x)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(a=sizes, b=sizes, k=sizes)
def test_ratio_is_symmetric_and_additive(a, b, k):
    ratio = lambda *x: float(compiled_ratio(*x))
    # It is symmetric in a and k, and two steps make one.
    assert ratio(a, b, k) == pytest.approx(ratio(k, b, a), rel=1e-13)
    assert ratio(a, b, 2 * k) == pytest.approx(ratio(a, b, k) + ratio(a, b + k, k), rel=1e-12)
    assert ratio(a, b, k) < 0


def test_shapes_and_transformations():
    a, b, k = jnp.array([0.3, 2.0]), jnp.array([[5.0], [1e4], [0.1]]), jnp.array(100.0)
    whole = log_beta_ratio(a, b, k)
    assert whole.shape == (3, 2)
    assert jax.jit(log_beta_ratio)(a, b, k) == pytest.approx(np.asarray(whole), rel=1e-14)
    rows = jax.vmap(lambda row: log_beta_ratio(a, row, k))(b)
    assert rows == pytest.approx(np.asarray(whole), rel=1e-14)
