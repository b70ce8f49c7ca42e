"""Unbiased pass@k: to rounding, without bias (by enumeration), and with honest errors."""

import itertools

import jax
import mpmath
import numpy as np
import pytest
from scipy import stats

from simlib.forecast import Counts, log_all_fail, pass_at_k, pass_curve
from simlib.forecast._beta_ratio import log_beta_ratio
from simlib.formulas._beta import log_beta_ratio as compiled
from tests.statistics import assert_agrees

EPS = np.finfo(float).eps
LARGE = [1, 2, 3, 9, 10, 11, 100, 3_000, 10**5, 10**6]


def exact_log_all_fail(c: int, n: int, k: int):
    with mpmath.workdps(40):
        return mpmath.log(mpmath.binomial(n - c, k) / mpmath.binomial(n, k))


def test_rounding_error_on_a_log_grid():
    # The bound of the docstring; the worst case found is below 3.
    worst = 0.0
    for n, c, k in itertools.product(LARGE, [0, *LARGE], LARGE):
        if c > n or k > n:
            continue
        found = float(log_all_fail(c, n, k))
        if c > n - k:
            assert found == -np.inf
            continue
        truth = exact_log_all_fail(c, n, k)
        error = abs(mpmath.mpf(found) - truth)
        worst = max(worst, float(error / abs(truth)) if truth else float(error))
    assert worst < 4 * EPS


def test_ratio_equals_the_compiled_one_and_mpmath():
    a, b, k = np.meshgrid(np.geomspace(1e-3, 1e8, 6), np.geomspace(1e-2, 1e8, 6), [1, 7, 1e12])
    found = log_beta_ratio(a, b, k)
    assert np.allclose(found, compiled(a, b, k), rtol=200 * EPS, atol=0)
    with mpmath.workdps(60):
        g = mpmath.loggamma
        for value, *point in zip(*(x.ravel() for x in (found, a, b, k)), strict=True):
            x, y, z = map(mpmath.mpf, map(float, point))
            truth = g(y + z) + g(x + y) - g(y) - g(x + y + z)
            assert abs(mpmath.mpf(float(value)) / truth - 1) < 200 * EPS


@pytest.mark.parametrize("n", [1, 2, 5, 12])
@pytest.mark.parametrize("p", [0.0, 0.03, 0.5, 1.0])
def test_unbiased_by_enumeration(n, p):
    c, k = np.arange(n + 1)[:, None], np.arange(1, n + 1)
    chance = stats.binom.pmf(c, n, p)
    mean = (chance * -np.expm1(log_all_fail(c, n, k))).sum(0)
    assert mean == pytest.approx(1 - (1 - p) ** k, abs=1e-14)
    plug_in = (chance * (1 - (1 - c / n) ** k)).sum(0)
    if 0 < p < 1 and n > 1:  # the comparison can fail: the plug-in rule is seen to be biased
        assert (np.abs(plug_in - (1 - (1 - p) ** k))[1:] > 1e-5).all()


@pytest.mark.parametrize("rates", [(0.2, 0.7), (0.05, 0.4, 0.9)])
def test_stopped_and_mixed_data_are_unbiased_by_enumeration(rates):
    """Every outcome of problems stopped at the first success or after four attempts."""
    limit, k = 4, np.array([1, 2, 3, 4])
    outcomes = [(j, 1) for j in range(1, limit + 1)] + [(limit, 0)]
    mean = np.zeros(len(k))
    for combination in itertools.product(outcomes, repeat=len(rates)):
        n, c = zip(*combination, strict=True)
        chance = np.prod(
            [
                (1 - p) ** (a - 1) * p if s else (1 - p) ** a
                for p, a, s in zip(rates, n, c, strict=True)
            ]
        )
        counts = Counts.from_columns(
            None, [*n, 10], [*c, 3], ["first_success"] * len(n) + ["fixed"]
        )
        mean += chance * pass_curve(counts, k)
    fixed = -np.expm1(log_all_fail(3, 10, k))
    truth = (sum(1 - (1 - p) ** k for p in rates) + fixed) / (len(rates) + 1)
    assert mean == pytest.approx(truth, abs=1e-12)


def test_stopped_data_in_chens_formula_is_biased():
    """What the product limit is for: k = 1 from runs until the first success."""
    p, limit = 0.1, 400
    j = np.arange(1, limit + 1)
    chance = p * (1 - p) ** (j - 1)
    naive = (chance * -np.expm1(log_all_fail(1, j, 1))).sum()
    assert naive > 2.5 * p


@pytest.mark.parametrize("p", [0.003, 0.02, 0.1, 0.3, 0.8])
def test_noise_variance_is_unbiased_up_to_half_the_attempts(p):
    n = 12
    c, k = np.arange(n + 1), np.arange(1, n + 1)
    chance = stats.binom.pmf(c, n, p)
    value = -np.expm1(log_all_fail(c[:, None], n, k))
    truth = chance @ value**2 - (chance @ value) ** 2
    one = [Counts.from_columns(None, [n], [x]) for x in c]
    said = chance @ [np.asarray(pass_at_k(x, k, target="these problems").stderr) ** 2 for x in one]
    assert said[: n // 2] == pytest.approx(truth[: n // 2], rel=1e-6)
    assert (said[n // 2 :] > truth[n // 2 :]).all()


def test_population_interval_covers():
    """Coverage over simulated benchmarks, nominal 95 %; rates from a beta distribution."""
    rng, problems, n, repeats = np.random.default_rng(5), 40, 50, 400
    a, b, k = 0.4, 3.0, np.array([1, 10, 50])
    truth = -np.expm1(log_beta_ratio(a, b, k))
    successes = rng.binomial(n, rng.beta(a, b, (repeats, problems)))
    inside = np.zeros(3)
    for row in successes:
        found = pass_at_k(Counts.from_columns(None, [n] * problems, row), k)
        inside += found.contains(truth)
    coverage = inside / repeats
    # Wilson's interval on few problems: one in a million is
    # four standard errors of 1.1 points and the half point that the interval itself is off.
    assert (np.abs(coverage - 0.95) < 0.06).all(), coverage


def test_mean_over_problems_agrees_with_simulation():
    """False alarm one in a million; an exponent that is 2 % wrong is caught."""
    rng, problems, n = np.random.default_rng(6), 40_000, 60
    a, b, k = 0.4, 3.0, np.array([1, 5, 20, 60])
    successes = rng.binomial(n, rng.beta(a, b, problems))
    found = pass_at_k(Counts.from_columns(None, [n] * problems, successes), k)
    assert_agrees(
        np.asarray(found.value),
        -np.expm1(log_beta_ratio(a, b, k)),
        stderr=np.asarray(found.stderr),
        wrong={
            "forgets one attempt": -np.expm1(log_beta_ratio(a, b, k - 1)),
            "has a larger shape": -np.expm1(log_beta_ratio(1.05 * a, b, k)),
        },
    )


def test_nothing_and_everything_solved_keep_an_interval():
    none = pass_at_k(Counts.from_columns(None, [10] * 20, [0] * 20), [1, 10])
    every = pass_at_k(Counts.from_columns(None, [10] * 20, [10] * 20), [1, 10])
    assert (np.asarray(none.value) == 0).all()
    assert (np.asarray(none.upper) > 0.1).all()
    assert (np.asarray(every.value) == 1).all()
    assert (np.asarray(every.lower) < 0.9).all()
    one = pass_at_k(Counts.from_columns(None, [10], [3]), 5)
    assert float(one.upper - one.lower) > 0.5
    assert np.isfinite(float(one.stderr))


def test_shape_follows_k_and_n_counts_problems():
    counts = Counts.from_columns(None, [10, 20], [3, 4])
    found = pass_at_k(counts, [[1, 2], [3, 4]])
    assert found.shape == (2, 2)
    assert found.n == 2
    assert pass_at_k(counts, 3).shape == ()


def test_unequal_attempts():
    counts = Counts.from_columns(["easy", "short"], [10, 5], [3, 2])
    with pytest.raises(ValueError, match=r"problem 1 \(short\) has 5 attempts, fewer than k = 7"):
        pass_at_k(counts, [1, 7])
    rest = pass_at_k(counts, [1, 7], short="leave out")
    assert rest.n == 1
    assert float(rest.value[0]) == pytest.approx(0.3)
    with pytest.raises(ValueError, match="no problem has 11 attempts"):
        pass_at_k(counts, 11, short="leave out")


def test_values_do_not_follow_the_precision_of_jax():
    counts = Counts.from_columns(None, [7, 9, 9], [1, 1, 0], "first_success")
    reference = pass_curve(counts, [1, 7, 9])
    with jax.enable_x64(False):
        assert (pass_curve(counts, [1, 7, 9]) == reference).all()
        assert (log_all_fail(3, 10_000, 77) == log_all_fail(3, 10_000, 77)).all()


@pytest.mark.parametrize(
    ("k", "message"),
    [(0, "whole numbers"), (1.5, "whole numbers"), (float("nan"), "whole numbers"),
     ("ten", "k must be numbers"), (10**12, "fewer than k = 1000000000000")],
)  # fmt: skip
def test_bad_k(k, message):
    with pytest.raises(ValueError, match=message):
        pass_at_k(Counts.from_columns(None, [10], [3]), k)


def test_bad_options():
    counts = Counts.from_columns(None, [10], [3])
    with pytest.raises(Exception, match=r"target must be|Expected type"):
        pass_at_k(counts, 1, target="everybody")
    with pytest.raises(Exception, match=r"short must be|Expected type"):
        pass_at_k(counts, 1, short="drop")
    with pytest.raises(ValueError, match="given up after 9 attempts"):
        pass_at_k(Counts.from_columns(None, [9], [0], "first_success"), 10)
