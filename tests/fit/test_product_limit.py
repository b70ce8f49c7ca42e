"""The product limit, against lifelines, by hand and by simulation."""

import jax
import lifelines
import numpy as np
import pytest

from simlib import Uniform, simulate
from simlib.fit import product_limit


def _runs(seed=3, size=300):
    rng = np.random.default_rng(seed)
    first, cut = rng.geometric(0.05, size), rng.integers(1, 60, size)
    return np.minimum(first, cut), first <= cut


def test_equals_lifelines():
    seen, wrong = _runs()
    lengths = np.arange(1, seen.max() + 1)
    ours = product_limit(seen, wrong, lengths=lengths, level=0.9)
    with np.errstate(divide="ignore", invalid="ignore"):
        theirs = lifelines.KaplanMeierFitter(alpha=0.1).fit(seen, wrong, timeline=lengths)
    np.testing.assert_allclose(ours.value, theirs.survival_function_.iloc[:, 0], rtol=1e-12)
    some = np.cumsum(np.bincount(seen[wrong], minlength=lengths[-1] + 1))[1:] > 0
    band = theirs.confidence_interval_.to_numpy()
    np.testing.assert_allclose(np.asarray(ours.lower)[some], band[some, 0], rtol=1e-9)
    np.testing.assert_allclose(np.asarray(ours.upper)[some], band[some, 1], rtol=1e-9)


def test_without_censoring_it_is_the_share_and_binomial_error():
    first = np.random.default_rng(4).geometric(0.1, 500)
    found = product_limit(first, np.ones(500, bool), lengths=np.array([5]))
    share = (first > 5).mean()
    assert float(found.value[0]) == pytest.approx(share, rel=1e-12)
    assert float(found.stderr[0]) == pytest.approx((share * (1 - share) / 500) ** 0.5, rel=1e-9)


def test_cut_simulations_give_the_law_and_a_wrong_law_is_caught():
    keys = jax.random.split(jax.random.key(5))
    first = np.asarray(simulate.first_error(Uniform(0.02), key=keys[0], shape=(40_000,)))
    cut = np.asarray(jax.random.randint(keys[1], first.shape, 1, 120))
    lengths = np.array([10, 40, 80])
    found = product_limit(np.minimum(first, cut), first <= cut, lengths=lengths)
    # |z| > 5.5 has probability 1e-7 for three entries.
    assert np.abs(found.z_score(0.98**lengths)).max() < 5.5
    assert np.abs(found.z_score(0.978**lengths)).max() > 5.5


def test_coverage_is_near_nominal():
    """300 intervals of level 0.9: 30 misses expected, 56 or more has probability 3e-6."""
    missed = 0
    for seed in range(300):
        seen, wrong = _runs(seed, 200)
        found = product_limit(seen, wrong, lengths=np.array([15]), level=0.9)
        missed += not bool(found[0].contains(0.95**15))
    assert 8 < missed < 56


def test_edges():
    found = product_limit(np.array([3, 3, 3]), np.zeros(3, bool), lengths=np.array([0, 3, 4]))
    np.testing.assert_array_equal(np.asarray(found.value)[:2], 1.0)
    assert np.isnan(float(found.value[2]))
    assert float(found.lower[1]) == pytest.approx(0.025 ** (1 / 3))
    gone = product_limit(np.array([1, 2]), np.ones(2, bool), lengths=np.array([0, 1, 2, 9]))
    np.testing.assert_allclose(gone.value, [1.0, 0.5, 0.0, 0.0])


@pytest.mark.parametrize(
    ("seen", "wrong", "lengths", "message"),
    [
        ([], [], [1], "one entry per sequence"),
        ([1, 2], [True], [1], "one entry per sequence"),
        ([0, 2], [True, True], [1], "seen must hold whole numbers of at least 1"),
        ([1.5], [True], [1], "whole numbers"),
        ([1], [True], [-1], "lengths must hold"),
    ],
)
def test_faults_are_named(seen, wrong, lengths, message):
    with pytest.raises(ValueError, match=message):
        product_limit(np.array(seen), np.array(wrong), lengths=np.array(lengths))
