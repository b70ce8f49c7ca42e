"""Frailty against falling hazard: the likelihood of an item, recovery, what one run cannot say."""

import itertools

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy import stats

from simlib import fit
from simlib.fit import FrailPower, Runs, fit_items
from simlib.fit._fit_items import _LEAST, _Items, item_log_likelihood
from tests.statistics import assert_agrees

LENGTH = np.array(
    [[3, 1, 5, 1, 84, 2], [84] * 6, [1] * 6, [10, 20, 30, 40, 50, 84], [1, 84, 84, 0, 0, 0]], float
)
ERROR = np.array(
    [[1, 1, 1, 1, 0, 1], [0] * 6, [1] * 6, [1, 1, 1, 1, 1, 0], [1, 0, 0, 0, 0, 0]], float
)


def by_inclusion_and_exclusion(length, error, rate, exponent, theta, scale):
    """All 2^d signed Laplace transforms of a gamma law, with 50 digits."""
    with mpmath.workdps(50):
        cumulative = lambda n: mpmath.e**rate * (mpmath.mpf(n) / scale) ** exponent
        ends = [(cumulative(n - 1), cumulative(n)) for n, e in zip(length, error, strict=True) if e]
        seen = mpmath.fsum(cumulative(n) for n, e in zip(length, error, strict=True) if not e)
        total = mpmath.mpf(0)
        for chosen in itertools.product((0, 1), repeat=len(ends)):
            at = seen + mpmath.fsum(x[k] for x, k in zip(ends, chosen, strict=True))
            total += (-1) ** sum(chosen) * (1 + theta * at) ** (-1 / mpmath.mpf(theta))
        return float(mpmath.log(total))


@pytest.mark.parametrize("exponent", [0.4, 1.0, 1.5])
@pytest.mark.parametrize("rate", [-2.0, 0.5])
@pytest.mark.parametrize("theta", [1e-5, 1e-2, 0.7, 3.0, 20.0])
def test_the_likelihood_of_an_item(rate, exponent, theta):
    data = _Items(jnp.asarray(LENGTH), jnp.asarray(ERROR), jnp.asarray(20.0))
    got = np.asarray(item_log_likelihood(data, jnp.array([rate, np.log(exponent), theta])))
    for each, n, e in zip(got, LENGTH, ERROR, strict=True):
        expected = by_inclusion_and_exclusion(
            n[n > 0], e[n > 0], rate, exponent, theta + _LEAST, 20
        )
        assert each == pytest.approx(expected, abs=1e-5)


def test_one_run_per_item_is_the_marginal_law():
    runs = Runs.from_columns(np.array([1, 4, 30, 30]), np.array([1, 1, 1, 0]))
    process = FrailPower(20.0, 0.7, 2.0)
    expected = fit.run_log_likelihood(process, runs)
    data = _Items(
        jnp.asarray(runs.length[:, None], float),
        jnp.asarray(runs.error[:, None], float),
        jnp.asarray(20.0),
    )
    got = item_log_likelihood(data, jnp.array([0.0, np.log(0.7), 2.0]))
    assert np.allclose(got, expected, atol=1e-6)


def draw(theta, exponent, seed, items=160, repeats=6, cut=84):
    rng = np.random.default_rng(seed)
    z = rng.gamma(1 / theta, theta, items) if theta else np.ones(items)
    time = 20 * (rng.exponential(size=(items, repeats)) / z[:, None]) ** (1 / exponent)
    first = np.ceil(time).ravel().clip(1, cut + 1)
    item = np.repeat(np.arange(items), repeats)
    return Runs.from_columns(np.minimum(first, cut), (first <= cut).astype(int), item=item)


@pytest.mark.parametrize(("theta", "exponent"), [(1.0, 1.0), (0.0, 0.6), (0.8, 0.6), (0.0, 1.0)])
def test_frailty_and_falling_hazard_are_told_apart(theta, exponent):
    """The same marginal curve may come from either; repeats say from which."""
    found = fit_items(draw(theta, exponent, 1), level=1 - 1e-7)
    variance, shape = (found.parameters[x] for x in ("frailty_variance", "exponent"))
    assert bool(variance.contains(theta))
    assert bool(shape.contains(exponent))
    assert (found.p_value["no frailty"] < 1e-9) == (theta > 0)
    assert (found.p_value["constant hazard"] < 1e-9) == (exponent < 1)
    if theta:
        assert float(variance.lower) > 0.2
    else:
        assert float(variance.lower) == 0.0
        assert float(variance.upper) < 0.3
    assert not bool(shape.contains(1.0 if exponent < 1 else 0.6))


def test_horizons_of_a_new_item_are_those_of_the_marginal_law():
    found = fit_items(draw(0.8, 0.6, 2))
    for r, x in found.horizons.items():
        assert float(found.process.horizon(r)) == pytest.approx(float(x.value), rel=1e-6)


def test_coverage_of_the_frailty_variance():
    """Thirty data sets; a true coverage below 0.55 would be seen."""
    hits = np.zeros(2)
    for seed in range(30):
        found = fit_items(draw(0.6, 0.8, 50 + seed, items=50, repeats=4))
        hits += [
            bool(found.parameters["frailty_variance"].contains(0.6)),
            bool(found.parameters["exponent"].contains(0.8)),
        ]
    print(assert_agrees(hits, [0.95] * 2, n=30, wrong={"a third of the width": [0.4] * 2}))


def test_shuffled_items_show_no_frailty():
    """The marginal law of every run is the same; only who belongs to whom is lost."""
    runs = draw(1.0, 1.0, 3)
    rng = np.random.default_rng(0)
    shuffled = Runs.from_columns(
        runs.length[runs.pair], runs.error[runs.pair], item=rng.permutation(runs.item)
    )
    found = fit_items(shuffled)
    assert float(found.parameters["frailty_variance"].lower) < 0.05
    # What was frailty now looks like a falling hazard.
    assert float(found.parameters["exponent"].upper) < 0.85


def test_without_repeats_the_question_is_refused():
    runs = Runs.from_columns(np.array([3, 5, 9]), np.array([1, 1, 0]), item=np.arange(3))
    with pytest.raises(ValueError, match="none of 3 items has two runs"):
        fit_items(runs)
    with pytest.raises(ValueError, match="none of 2 items has two runs"):
        fit_items(Runs.from_columns(np.array([3, 5]), np.array([1, 0])))


def test_two_runs_of_one_item_give_a_wide_answer():
    runs = Runs.from_columns(np.array([3, 9]), np.array([1, 1]), item=np.array(["a", "a"]))
    found = fit_items(runs)
    for x in [*found.parameters.values(), *found.horizons.values()]:
        assert not np.isnan([x.value, x.lower, x.upper, x.stderr]).any()
    assert float(found.parameters["frailty_variance"].lower) == 0.0


def test_the_gain_is_a_likelihood_ratio():
    runs = draw(0.0, 0.6, 4)
    found = fit_items(runs)
    power = fit.fit_process(runs, "power")
    assert float(found.log_likelihood.sum()) == pytest.approx(
        power.total + found.gain["no frailty"], abs=1e-2
    )
    lost = found.gain["constant hazard"]
    assert found.p_value["constant hazard"] == pytest.approx(stats.chi2.sf(2 * lost, 1))
