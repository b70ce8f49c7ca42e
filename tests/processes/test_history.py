"""Processes with memory, against all 2^n histories and in their limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib.processes import (
    AbstractHistoryProcess,
    ConstantRepair,
    NoRepair,
    Recoverable,
    SelfConditioning,
    WeibullRepair,
)
from tests.processes.test_enumeration import patterns

LONGEST = 12


# Written out here, and nothing of the library: probability that a step is wrong.
def count(e, g):
    return lambda step, errors, streak: 1 - (1 - e) * np.exp(-g * errors)


def share(e, g):
    return lambda step, errors, streak: 1 - (1 - e) * np.exp(-g * errors / max(step - 1, 1))


def repaired(e, last):
    return lambda step, errors, streak: last(streak) / last(streak - 1) if streak else e


PROCESSES = {
    "count": (SelfConditioning(0.1, 0.4, dependence="count"), count(0.1, 0.4)),
    "share": (SelfConditioning(0.1, 0.7, dependence="share"), share(0.1, 0.7)),
    "no feedback": (SelfConditioning(0.1, 0.0, dependence="share"), share(0.1, 0.0)),
    "constant": (
        Recoverable(0.1, ConstantRepair(0.3)),
        repaired(0.1, lambda m: 0.7**m),
    ),
    "Weibull": (
        Recoverable(0.1, WeibullRepair(0.3, 0.5)),
        repaired(0.1, lambda m: 0.7**m**0.5),
    ),
    "none": (Recoverable(0.1, NoRepair()), repaired(0.1, lambda m: 1.0)),
}
every = pytest.mark.parametrize("name", PROCESSES)


def probabilities(law, n=LONGEST):
    """The probability of each history of n steps (1 is an error)."""
    found = []
    for history in patterns(n):
        p, errors, streak = 1.0, 0, 0
        for i, wrong in enumerate(history):
            e = law(i + 1, errors, streak)
            p *= e if wrong else 1 - e
            errors, streak = errors + wrong, (streak + 1) * wrong
        found.append(p)
    return np.array(found)


def right_curve(law, n=LONGEST):
    p = probabilities(law, n)
    return np.concatenate([[1.0], 1 - p @ patterns(n)])


@every
def test_all_histories(name):
    process, law = PROCESSES[name]
    p, wrong = probabilities(law), patterns(LONGEST)
    assert p.sum() == pytest.approx(1)
    lengths = np.arange(LONGEST + 1)
    clean = np.array([p[~wrong[:, :n].any(1)].sum() for n in lengths])
    assert process.survival(lengths) == pytest.approx(clean, rel=1e-12)
    right = right_curve(law)
    assert process.right_at(lengths) == pytest.approx(right, rel=1e-12)
    assert process.right_curve(LONGEST) == pytest.approx(right, rel=1e-12)
    assert float(process.right_at(7)) == pytest.approx(right[7], rel=1e-12)
    assert process.expected_errors(lengths) == pytest.approx(np.cumsum(1 - right), abs=1e-13)
    if isinstance(process, SelfConditioning):
        errors = np.bincount(wrong.sum(1), weights=p)
        assert process.error_distribution(LONGEST) == pytest.approx(errors, rel=1e-11)


@every
def test_the_law_of_a_step(name):
    process, law = PROCESSES[name]
    for step, errors, streak in [(1, 0, 0), (2, 1, 1), (9, 3, 0), (9, 5, 4), (40, 39, 39)]:
        value = process.error_probability(step, errors, streak)
        assert float(value) == pytest.approx(law(step, errors, streak), rel=1e-13)


def test_a_wrong_law_is_seen():
    process, _ = PROCESSES["share"]
    steps_too_many = lambda step, errors, streak: 1 - 0.9 * np.exp(-0.7 * errors / step)
    wrong = right_curve(steps_too_many)
    assert process.right_at(np.arange(13)) != pytest.approx(wrong, rel=1e-3)
    process, _ = PROCESSES["Weibull"]
    one_late = repaired(0.1, lambda m: 0.7 ** (m + 1) ** 0.5)
    assert process.right_at(np.arange(13)) != pytest.approx(right_curve(one_late), rel=1e-3)


@every
def test_single_precision_and_derivatives(name):
    process, _ = PROCESSES[name]
    exact = np.asarray(process.right_curve(200))
    single = jax.tree.map(lambda x: x.astype(jnp.float32), process)
    value = single.right_curve(200)
    assert value.dtype == jnp.float32
    assert value == pytest.approx(exact, rel=2e-5, abs=1e-6)
    rate = "error_rate" if isinstance(process, SelfConditioning) else "break_rate"

    def at_60(e):
        changed = type(process)(
            e, *([process.feedback] if rate == "error_rate" else [process.repair]),
            **({"dependence": process.dependence} if rate == "error_rate" else {}),
        )  # fmt: skip
        return changed.right_curve(60)[60]

    slope = jax.grad(at_60)(jnp.asarray(0.1))
    difference = (at_60(jnp.asarray(0.10001)) - at_60(jnp.asarray(0.09999))) / 2e-5
    assert float(slope) == pytest.approx(float(difference), rel=1e-6)


def test_impossible_arguments():
    with pytest.raises(ValueError, match=r"error_rate must lie in \(0, 1\)"):
        SelfConditioning(1.0, 0.1, dependence="count")
    with pytest.raises(ValueError, match=r"feedback must lie in \[0, inf\)"):
        SelfConditioning(0.1, -0.1, dependence="count")
    with pytest.raises((ValueError, TypeError)):  # the annotation or the check
        SelfConditioning(0.1, 0.1, dependence="rate")
    with pytest.raises(ValueError, match=r"break_rate must lie in \(0, 1\)"):
        Recoverable(0.0)
    with pytest.raises(ValueError, match="repair_rate must lie"):
        ConstantRepair(1.5)
    with pytest.raises(ValueError, match="shape must lie"):
        WeibullRepair(0.5, 0.0)
    for n in (-1, 2.5, [3, float("nan")]):
        with pytest.raises(ValueError, match="n must be whole numbers >= 0 of steps"):
            Recoverable(0.1, ConstantRepair(0.1)).right_at(n)


def test_they_are_history_processes():
    assert all(isinstance(p, AbstractHistoryProcess) for p, _ in PROCESSES.values())
