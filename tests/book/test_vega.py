"""The formula in the browser is the formula of the library."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
import vl_convert

from simlib.book import vega_expression
from simlib.formulas import REGISTRY, describe, log_beta, uniform


def evaluate(expressions: dict[str, tuple[str, list[dict[str, float]]]]) -> dict[str, np.ndarray]:
    """Values of Vega expressions at points, computed by Vega: positions of marks."""
    spec = {
        "$schema": "https://vega.github.io/schema/vega/v6.json",
        "data": [
            {
                "name": name,
                "values": points,
                "transform": [{"type": "formula", "as": "y", "expr": expression}],
            }
            for name, (expression, points) in expressions.items()
        ],
        "marks": [
            {
                "type": "symbol",
                "name": f"mark {name}",
                "from": {"data": name},
                "encode": {"enter": {"x": {"field": "y"}}},
            }
            for name in expressions
        ],
    }
    graph = vl_convert.vega_to_scenegraph(spec)
    found: dict[str, np.ndarray] = {}

    def visit(node):
        if isinstance(node, dict) and str(node.get("name", "")).startswith("mark "):
            # Vega leaves out a position of 0.
            found[node["name"].removeprefix("mark ")] = np.array(
                [item.get("x", 0.0) for item in node["items"]], float
            )
        for child in node.values() if isinstance(node, dict) else node:
            if isinstance(child, (dict, list)):
                visit(child)

    visit(json.loads(graph) if isinstance(graph, str) else graph)
    return found


def evaluate_one(expression: str, points: list[dict[str, float]]) -> np.ndarray:
    return evaluate({"one": (expression, points)})["one"]


def translatable() -> list[str]:
    names = []
    for name, formula in REGISTRY.items():
        values = {s.name: f"datum.{s.name}" for s in formula.arguments}
        try:
            vega_expression(formula, values)
        except ValueError:
            continue
        names.append(name)
    return sorted(names)


def test_most_formulas_translate():
    assert len(translatable()) >= 0.8 * len(REGISTRY)


def sample(name: str, count: int = 25) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(20)
    return {s.name: describe(s).draw(count, rng=rng) for s in REGISTRY[name].arguments}


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    """All formulas at their sample points, in one run of Vega."""
    expressions = {}
    for name in translatable():
        columns = sample(name)
        rows = zip(*columns.values(), strict=True)
        points = [dict(zip(columns, map(float, row), strict=True)) for row in rows]
        values = {s.name: f"datum.{s.name}" for s in REGISTRY[name].arguments}
        expressions[name] = (vega_expression(REGISTRY[name], values), points)
    return evaluate(expressions)


@pytest.mark.parametrize("name", translatable())
def test_vega_agrees_with_jax(name, drawn):
    formula, columns = REGISTRY[name], sample(name)
    expected = np.asarray(formula(*(jnp.asarray(columns[s.name]) for s in formula.arguments)))
    drawable = np.isfinite(expected) & (np.abs(expected) < 1e12)
    assert drawable.any()
    # A reader sees three digits; log-gamma differences cancel up to their own size.
    np.testing.assert_allclose(drawn[name][drawable], expected[drawable], rtol=2e-5, atol=1e-6)


def test_log_beta_is_spelled_out():
    a, b = sp.symbols("a b", positive=True)
    text = vega_expression(log_beta(a, b), {"a": "datum.a", "b": "datum.b"})
    grid = [{"a": x, "b": y} for x in (0.01, 0.5, 3.0, 40.0) for y in (0.2, 5.0, 1e4)]
    expected = [float(sp.log(sp.beta(p["a"], p["b"])).evalf(30)) for p in grid]
    np.testing.assert_allclose(evaluate_one(text, grid), expected, rtol=1e-8, atol=1e-8)


def test_a_wrong_formula_would_be_seen():
    n, e = uniform.survival.arguments
    wrong = (1 - e) ** (n + 1)
    values = {"n": "datum.n", "error_rate": "datum.e"}
    point = [{"n": 10.0, "e": 0.05}]
    right = evaluate_one(vega_expression(uniform.survival, values), point)
    assert abs(evaluate_one(vega_expression(wrong, values), point) / right - 1) > 0.01


def test_conditions_are_translated():
    x = sp.Symbol("x")
    text = vega_expression(
        sp.Piecewise((sp.Min(x, 2), x < 3), (sp.Max(0, -x), True)), {"x": "datum.x"}
    )
    np.testing.assert_allclose(evaluate_one(text, [{"x": 1.0}, {"x": 2.5}, {"x": 4.0}]), [1, 2, 0])


def test_an_unknown_function_is_refused_with_a_remedy():
    x = sp.Symbol("x")
    with pytest.raises(ValueError, match=r"zeta has no translation.*grid computed in Python"):
        vega_expression(sp.zeta(x), {"x": "x"})


def test_a_symbol_without_value_is_named():
    with pytest.raises(ValueError, match=r"no value for \['error_rate'\]"):
        vega_expression(uniform.survival, {"n": "datum.x"})
