"""How answers are read: kinds, tolerances, estimates and errors."""

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from simlib import Estimate, Uniform
from simlib.exercises import RTOL, Choice, Function, Number, Result, check, exercise, exercises
from simlib.formulas import uniform

RIGHT = exercise("uniform.1").answer()


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        np.float32(RIGHT),
        jnp.asarray(RIGHT),
        np.array(RIGHT),
        sp.Rational(99, 100) ** 60,
        round(RIGHT, 3),
        RIGHT * (1 + 0.9 * RTOL),
        Estimate.exact(RIGHT),
        Estimate.from_counts(round(RIGHT * 100_000), 100_000),
    ],
)
def test_numbers_may_come_in_many_forms(answer):
    assert check("uniform.1", answer)


@pytest.mark.parametrize("answer", [RIGHT * (1 + 1.1 * RTOL), RIGHT * (1 - 1.1 * RTOL), 0.0, -1])
def test_tolerance_ends_where_it_says(answer):
    result = check("uniform.1", answer)
    assert not result
    assert result.hint


def test_estimates_must_be_sharp_and_right():
    vague = check("uniform.1", Estimate.from_counts(11, 20))
    assert not vague
    assert "replicates" in vague.hint
    # The union bound, estimated sharply, is still recognised as the union bound.
    wrong = check("uniform.1", Estimate.from_counts(40_000, 100_000))
    assert not wrong
    assert "union bound" in wrong.message


def test_simulated_arrays_are_accepted():
    lengths = np.array([10, 50, 200])
    rng = np.random.default_rng(3)
    rates = rng.choice([0.002, 0.05], 200_000)
    first_error = rng.geometric(rates)
    survivors = (first_error[:, None] > lengths).sum(0)
    assert check("uniform.4", Estimate.from_counts(survivors, 200_000))


@pytest.mark.parametrize(
    ("id", "answer", "error", "message"),
    [
        ("uniform.1", "0.5", TypeError, "a number, an array of numbers or an Estimate, got str"),
        ("uniform.1", None, TypeError, "got NoneType"),
        ("uniform.1", True, TypeError, "got bool"),
        ("uniform.1", [0.5, 0.6], ValueError, r"one number, got shape \(2,\); index it"),
        ("uniform.1", float("nan"), ValueError, "finite numbers"),
        ("uniform.1", uniform.survival.expression, ValueError, "still contains error_rate, n"),
        ("uniform.4", 0.5, ValueError, r"an array of shape \(3,\), got shape \(\)"),
        ("uniform.4", ["a", "b", "c"], TypeError, "got list"),
        ("uniform.3", "1 - r**(1/n)", TypeError, "a SymPy expression, got str"),
        ("uniform.3", sp.Symbol("x"), ValueError, "is about n, reliability, but .* contains x"),
        ("uniform.3", sp.zoo, ValueError, "not finite"),
        ("uniform.9", 0.5, KeyError, r"uniform has uniform\.1, uniform\.2"),
        ("unifrom.1", 0.5, KeyError, "did you mean 'uniform'"),
        ("", 0.5, KeyError, "known"),
    ],
)
def test_errors_say_what_was_expected(id, answer, error, message):
    with pytest.raises(error, match=message):
        check(id, answer)


def test_expressions_are_compared_as_mathematics():
    n, r = sp.symbols("n reliability")  # no assumptions, as a reader writes them
    assert check("uniform.3", 1 - r ** (1 / n))
    assert check("uniform.3", 1 - sp.exp(sp.log(r) / n))
    assert not check("uniform.3", 1 - r ** (1 / (n + 1)))


def test_choices():
    kind = Choice(("exponential", "power law"))
    assert kind.same(kind.read(" Power Law ", "power law", "x.1"), "power law")
    with pytest.raises(ValueError, match="one of"):
        kind.read("gamma", "power law", "x.1")
    with pytest.raises(TypeError, match="quotes"):
        kind.read(1, "power law", "x.1")


def test_functions_are_compared_at_points():
    kind = Function(points=((10.0, 0.01), (100.0, 0.001)))
    survival = lambda n, e: uniform.survival(n, e)
    right = kind.read(survival, survival, "x.1")
    assert kind.same(right, lambda n, e: float(Uniform(e).survival(n)))
    assert not kind.same(right, lambda n, e: 1 - n * e)
    with pytest.raises(TypeError, match="without calling it"):
        kind.read(0.5, survival, "x.1")
    with pytest.raises(ValueError, match="one number at"):
        kind.read(lambda n, e: np.ones(2), survival, "x.1")
    with pytest.raises(ZeroDivisionError) as caught:
        kind.read(lambda n, e: 1 / 0, survival, "x.1")
    assert "x.1" in caught.value.__notes__[0]


def test_a_number_of_zero_is_matched_exactly():
    kind = Number()
    assert kind.same(kind.read(0.0, 0.0, "x.1"), 0.0)
    assert not kind.same(kind.read(1e-9, 0.0, "x.1"), 0.0)


def test_results_print_what_a_reader_needs():
    assert repr(Result(True, "Correct.")) == "Correct."
    assert repr(Result(False, "Not yet.", "Multiply.")) == "Not yet. Hint: Multiply."
    assert Result(False, "Not yet.", "Multiply.")._repr_markdown_().startswith("✗")


def test_unknown_topics_are_named():
    with pytest.raises(KeyError, match="no exercises on 'zzz'; known"):
        exercises("zzz")
