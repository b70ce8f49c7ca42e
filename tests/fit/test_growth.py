import numpy as np
import pytest

from simlib.fit import along, growth_exponent

LENGTHS = np.repeat([8, 16, 32, 64], 400)


def counts(exponent, rng, spread=0.5):
    """Overdispersed counts (variance mean + spread * mean^2) whose mean is a power of length."""
    mean = 0.8 * (LENGTHS / 8.0) ** exponent
    return rng.poisson(mean * rng.gamma(1 / spread, spread, LENGTHS.size))


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 1.7])
def test_finds_the_exponent_despite_zeros_and_overdispersion(exponent):
    found = growth_exponent(counts(exponent, np.random.default_rng(11)), LENGTHS)
    assert abs(found.z_score(exponent)) < 4
    # A wrong exponent, a quarter away, is excluded.
    assert abs(found.z_score(exponent + 0.25)) > 3
    assert abs(found.z_score(exponent - 0.25)) > 3


def test_standard_error_agrees_with_the_bootstrap():
    rng = np.random.default_rng(12)
    k = counts(1.0, rng)
    found = growth_exponent(k, LENGTHS)
    drawn = []
    for _ in range(400):
        again = rng.integers(0, LENGTHS.size, LENGTHS.size)
        drawn.append(float(growth_exponent(k[again], LENGTHS[again]).value))
    # 400 samples know a standard error to 3.5 %: four of these.
    assert abs(np.std(drawn) / float(found.stderr) - 1) < 0.14


def test_running_totals_of_one_unit_count_once():
    rng = np.random.default_rng(14)
    lengths = np.array([8, 16, 32, 64])
    # The hazard falls as j^(-0.4), so totals grow with the exponent 0.6; units differ a lot.
    rate = 0.6 * np.arange(1, 65) ** -0.4
    truth, hits, naive_hits = _local_slope(rate, lengths), 0, 0
    for _ in range(200):
        rows = rng.poisson(rate * rng.gamma(0.5, 2.0, (150, 1)))
        amount, length, unit = along(rows, lengths)
        found = growth_exponent(amount, length, unit=unit)
        hits += bool(found.contains(truth))
        naive_hits += bool(growth_exponent(amount, length).contains(truth))
    assert found.n == 150
    # Binomial(200, 0.95): outside 174 to 199 with probability below 1e-4.
    assert 174 <= hits <= 199
    # Taking the four totals of a unit for independent ones makes intervals far too wide here.
    assert naive_hits == 200


def _local_slope(rate, lengths):
    """The exponent that the estimator finds with infinitely many units."""
    totals = np.cumsum(rate)[lengths - 1]
    return float(growth_exponent(totals, lengths).value)


def test_coverage_is_nominal():
    rng = np.random.default_rng(13)
    hits = sum(
        bool(growth_exponent(counts(0.6, rng, 2.0), LENGTHS).contains(0.6)) for _ in range(400)
    )
    # Binomial(400, 0.95): outside 360 to 396 with probability below 2e-4.
    assert 360 <= hits <= 396


def test_steep_slopes_are_reached():
    n = np.array([10.0, 100.0])
    assert float(growth_exponent(n**-6, n).value) == pytest.approx(-6)
    assert float(growth_exponent(n**5, n).value) == pytest.approx(5)


def test_lengths_beyond_the_answers_are_refused():
    with pytest.raises(ValueError, match="between 1 and 3"):
        along(np.ones((2, 3)), np.array([1, 4]))


@pytest.mark.parametrize(
    ("amount", "length", "message"),
    [
        ([1, 2], [5, 5], "two lengths"),
        ([1, 2], [0, 5], "positive"),
        ([-1, 2], [1, 5], "at least 0"),
        ([0, 2], [1, 5], "Lower the threshold"),
        ([0, 0], [1, 5], "Lower the threshold"),
        ([1, 2, 3], [1, 5], "one of each"),
    ],
)
def test_impossible_input_is_refused(amount, length, message):
    with pytest.raises(ValueError, match=message):
        growth_exponent(np.array(amount), np.array(length))
