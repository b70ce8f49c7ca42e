"""Processes with memory, against all 2^n histories and in their limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib.formulas import recovery, self_conditioning
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


def test_check_values_of_the_two_state_chain():
    chain = Recoverable(0.05, ConstantRepair(0.02))
    assert chain.right_at([10, 50]) == pytest.approx([0.6314, 0.3047], abs=5e-5)
    assert float(chain.plateau()) == pytest.approx(0.2857, abs=5e-5)
    assert float(chain.right_at(5000)) == pytest.approx(float(chain.plateau()), rel=1e-12)


def test_renewal_and_closed_form_are_one():
    constant, weibull = (
        Recoverable(0.03, law) for law in (ConstantRepair(0.2), WeibullRepair(0.2, 1.0))
    )
    assert weibull.right_curve(300) == pytest.approx(
        np.asarray(constant.right_curve(300)), rel=1e-12
    )
    assert float(weibull.plateau()) == pytest.approx(float(constant.plateau()), rel=1e-12)


@pytest.mark.parametrize("shape", [0.3, 0.6, 2.0])
def test_the_plateau_of_a_semi_markov_chain(shape):
    process = Recoverable(0.02, WeibullRepair(0.4, shape))
    m = np.arange(2_000_000.0)
    mean = np.sum(0.6**m**shape)
    plateau = float(recovery.renewal_plateau(0.02, mean))
    assert float(process.plateau()) == pytest.approx(plateau, rel=1e-8)
    # Where repairs take long, so does the way to the plateau.
    tolerance = 5e-2 if shape == 0.3 else 1e-9
    assert float(process.right_at(4000)) == pytest.approx(plateau, rel=tolerance)


def test_without_repair_both_definitions_agree():
    process = Recoverable(0.02)
    n = np.arange(0, 500, 50)
    assert process.right_at(n) == pytest.approx(np.asarray(process.survival(n)), rel=1e-13)
    assert float(process.plateau()) == 0.0


def test_where_self_conditioning_comes_to_rest():
    for e, g in [(0.01, 0.5), (0.01, 1.5), (0.2, 3.0), (1e-6, 0.9)]:
        process = SelfConditioning(e, g, dependence="share")
        x = float(process.long_run_error_rate())
        assert float(self_conditioning.share_drift(e, g, x)) == pytest.approx(0, abs=1e-12)
        assert e <= x < 1
        # The largest root: beyond it the share falls.
        beyond = np.linspace(x + 1e-3, 1, 50)[:-1]
        assert np.all(np.asarray(self_conditioning.share_drift(e, g, beyond)) < 0)
    process = SelfConditioning(0.01, 0.3, dependence="share")
    rate = 1 - float(process.right_at(3000))
    assert rate == pytest.approx(float(process.long_run_error_rate()), rel=1e-2)
    assert float(SelfConditioning(0.01, 0.3, dependence="count").long_run_error_rate()) == 1.0
    assert float(SelfConditioning(0.01, 0.0, dependence="count").long_run_error_rate()) == 0.01


def test_the_bound_of_the_count_holds_and_is_sharp_for_small_rates():
    for e, g, n in [(1e-4, 0.01, 100), (0.01, 0.1, 40), (0.1, 0.5, 30)]:
        process = SelfConditioning(e, g, dependence="count")
        bound = float(self_conditioning.count_bound(n, e, g))
        assert float(process.expected_errors(n)) < bound
    small = SelfConditioning(1e-5, 0.01, dependence="count")
    bound = float(self_conditioning.count_bound(100, 1e-5, 0.01))
    assert float(small.expected_errors(100)) == pytest.approx(bound, rel=1e-2)


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
