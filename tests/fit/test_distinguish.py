"""How many runs tell two processes apart: divergence in closed form, power by simulation."""

import jax
import numpy as np
import pytest

from simlib import fit
from simlib.fit import FrailPower, PowerHazard, Runs, distinguish
from simlib.mixing import Gamma, PositiveStable
from simlib.processes import HeavyTailed, KeyTokens, LogarithmicGrowth, Uniform
from simlib.simulate import first_error
from tests.statistics import assert_agrees


def test_divergence_of_uniform_errors():
    p, q = 0.05, 0.08
    found = distinguish(Uniform(p), Uniform(q), length=2000)
    odds = np.log((1 - p) / (1 - q))
    expected = np.log(p / q) + (1 / p - 1) * odds
    assert found.divergence == pytest.approx(expected, rel=1e-9)
    # The length is geometric, of variance (1 - p) / p^2.
    assert found.spread == pytest.approx(abs(odds) * np.sqrt(1 - p) / p, rel=1e-9)
    assert found.runs == pytest.approx(
        ((1.959964 + 0.841621) * found.spread / expected) ** 2, rel=1e-5
    )


def test_moments_of_the_ratio_under_the_truth():
    truth, other = PowerHazard(50.0, 0.6), Uniform(0.015)
    found = distinguish(truth, other, length=150)
    first = np.asarray(first_error(truth, key=jax.random.key(1), shape=(200_000,)))
    runs = Runs.from_columns(np.minimum(first, 150), (first <= 150).astype(int))
    ratio = fit.run_log_likelihood(truth, runs) - fit.run_log_likelihood(other, runs)
    each = ratio[runs.pair]
    stderr = each.std() / np.sqrt(each.size)
    print(assert_agrees(each.mean(), found.divergence, stderr=stderr,
                        wrong={"is half as large": found.divergence / 2}))  # fmt: skip
    assert each.std() == pytest.approx(found.spread, rel=0.02)


def test_the_number_of_runs_has_the_promised_power():
    """A thousand experiments of that size; a power below 0.72 or above 0.87 would be seen."""
    truth = FrailPower(50.0, 1.2, 1.0)
    found = distinguish(truth, "power", length=200)
    assert isinstance(found.alternative, PowerHazard)
    size = round(found.runs)
    first = np.asarray(first_error(truth, key=jax.random.key(2), shape=(1000 * size,)))
    runs = Runs.from_columns(np.minimum(first, 200), (first <= 200).astype(int))
    ratio = fit.run_log_likelihood(truth, runs) - fit.run_log_likelihood(found.alternative, runs)
    each = ratio[runs.pair].reshape(1000, size)
    z = each.mean(1) / (each.std(1, ddof=1) / np.sqrt(size))
    # The normal approximation of a skewed mean costs a few per cent.
    assert (z > 1.959964).mean() == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (HeavyTailed(PositiveStable(0.6, 0.02)), PowerHazard(50.0, 0.6)),
        (HeavyTailed(Gamma(0.03, 0.03**2)), FrailPower(1 / 0.03, 1.0, 1.0)),
        (Uniform(0.02), PowerHazard(-1 / np.log1p(-0.02), 1.0)),
    ],
)
def test_the_same_law_is_never_told_apart(first, second):
    assert distinguish(first, second, length=3000).runs == np.inf
    # Wherever they differ, they can be.
    assert distinguish(first, Uniform(0.05), length=3000).runs < 1e4


def test_a_family_that_contains_the_truth_comes_arbitrarily_near():
    assert distinguish(Uniform(0.02), "power", length=500).runs > 1e9


def test_what_the_alternative_excludes_decides_at_once():
    truth, other = Uniform(0.1), KeyTokens(0.1, LogarithmicGrowth(1.0))
    found = distinguish(truth, other, length=50)
    assert found.excluded == pytest.approx(0.1)
    assert found.divergence == np.inf
    assert 1 - 0.9**found.runs == pytest.approx(0.8)
    with pytest.raises(ValueError, match="logarithmic excludes"):
        distinguish(truth, "logarithmic", length=50)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"length": 0}, "length must lie between 1"),
        ({"length": 10, "power": 1.0}, "power must lie"),
        ({"length": 10, "level": 0.0}, "level must lie"),
    ],
)
def test_wrong_arguments(more, message):
    with pytest.raises(ValueError, match=message):
        distinguish(Uniform(0.1), Uniform(0.2), **more)
