"""Rank correlation: by hand, invariant, honest intervals, bad input."""

import numpy as np
import pytest

from simlib.fit import rank_correlation
from tests.statistics import assert_agrees


def test_definition_by_hand():
    rng = np.random.default_rng(1)
    first, second = rng.permutation(50), rng.permutation(50)
    # Without ties: 1 - 6 sum d^2 / (n (n^2 - 1)).
    by_hand = 1 - 6 * ((first - second) ** 2).sum() / (50 * (50**2 - 1))
    np.testing.assert_allclose(rank_correlation(first, second).value, by_hand, rtol=1e-12)


def test_order_is_all_that_counts():
    rng = np.random.default_rng(2)
    x = rng.normal(size=300)
    y = x + rng.normal(size=300)
    plain, bent = rank_correlation(x, y), rank_correlation(np.exp(3 * x), y**3)
    np.testing.assert_allclose(plain.value, bent.value, rtol=1e-12)
    np.testing.assert_allclose(rank_correlation(x, -y).value, -plain.value, rtol=1e-9)
    assert float(rank_correlation(x, x).value) == pytest.approx(1.0)


def test_intervals_cover_as_often_as_they_say():
    # Normal pairs: rho is (6/pi) arcsin(r/2). 90 % intervals; false alarms one in a million.
    r = 0.6
    truth = 6 / np.pi * np.arcsin(r / 2)
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(2000):
        x, e = rng.normal(size=(2, 200))
        found = rank_correlation(x, r * x + np.sqrt(1 - r**2) * e, level=0.9)
        covered += bool(found.contains(truth))
    # A naive standard error of half the size covers 59 %.
    assert_agrees(np.array([covered]), 0.9, n=2000, wrong={"halves its intervals": 0.59})


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.arange(9.0), np.arange(9.0), "10 or more items"),
        (np.arange(12.0), np.arange(11.0), r"shapes \(12,\) and \(11,\)"),
        (np.arange(12.0), np.full(12, 3.0), "second is 3.0 for every item"),
        (np.r_[np.arange(11.0), np.nan], np.arange(12.0), "first must be finite, got nan"),
    ],
)
def test_bad_input_is_named(first, second, message):
    with pytest.raises(ValueError, match=message):
        rank_correlation(first, second)
