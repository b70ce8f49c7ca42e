"""Special functions against mpmath; each bound is the one the docstring states."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from simlib.formulas import _special
from tests.formulas.accuracy import DTYPES, accuracy, elementwise_gradient

positive = np.geomspace(1e-30, 60, 150)
signed = np.concatenate([-np.geomspace(1e-12, 80, 70), np.geomspace(1e-12, 80, 70)])
above_minus_one = np.concatenate(
    [-(1 - np.geomspace(1e-6, 1, 60)), -np.geomspace(1e-10, 0.9, 80), np.geomspace(1e-10, 1e6, 80)]
)
above_minus_one = above_minus_one[above_minus_one != 0]
unit = np.concatenate([np.geomspace(1e-30, 0.5, 100), 1 - np.geomspace(1e-6, 0.5, 60)])

CASES = {
    "log1p": (_special.log1p, mpmath.log1p, above_minus_one, 0.0, 4),
    "expm1": (_special.expm1, mpmath.expm1, signed, 0.0, 4),
    "log1mexp": (_special.log1mexp, lambda x: mpmath.log(-mpmath.expm1(-x)), positive, 0.0, 8),
    "exprel": (_special.exprel, lambda x: mpmath.expm1(x) / x, signed, 0.0, 8),
    "log1pmx": (_special.log1pmx, lambda x: mpmath.log1p(x) - x, above_minus_one, 0.0, 8),
    "logit": (_special.logit, lambda p: mpmath.log(p) - mpmath.log1p(-p), unit, 1.0, 4),
    "log_expit": (_special.log_expit, lambda x: -mpmath.log1p(mpmath.exp(-x)), signed, 0.0, 8),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_error_bound(name, dtype):
    function, exact, points, floor, bound = CASES[name]
    found = accuracy(function, exact, points, dtype=dtype, floor=floor)
    assert found.units < bound, found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_gradient(name, dtype):
    function, exact, points, _, _ = CASES[name]
    points = points[np.abs(points) > 1e-10]
    found = accuracy(
        elementwise_gradient(function), lambda x: mpmath.diff(exact, x), points, dtype=dtype,
        # exp(-x) of the far tail underflows in float32: judge it against 1e-30 there.
        floor=1e-30,
    )  # fmt: skip
    assert found.units < 32, found


def test_second_derivative_of_exprel_at_zero():
    # (e^x - 1)/x = 1 + x/2 + x^2/6 + ...
    assert float(_special.exprel(0.0)) == 1.0
    assert float(jax.grad(_special.exprel)(0.0)) == pytest.approx(1 / 2, rel=1e-15)
    assert float(jax.grad(jax.grad(_special.exprel))(0.0)) == pytest.approx(1 / 3, rel=1e-15)


def test_second_derivative_of_log1pmx_at_zero():
    assert float(_special.log1pmx(0.0)) == 0.0
    assert float(jax.grad(_special.log1pmx)(0.0)) == 0.0
    assert float(jax.grad(jax.grad(_special.log1pmx))(0.0)) == pytest.approx(-1.0, rel=1e-14)


def test_limits():
    assert _special.log1mexp(jnp.array([0.0, jnp.inf])).tolist() == [-np.inf, 0.0]
    assert np.isnan(_special.log1mexp(-1.0))
    assert _special.logit(jnp.array([0.0, 0.5, 1.0])).tolist() == [-np.inf, 0.0, np.inf]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_plain_forms_fail_where_these_hold(dtype):
    # The reason for this module: the textbook forms miss the bounds by orders of magnitude.
    plain = lambda x: jnp.log(1 - jnp.exp(-x))
    exact = CASES["log1mexp"][1]
    assert accuracy(plain, exact, np.array([1e-5]), dtype=dtype).units > 100
    assert accuracy(_special.log1mexp, exact, np.array([1e-5]), dtype=dtype).units < 8
    found = accuracy(jnp.log1p, mpmath.log1p, np.linspace(-0.42, -0.4, 20), dtype=np.float64)
    assert found.units > 20, "XLA's log1p has been mended: ours may go"
    plain = lambda x: jnp.log1p(x) - x
    exact = CASES["log1pmx"][1]
    assert accuracy(plain, exact, np.array([1e-3]), dtype=dtype).units > 100
    assert accuracy(_special.log1pmx, exact, np.array([1e-3]), dtype=dtype).units < 8
