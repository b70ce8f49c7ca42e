"""The rule that turns an effect and a margin into a verdict."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simlib import Estimate
from simlib.claims import (
    LEVEL,
    MINIMUM_N,
    MINIMUM_UNITS,
    Margin,
    Verdict,
    joint_level,
    judge,
    judge_interval,
    judge_proofs,
    symbolic,
)
from simlib.formulas import Proof, uniform

MARGIN = Margin(0.9, 1.1, effect="ratio", unit="1", why="a tenth")


def estimate(mean, stderr, n=1000, entries=1):
    return Estimate.from_mean(mean, stderr, n, level=joint_level(entries))


@pytest.mark.parametrize(
    ("mean", "stderr", "verdict"),
    [
        (1.0, 0.01, Verdict.AGREES),
        (1.0, 0.1, Verdict.INCONCLUSIVE),  # a wide interval is never agreement
        (1.09, 0.01, Verdict.INCONCLUSIVE),
        (1.2, 0.01, Verdict.DISAGREES),
        (0.8, 0.01, Verdict.DISAGREES),
        (math.nan, 0.01, Verdict.INCONCLUSIVE),
        (1.0, math.nan, Verdict.INCONCLUSIVE),
        (1.0, math.inf, Verdict.INCONCLUSIVE),
        (math.inf, 0.01, Verdict.INCONCLUSIVE),
    ],
)
def test_verdict_of_one_effect(mean, stderr, verdict):
    assert judge(estimate(mean, stderr), MARGIN, "simulated").verdict is verdict


def test_small_samples_and_pretended_certainty_are_inconclusive():
    assert judge(estimate(1.0, 0.001, MINIMUM_N - 1), MARGIN, "simulated").verdict == "inconclusive"
    assert judge(estimate(1.0, 0.001, MINIMUM_N), MARGIN, "simulated").verdict == "agrees"


def test_few_units_need_the_interval_of_student():
    values = 1.0 + 0.001 * np.arange(MINIMUM_UNITS)
    few = Estimate.from_sample(values, level=LEVEL)
    assert judge(few, MARGIN, "traces").verdict == "agrees"
    assert judge(few.map(lambda x: x), MARGIN, "traces").verdict == "agrees"
    fewer = Estimate.from_sample(values[:-1], level=LEVEL)
    assert judge(fewer, MARGIN, "traces").verdict == "inconclusive"
    normal = Estimate.from_mean(values.mean(), 1e-3, n=len(values), level=LEVEL)
    assert judge(normal, MARGIN, "traces").verdict == "inconclusive"

    frozen = judge(estimate(1.0, 0.0), MARGIN, "simulated")
    assert frozen.verdict is Verdict.INCONCLUSIVE
    assert "width zero" in frozen.note


def test_exact_effects_need_no_sample():
    assert judge(Estimate.exact(1.05), MARGIN, "derived").verdict is Verdict.AGREES
    assert judge(Estimate.exact(1.2), MARGIN, "derived").verdict is Verdict.DISAGREES


def test_intervals_below_the_level_of_the_ledger_are_refused():
    with pytest.raises(ValueError, match=r"joint_level\(1\), that is 0.99"):
        judge(Estimate.from_mean(1.0, 0.01, 1000, level=0.95), MARGIN, "simulated")
    with pytest.raises(ValueError, match=r"joint_level\(3\)"):
        judge(estimate(np.ones(3), np.full(3, 0.01)), MARGIN, "simulated")


def test_an_array_agrees_only_as_a_whole_and_shows_its_worst_entry():
    stderr = np.full(3, 0.01)
    good = judge(estimate(np.array([1.0, 1.02, 0.97]), stderr, entries=3), MARGIN, "simulated")
    assert (good.verdict, good.value, good.entries) == (Verdict.AGREES, 0.97, 3)
    bad = judge(estimate(np.array([1.0, 1.3, 1.0]), stderr, entries=3), MARGIN, "simulated")
    assert (bad.verdict, bad.value) == (Verdict.DISAGREES, 1.3)
    # A wide interval elsewhere does not hide the entry that decided.
    mixed = Estimate.from_mean([1.0, 1.3, 1.0], [0.01, 0.01, 9.0], 1000, level=joint_level(3))
    assert judge(mixed, MARGIN, "simulated").value == 1.3
    unsure = judge(estimate(np.array([1.0, 1.1, 1.0]), stderr, entries=3), MARGIN, "simulated")
    assert unsure.verdict is Verdict.INCONCLUSIVE
    with pytest.raises(ValueError, match="empty"):
        judge(Estimate.exact(np.zeros(0)), MARGIN, "simulated")


@given(
    st.floats(-5, 5),
    st.floats(1e-3, 1e3),
    st.floats(-2, 2),
    st.floats(1e-3, 2),
)
def test_verdict_follows_from_the_printed_numbers(mean, stderr, lower, width):
    margin = Margin(lower, lower + width, "effect", "1", "property test")
    effect = estimate(mean, stderr)
    found = judge(effect, margin, "simulated")
    assert found.lower is not None
    assert found.upper is not None
    # Rounding goes outwards, so it never makes a verdict bolder than the interval.
    assert found.lower <= float(effect.lower)
    assert float(effect.upper) <= found.upper
    assert judge_interval(found.lower, found.upper, margin) is found.verdict
    assert found.upper - found.lower <= float(effect.upper - effect.lower) + 0.3 * stderr
    if found.verdict is Verdict.AGREES:
        assert margin.lower <= float(effect.lower)
        assert float(effect.upper) <= margin.upper


def test_false_verdicts_at_the_edge_of_the_margin_have_the_stated_rate():
    """The true effect lies on the margin's edge, the worst case; both errors ≤ (1-LEVEL)/2.

    40,000 draws; the bound plus four standard errors is exceeded by an honest rule with
    probability below 1e-4, and a rule at 95 % (rate 2.5 %) is 25 standard errors beyond it.
    """
    draws, stderr = 40_000, 0.02
    rng = np.random.default_rng(7)
    means = rng.normal(MARGIN.upper, stderr, draws)
    z = stats.norm.ppf(0.5 + LEVEL / 2)
    verdicts = [judge_interval(m - z * stderr, m + z * stderr, MARGIN) for m in means]
    rate = (1 - LEVEL) / 2
    allowed = rate + 4 * math.sqrt(rate * (1 - rate) / draws)
    for wrong in (Verdict.AGREES, Verdict.DISAGREES):
        share = sum(v is wrong for v in verdicts) / draws
        assert share <= allowed
    assert sum(v is Verdict.DISAGREES for v in verdicts) / draws >= rate / 2  # and not idle


def test_joint_level_spends_the_error_rate_once():
    assert joint_level(1) == LEVEL
    assert (1 - joint_level(20)) * 20 == pytest.approx(1 - LEVEL)
    with pytest.raises(ValueError, match="at least 1"):
        joint_level(0)


def test_one_sided_margins():
    at_most_zero = Margin(-math.inf, 0.0, "difference", "1", "an inequality")
    assert judge(estimate(-1.0, 0.1), at_most_zero, "simulated").verdict is Verdict.AGREES
    assert judge(estimate(1.0, 0.1), at_most_zero, "simulated").verdict is Verdict.DISAGREES
    assert judge(estimate(0.0, 0.1), at_most_zero, "simulated").verdict is Verdict.INCONCLUSIVE


def test_proofs():
    holds, fails = uniform.survival.prove(), Proof(holds=False, method="symbolic")
    assert judge_proofs((holds,)).verdict is Verdict.AGREES
    assert judge_proofs((holds, fails)).verdict is Verdict.DISAGREES
    assert judge_proofs((holds, None)).verdict is Verdict.INCONCLUSIVE
    assert judge_proofs((fails, None)).verdict is Verdict.DISAGREES
    assert judge_proofs(()).verdict is Verdict.INCONCLUSIVE
    assert "refuted" in judge_proofs((fails,)).method


def test_symbolic_never_takes_undecided_for_true():
    import sympy as sp

    x = sp.Symbol("x", positive=True)
    assert symbolic(sp.Eq(x, x)).holds
    assert symbolic(x > 0).holds
    assert not symbolic(sp.Eq(sp.Integer(1), 2)).holds
    assert symbolic(x > 1) is None
    assert symbolic((x - 1).is_positive) is None
    assert symbolic("anything") is None
