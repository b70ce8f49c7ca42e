"""Posteriors of processes with memory: closed forms, maximum likelihood, calibration."""

import numpy as np
import pytest
from scipy import special, stats

from simlib.fit import HISTORY_FAMILIES, fit_history, posterior_history


def marks(e, g, shape, rng, dependence="share"):
    """Steps of self-conditioning runs, one after the other."""
    wrong = np.zeros(shape, bool)
    for i in range(shape[1]):
        past = wrong[:, :i].sum(1) / (max(i, 1) if dependence == "share" else 1)
        wrong[:, i] = rng.random(shape[0]) < 1 - (1 - e) * np.exp(-g * past)
    return wrong


def test_uniform_errors_have_the_beta_posterior():
    wrong = np.random.default_rng(1).random((30, 40)) < 0.05
    found = posterior_history(wrong, "uniform", prior={"error_rate": stats.genlogistic(1.0)})
    exact = stats.beta(1 + wrong.sum(), 1 + (~wrong).sum())
    x = found.parameters["error_rate"]
    got = [float(x.lower), float(x.value), float(x.upper)]
    assert np.allclose(got, exact.ppf([0.025, 0.5, 0.975]), atol=0.02 * exact.std())
    assert found.log_evidence == pytest.approx(special.betaln(*exact.args), abs=1e-3)


@pytest.mark.parametrize("family", ["self-conditioning, share", "semi-Markov recovery"])
def test_with_many_runs_it_agrees_with_maximum_likelihood(family):
    wrong = marks(0.04, 0.7, (800, 30), np.random.default_rng(2))
    bayes, likely = posterior_history(wrong, family), fit_history(wrong, family)
    for name, ours in bayes.parameters.items():
        theirs = likely.parameters[name]
        assert float(ours.value) == pytest.approx(
            float(theirs.value), abs=0.25 * float(theirs.stderr)
        )


def test_the_evidence_is_largest_for_the_process_that_made_the_runs():
    wrong = marks(0.04, 0.7, (800, 30), np.random.default_rng(2))
    names = ("self-conditioning, share", "uniform", "semi-Markov recovery")
    evidence = [posterior_history(wrong, name).log_evidence for name in names]
    assert np.argmax(evidence) == 0
    assert evidence[0] > np.sort(evidence)[-2] + 3


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Forty data sets from the prior, 80 % intervals; false alarm one in 10^4 per number."""
    rng, sets = np.random.default_rng(3), 40
    prior = {"error_rate": stats.norm(special.logit(0.1), 0.5), "feedback": stats.norm(-0.7, 0.5)}
    inside, narrow = np.zeros(2), np.zeros(2)
    for _ in range(sets):
        e = special.expit(rng.normal(special.logit(0.1), 0.5))
        g = np.exp(rng.normal(-0.7, 0.5))
        found = posterior_history(
            marks(e, g, (50, 12), rng), "self-conditioning, share", level=0.8, prior=prior
        )
        for i, (x, truth) in enumerate(zip(found.parameters.values(), (e, g), strict=True)):
            low, middle, high = (float(v) for v in (x.lower, x.value, x.upper))
            inside[i] += low <= truth <= high
            narrow[i] += (low + 2 * middle) / 3 <= truth <= (2 * middle + high) / 3
    low, high = stats.binom.ppf([1e-4 / 2, 1 - 1e-4 / 2], sets, 0.8)
    assert ((low <= inside) & (inside <= high)).all(), inside
    assert (narrow < low).all(), narrow


@pytest.mark.parametrize("family", HISTORY_FAMILIES)
def test_marks_that_are_all_alike_give_wide_answers(family):
    for all_wrong in (False, True):
        found = posterior_history(np.full((5, 8), all_wrong), family)
        for x in found.parameters.values():
            assert 0 <= x.lower < x.value < x.upper
            assert np.isfinite([x.value, x.upper, x.stderr]).all()
        assert any("rests on its prior" in note for note in found.notes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"family": "unifrom"}, "family must be one of uniform"),
        ({"level": 0.0}, "level must lie in"),
        ({"given": -1}, "given must be a whole number"),
        ({"wrong": np.full((2, 2), 2)}, "wrong must hold 0"),
        ({"prior": {"feedback": stats.norm()}}, "prior must name parameters of error_rate"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        posterior_history(**({"wrong": np.eye(3), "family": "uniform"} | arguments))
