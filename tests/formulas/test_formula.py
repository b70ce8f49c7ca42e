"""`Formula`: compiles, prints, proves, evaluates exactly, and refuses what it cannot do."""

import doctest

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import sympy as sp

from simlib.formulas import (
    REGISTRY,
    Formula,
    UnsupportedExpressionError,
    _formula,
    _proof,
    _to_jax,
    error_rate,
    formula,
    n,
    survival,
    uniform,
)

OWN = [x for x in sorted(REGISTRY) if x.split(".")[0] in ("survival", "uniform", "key_tokens")]


@pytest.fixture
def scratch():
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.mark.parametrize("name", OWN)
def test_compiled_form_is_accurate(name):
    """Against 50 digits of the plain expression, at points drawn from the domain."""
    found = REGISTRY[name]
    rng = np.random.default_rng(7)
    points = np.array([q.draw(10, rng=rng) for q in found.quantities])
    compiled = jax.jit(found)
    for dtype in (np.float64, np.float32):
        values = np.asarray(compiled(*points.astype(dtype)))
        assert values.dtype == dtype
        eps = float(jnp.finfo(dtype).eps)
        for value, point in zip(values, points.astype(dtype).T, strict=True):
            try:
                exact = found.exact(*map(float, point))
            except ValueError:  # outside the domain of the plain expression
                continue
            if abs(exact) > jnp.finfo(dtype).max:
                assert not np.isfinite(value)
                continue
            # What no algorithm can do better than: the arguments' rounding, carried through.
            with mpmath.workdps(50):
                condition = sum(
                    abs(p * mpmath.diff(lambda t, i=i, p=point: _at(found, p, i, t), float(p)))
                    for i, p in enumerate(point)
                )
            allowed = 16 * eps * (abs(float(exact)) + float(condition)) + 1e-37
            assert abs(float(value) - float(exact)) <= allowed, (point, value, exact)


def _at(found, point, index, value):
    values = [mpmath.mpf(float(x)) for x in point]
    values[index] = value
    return _lambdified(found)(*values)


def _lambdified(found):
    if found.name not in _CACHE:
        plain = found.expression
        _CACHE[found.name] = sp.lambdify(found.arguments, plain, modules="mpmath")
    return _CACHE[found.name]


_CACHE = {}


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_formula_is_documented(name):
    found = REGISTRY[name]
    assert found.description.endswith(".")
    assert found.source
    assert found.latex().startswith(found.left)
    assert all(part.isidentifier() for part in found.name.split("."))
    # Printed in the notation of the book: no identifier of the code is left.
    for quantity in found.quantities:
        if len(quantity.name) > 2:
            assert quantity.name.replace("_", r"\_") not in found.latex()
    assert formula(name) is found


def test_values():
    assert float(uniform.survival(100, 0.01)) == pytest.approx(0.99**100, rel=1e-14)
    assert uniform.survival([1, 2], 0.5).tolist() == [0.5, 0.25]
    # The example that made the plain form unusable: 1.3 % wrong in float32.
    one, many = np.float32(1e-6), np.float32(1000)
    plain = 1 - (1 - one) ** many
    exact = -np.expm1(1000 * np.log1p(-np.float64(one)))
    assert abs(plain / exact - 1) > 0.01
    stable = float(uniform.pass_probability(many, np.float32(1), one))
    assert 1 - stable == pytest.approx(exact, rel=1e-4)


def test_exact_reads_strings_as_decimals():
    value = uniform.survival.exact(100, "0.01", digits=40)
    with mpmath.workdps(60):
        assert abs(value - mpmath.mpf("0.99") ** 100) < mpmath.mpf(10) ** -38
    # A float is the binary number it is.
    assert uniform.survival.exact(1, 0.1) != uniform.survival.exact(1, "0.1")


def test_exact_refuses_what_is_not_real():
    with pytest.raises(ValueError, match=r"survival\.plateau_horizon is not a real number"):
        survival.plateau_horizon.exact("0.2", "0.3", 50)


def test_latex():
    assert uniform.survival.latex() == r"S(n) = \left(1 - e\right)^{n}"
    assert uniform.survival._repr_latex_() == rf"$\displaystyle {uniform.survival.latex()}$"


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(KeyError, match=r"uniform\.survival"):
        formula("uniform.survivall")
    with pytest.raises(KeyError, match=r"no formula 'nothing\.here'"):
        formula("nothing.here")


def test_a_name_is_used_once(scratch):
    make = lambda: Formula(
        name="scratch.one", left="S", expression=n, arguments=(n,), description="Test.",
        source="test",
    )  # fmt: skip
    make()
    with pytest.raises(ValueError, match=r"named 'scratch\.one' exists already"):
        make()


def test_an_untranslatable_formula_fails_where_it_is_defined(scratch):
    with pytest.raises(UnsupportedExpressionError, match="zeta"):
        Formula(
            name="scratch.zeta", left="S", expression=sp.zeta(n), arguments=(n,),
            description="Test.", source="test",
        )  # fmt: skip
    assert "scratch.zeta" not in REGISTRY


def test_an_undeclared_argument_fails(scratch):
    w = sp.Symbol("w")
    with pytest.raises(KeyError, match="not registered"):
        Formula(
            name="scratch.w", left="S", expression=w, arguments=(w,), description="Test.",
            source="test",
        )  # fmt: skip


def test_formulas_are_frozen():
    with pytest.raises(AttributeError):
        uniform.survival.name = "other"


def test_gradient_flows_through_a_formula():
    slope = jax.grad(uniform.log_survival, argnums=1)(10.0, 0.2)
    derivative = sp.diff(uniform.log_survival.expression, error_rate)
    exact = derivative.subs({n: 10, error_rate: sp.Rational(1, 5)})
    assert float(slope) == pytest.approx(float(exact))


@pytest.mark.parametrize("module", [_formula, _proof, _to_jax], ids=lambda m: m.__name__)
def test_docstring_examples(module):
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert results.attempted > 0
    assert results.failed == 0
