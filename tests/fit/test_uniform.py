"""The distance to the uniform law and its two parts."""

import jax
import numpy as np
import pytest

from simlib.fit import length_extrapolation, uniform_gap

KEY = jax.random.key(20)


def _log_prob(rates):
    return np.log1p(-np.asarray(rates, dtype=float))


def test_identity_holds_for_any_table():
    rates = np.random.default_rng(1).uniform(0, 0.6, (40, 7))
    gap = uniform_gap(_log_prob(rates), key=KEY)
    total = gap.predicted.value - gap.concentration.value + gap.association.value
    assert float(total) == pytest.approx(float(gap.log_success.value), rel=1e-12)
    assert float(gap.log_success.value) == pytest.approx(
        np.log(np.prod(1 - rates, axis=1).mean()), rel=1e-12
    )
    assert float(gap.error_rate.value) == pytest.approx(rates.mean(), rel=1e-12)


def test_one_rate_leaves_no_gap():
    gap = uniform_gap(_log_prob(np.full((30, 5), 0.2)), key=KEY)
    for part in (gap.concentration, gap.association):
        assert abs(float(part.value)) < 1e-12


def test_pattern_by_position_is_concentration_and_nothing_else():
    rates = np.tile([0.0, 0.4, 0.0, 0.0], (30, 1))
    gap = uniform_gap(_log_prob(rates), key=KEY)
    assert float(gap.concentration.value) == pytest.approx(4 * np.log(0.9) - np.log(0.6), rel=1e-12)
    assert abs(float(gap.association.value)) < 1e-12


def test_shared_difficulty_is_association_and_nothing_else():
    rates = np.repeat([[0.0], [0.5]], 20, axis=0) * np.ones(6)
    gap = uniform_gap(_log_prob(rates), key=KEY)
    assert abs(float(gap.concentration.value)) < 1e-12
    assert float(gap.association.value) == pytest.approx(
        np.log((1 + 0.5**6) / 2) - 6 * np.log(0.75), rel=1e-12
    )


def test_opposed_difficulty_gives_negative_association():
    rates = np.array([[0.0, 0.5], [0.5, 0.0]] * 10)
    gap = uniform_gap(_log_prob(rates), key=KEY)
    assert float(gap.association.value) < 0


def test_independent_redraws_are_covered():
    # 95 % intervals miss 20 of 400 by chance; under 5 or over 41 with probability 2e-5.
    rng, missed = np.random.default_rng(2), 0
    for i in range(400):
        rates = rng.choice([0.01, 0.3], (150, 5))
        gap = uniform_gap(_log_prob(rates), key=jax.random.fold_in(KEY, i), resamples=300)
        missed += not bool(gap.association.contains(0.0))
    assert 4 < missed < 42


def test_impossible_tokens_are_allowed():
    log_prob = _log_prob(np.full((20, 3), 0.1))
    log_prob[0, 1] = -np.inf
    gap = uniform_gap(log_prob, key=KEY)
    assert float(gap.log_success.value) == pytest.approx(np.log(19 / 20 * 0.9**3), rel=1e-12)


def test_length_extrapolation_is_one_for_one_rate_and_notices_another():
    short, long = _log_prob(np.full((30, 4), 0.1)), _log_prob(np.full((40, 9), 0.1))
    right = length_extrapolation(short, long, key=KEY)
    assert float(right.value) == pytest.approx(1.0, rel=1e-12)
    half = length_extrapolation(
        short,
        _log_prob(np.full((40, 9), 0.05)),
        key=KEY,
    )
    assert float(half.value) == pytest.approx(np.log(0.95) / np.log(0.9), rel=1e-12)
    assert half.n == 30  # the smaller of the two samples


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.zeros(3), "at least two answers"),
        (np.zeros((1, 3)), "at least two answers"),
        (np.full((3, 2), 0.5), "take the logarithm"),
        (np.full((3, 2), np.nan), "take the logarithm"),
        (np.full((3, 2), -np.inf), "no answer can succeed"),
    ],
)
def test_faulty_tables_are_named(table, message):
    with pytest.raises(ValueError, match=message):
        uniform_gap(table, key=KEY)


def test_certain_short_answers_give_no_rate():
    with pytest.raises(ValueError, match="no error rate"):
        length_extrapolation(np.zeros((3, 2)), _log_prob(np.full((3, 2), 0.1)), key=KEY)
