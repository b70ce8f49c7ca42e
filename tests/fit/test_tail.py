"""Hill estimates of the tail exponent."""

import jax
import numpy as np
import pytest

from simlib.fit import tail_exponent

KEY = jax.random.key(11)
SHARES = np.array([0.05, 0.2])


def power_law(b: float, items: int, seed: int) -> np.ndarray:
    """ln p with distribution function p^b on (0, 1): an exact power law."""
    return np.log(np.random.default_rng(seed).uniform(size=items)) / b


def test_exact_power_law():
    found = tail_exponent(power_law(0.4, 4000, 1), SHARES, key=KEY, level=0.999, resamples=10_000)
    # Three intervals at level 0.999 under a fixed draw: false-alarm rate 0.3 %.
    assert found.exponent.contains(0.4).all()
    assert found.steepening.contains(1.0)
    # Power: a wrong exponent is refused.
    assert not found.exponent.contains(0.6).any()


def test_matches_its_definition():
    log_p = power_law(1.0, 200, 2)
    m = 40
    ordered = np.sort(log_p)
    by_hand = 1 / np.mean(ordered[m] - ordered[:m])
    found = tail_exponent(log_p, np.array([0.2]), key=KEY)
    np.testing.assert_allclose(found.exponent.value[0], by_hand, rtol=1e-12)


def test_light_tail_steepens():
    # A normal ln p has no power law: its exponent grows towards the tail.
    log_p = np.random.default_rng(3).normal(-20, 2, 8000)
    found = tail_exponent(log_p, np.array([0.01, 0.3]), key=KEY, level=0.999, resamples=10_000)
    assert float(found.steepening.lower) > 1


def test_interval_covers_at_its_level():
    # 200 data sets, nominal 90 %. The percentile bootstrap of a Hill estimate is known to cover a
    # little less; fewer than 150 hits would mean a true coverage below 0.85 (false alarm 1e-4).
    hits = sum(
        bool(
            tail_exponent(
                power_law(0.7, 500, seed), np.array([0.2]), key=jax.random.key(seed),
                level=0.9, resamples=300,
            ).exponent.contains(0.7)[0]
        )
        for seed in range(200)
    )  # fmt: skip
    assert hits >= 150


@pytest.mark.parametrize(
    ("log_p", "share", "message"),
    [
        (np.full(50, -1.0), [0.05], "at least 10 items"),
        (np.full(50, -1.0), [1.0], "at least 10 items"),
        (np.append(np.full(50, -1.0), -np.inf), [0.5], "atom, not a tail"),
    ],
)
def test_bad_input_is_named(log_p, share, message):
    with pytest.raises(ValueError, match=message):
        tail_exponent(log_p, np.array(share), key=KEY)
