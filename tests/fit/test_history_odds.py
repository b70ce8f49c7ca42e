"""Count or share: exponents recovered, intervals that cover, the wrong reading refuted."""

import numpy as np
import pytest

from simlib import fit

ITEMS, STEPS = 8, 200


def histories(rng, items=ITEMS, steps=STEPS, shares=(1 / 32, 1 / 8, 1 / 4, 1 / 2)):
    """Planted errors as in the data: right and wrong steps before each place, and its item."""
    planted = rng.uniform(size=(items, len(shares), steps)) < np.array(shares)[:, None]
    wrong = np.cumsum(planted, axis=2) - planted
    right = np.arange(steps) - wrong
    last = np.concatenate([np.zeros_like(planted[..., :1]), planted[..., :-1]], axis=2)
    kept = ~planted & (np.arange(steps) >= 16)
    item = np.broadcast_to(np.arange(items)[:, None, None], planted.shape)
    return right[kept], wrong[kept], last[kept], item[kept]


def simulated(seed, worth, cost, recent=0.0, spread=0.15):
    """Log-odds with items that differ in level and in both exponents, and noise per place."""
    rng = np.random.default_rng(seed)
    right, wrong, last, item = histories(rng)
    slopes = rng.normal([worth, cost], spread, (ITEMS, 2))[item]
    odds = rng.normal(size=ITEMS)[item] + rng.normal(size=len(item))
    used = (right > 0) & (wrong > 0)
    r, j = (np.log(np.where(used, x, 1)) for x in (right, wrong))
    return odds + slopes[:, 0] * r - slopes[:, 1] * j - recent * last, right, wrong, item, last


def found_of(data, **options):
    odds, right, wrong, item, _ = data
    return fit.history_odds(odds, right, wrong, items=item, **options)


@pytest.mark.parametrize(("worth", "cost"), [(0.8, 0.8), (0.0, 0.5), (0.5, 0.3), (0.0, 0.0)])
def test_exponents_are_recovered(worth, cost):
    found = found_of(simulated(1, worth, cost), level=0.9999)
    assert found.right.contains(worth)
    assert found.wrong.contains(cost)
    assert found.balance.contains(worth - cost)
    assert found.right.n == ITEMS
    assert float(found.balance.value) == pytest.approx(
        float(found.right.value) - float(found.wrong.value)
    )


def test_count_and_share_are_told_apart():
    share, count = (found_of(simulated(2, worth, 0.8)) for worth in (0.8, 0.0))
    assert float(share.right.lower) > 0
    assert float(count.balance.upper) < 0


def naive_worth(data):
    """Mutant: least squares with the usual interval, as if all steps were independent."""
    odds, right, wrong, item, _ = data
    kept = (right > 0) & (wrong > 0)
    dummies = np.eye(ITEMS)[item[kept]]
    x = np.column_stack([np.log(right[kept]), -np.log(wrong[kept]), dummies])
    found, rest, *_ = np.linalg.lstsq(x, odds[kept], rcond=None)
    stderr = np.sqrt(np.linalg.inv(x.T @ x)[0, 0] * rest[0] / (len(x) - x.shape[1]))
    return found[0], stderr


def test_intervals_cover():
    """Eight items that differ: the intervals are Student's over items, not over steps."""
    covered, naive = [], []
    for seed in range(600):
        data = simulated(seed, 0.6, 0.4)
        found = found_of(data)
        covered.append([found.right.contains(0.6), found.wrong.contains(0.4)])
        if seed < 100:
            value, stderr = naive_worth(data)
            assert value == pytest.approx(float(found.right.value), abs=0.2)
            naive.append(abs(value - 0.6) < 1.96 * stderr)
    share = np.mean(covered, axis=0)
    # 600 intervals: 4 standard errors are 3.6 points.
    assert np.all(np.abs(share - 0.95) < 0.036), share
    assert np.mean(naive) < 0.8


def test_recent_errors():
    data = simulated(3, 0.5, 0.5, recent=0.7)
    found = found_of(data, after_error=data[-1], level=0.9999)
    assert found.after_error is not None
    assert found.after_error.contains(-0.7)
    assert found_of(data).after_error is None


def test_impossible_arguments():
    odds, right, wrong, item, _ = simulated(4, 0.5, 0.5)
    with pytest.raises((ValueError, TypeError)):  # the annotation or the check
        fit.history_odds(odds[1:], right, wrong, items=item)
    with pytest.raises(ValueError, match="must be finite"):
        fit.history_odds(odds * np.nan, right, wrong, items=item)
    with pytest.raises(ValueError, match=">= 0 of steps"):
        fit.history_odds(odds, right - 300, wrong, items=item)
    with pytest.raises(ValueError, match="at least 3 items"):
        fit.history_odds(odds, right, wrong, items=item % 2)
    with pytest.raises(ValueError, match="cannot be told apart"):
        fit.history_odds(odds, 3 * (wrong + 1), wrong + 1, items=item)
