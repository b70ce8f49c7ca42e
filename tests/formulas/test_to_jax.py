"""SymPy to JAX: every entry of the table against mpmath, in both precisions, transformed."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import sympy as sp

from simlib.formulas import _functions
from simlib.formulas._to_jax import TABLE, UnsupportedExpressionError, to_jax
from tests.formulas.accuracy import DTYPES, accuracy, elementwise_gradient, grid

x, y, z = sp.symbols("x y z", positive=True)

wide = np.geomspace(1e-6, 1e6, 25)
near = np.geomspace(1e-3, 30, 25)
real = np.concatenate([-near, near])
# Below a shape of .1 the upper incomplete gamma function cancels against the complete one.
shapes = np.array([0.1, 0.5, 1.0, 3.0, 9.0])
unit = np.concatenate([np.geomspace(1e-6, 0.5, 12), 1 - np.geomspace(1e-4, 0.5, 12)])

# Entry -> expression, arguments, grids, bound on the value and on the gradient in the last
# argument. Errors are in units of rounding, relative to max(|value|, floor).
CASES = {
    sp.exp: (sp.exp(x), [x], [real[np.abs(real) < 20]], 4, 4, 0),
    sp.log: (sp.log(x), [x], [wide], 4, 4, 0),
    sp.sin: (sp.sin(x), [x], [real], 4, 4, 1),
    sp.cos: (sp.cos(x), [x], [real], 4, 4, 1),
    sp.tanh: (sp.tanh(x), [x], [real[np.abs(real) < 4]], 4, 4000, 0),
    sp.Abs: (sp.Abs(x), [x], [real], 1, 1, 0),
    sp.floor: (sp.floor(x), [x], [np.linspace(0.3, 9.3, 10)], 1, 1, 0),
    sp.ceiling: (sp.ceiling(x), [x], [np.linspace(0.3, 9.3, 10)], 1, 1, 0),
    sp.erf: (sp.erf(x), [x], [real[np.abs(real) < 3]], 4, 16, 0),
    sp.erfc: (sp.erfc(x), [x], [np.geomspace(1e-3, 5, 20)], 16, 64, 0),
    sp.erfinv: (sp.erfinv(x), [x], [unit], 100, 4000, 0),
    sp.gamma: (sp.gamma(x), [x], [np.geomspace(1e-3, 30, 25)], 128, 300, 0),
    sp.loggamma: (sp.loggamma(x), [x], [wide], 16, 16, 1),
    sp.digamma: (sp.digamma(x), [x], [wide], 16, 16, 1),
    sp.polygamma: (sp.polygamma(1, x), [x], [np.geomspace(1e-3, 1e4, 20)], 16, 16, 0),
    sp.lowergamma: (sp.lowergamma(x, y), [x, y], grid(shapes, near[::4]), 200, 400, 1e-4),
    sp.uppergamma: (sp.uppergamma(x, y), [x, y], grid(shapes, near[::4]), 200, 400, 1e-4),
    sp.binomial: (
        sp.binomial(x, y), [x, y], grid(np.array([12.0, 40, 300]), np.array([0, 1, 5.0, 12])),
        600, 2000, 0,
    ),
    _functions.log1p: (_functions.log1p(x), [x], [wide], 4, 4, 0),
    _functions.expm1: (_functions.expm1(x), [x], [near], 4, 4, 0),
    _functions.log1mexp: (_functions.log1mexp(x), [x], [near], 8, 16, 0),
    _functions.exprel: (_functions.exprel(x), [x], [real], 8, 16, 0),
    _functions.log1pmx: (_functions.log1pmx(x), [x], [near], 8, 16, 0),
    _functions.log_beta: (_functions.log_beta(x, y), [x, y], grid(near[::3], near[::3]), 16, 32, 1),
    _functions.log_beta_ratio: (
        _functions.log_beta_ratio(x, y, z), [x, y, z],
        grid(near[::5], near[::5], near[::5]), 16, 16, 0,
    ),
}  # fmt: skip


def test_every_entry_is_tested():
    assert set(CASES) == set(TABLE)


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.__name__)
def test_entry(entry):
    expression, arguments, grids, value_bound, gradient_bound, floor = CASES[entry]
    reference = sp.lambdify(arguments, _functions.to_elementary(expression), "mpmath")
    compiled = to_jax(expression, arguments)
    last = len(arguments) - 1

    def slope(*point):
        return mpmath.diff(lambda t: reference(*point[:-1], t), point[-1])

    for dtype in DTYPES:
        found = accuracy(compiled, reference, *grids, dtype=dtype, floor=floor)
        assert found.units <= value_bound, (dtype, found)
        gradient = elementwise_gradient(compiled, last)
        found = accuracy(gradient, slope, *grids, dtype=dtype, floor=floor)
        assert found.units <= gradient_bound, (dtype, found)


def test_jit_and_vmap_change_nothing():
    # `test_entry` runs under jit, and its gradients under jit, vmap and grad; here eagerly.
    for entry in (sp.erfc, sp.lowergamma, _functions.exprel):
        expression, arguments, grids, *_ = CASES[entry]
        compiled = to_jax(expression, arguments)
        points = [jnp.asarray(g)[:12] for g in grids]
        plain = np.asarray(compiled(*points))
        assert jax.jit(compiled)(*points) == pytest.approx(plain, rel=1e-13)
        assert jax.vmap(compiled)(*points) == pytest.approx(plain, rel=1e-13)


STRUCTURES = {
    "sum and product": 2 * x + y / 3 - x * y + 1,
    "integer power of a negative base": (x - 10) ** 3,
    "negative integer power": x**-2,
    "real power": x**y,
    "square root": sp.sqrt(x),
    "reciprocal square root": 1 / sp.sqrt(x),
    "constant power": sp.Rational(1, 2) ** x,
    "constants": sp.pi * x + sp.E + sp.log(2) + sp.Rational(1, 3) + sp.EulerGamma,
    "smallest and largest": sp.Max(sp.Min(x, y, 3), 1),
    "cases": sp.Piecewise((x, x < 1), (y, x <= 2), (sp.Integer(7), y > 100), (x * y, True)),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_structure(name):
    expression = STRUCTURES[name]
    a, b = grid(np.array([0.5, 1.0, 2.0, 5.0, 20.0]), np.array([0.25, 3.0, 20.0]))
    compiled = to_jax(expression, [x, y])
    exact = [float(expression.subs({x: p, y: q})) for p, q in zip(a, b, strict=True)]
    for dtype in DTYPES:
        values = jax.jit(compiled)(a.astype(dtype), b.astype(dtype))
        assert values.dtype == dtype
        assert values == pytest.approx(np.array(exact), rel=64 * float(jnp.finfo(dtype).eps))


def test_an_unselected_case_does_not_spoil_the_gradient():
    compiled = to_jax(sp.Piecewise((x**2, x < 1), (2 * x - 1, True)), [x])
    assert jax.vmap(jax.grad(compiled))(jnp.array([0.5, 3.0])).tolist() == [1.0, 2.0]


def test_integer_power_differentiates_at_zero():
    assert float(jax.grad(to_jax(x**2, [x]))(0.0)) == 0.0


def test_result_broadcasts_over_all_arguments():
    compiled = to_jax(sp.exp(-x), [x, y])
    assert compiled(jnp.ones((2, 1)), jnp.ones(3)).shape == (2, 3)
    constant = to_jax(sp.Rational(1, 3), [x])
    assert constant(np.ones(4, np.float32)).dtype == np.float32
    assert constant(np.ones(4, np.float32)).shape == (4,)


def test_whole_numbers_and_lists_become_floating():
    compiled = to_jax(x / 2, [x])
    assert compiled(3).dtype == jnp.float64
    assert compiled([1, 2]).tolist() == [0.5, 1.0]
    with jax.enable_x64(False):
        assert compiled(3).dtype == jnp.float32


@pytest.mark.parametrize(
    "expression",
    [sp.zeta(x), sp.Function("f")(x), sp.LambertW(x), sp.factorial(x), sp.I * x, sp.Integral(x, x)],
    ids=str,
)
def test_unknown_functions_raise(expression):
    with pytest.raises(UnsupportedExpressionError, match="cannot translate"):
        to_jax(expression, [x])


def test_a_missing_argument_raises():
    with pytest.raises(UnsupportedExpressionError, match=r"\['y'\].*not among the arguments"):
        to_jax(x + y, [x])


def test_a_wrong_number_of_values_raises():
    with pytest.raises(TypeError, match="expected 2 arguments"):
        to_jax(x + y, [x, y])(1.0)
