"""The published forecasts: maxima that others find too, curves against quadrature, and limits."""

import mpmath
import numpy as np
import pytest
from scipy import special, stats

from simlib.fit import fit_counts
from simlib.forecast import (
    BASELINES,
    Counts,
    binomial_mixture,
    discretised,
    fit_binomial_mixture,
    fit_discretised,
    fit_power_law,
    fit_saturating_curve,
    least_squares,
    log_spaced,
    observed_window,
    pass_curve,
)
from simlib.forecast._binomial_mixtures import BinomialMixture
from simlib.forecast._difficulty_grid import CountLikelihood, DifficultyGrid
from simlib.mixing import Beta, Kumaraswamy

K = np.array([1, 10, 1e3, 1e6, 1e12])


def counts_of(p, n, seed=0):
    successes = np.random.default_rng(seed).binomial(n, p)
    return Counts.from_columns(None, np.broadcast_to(n, successes.shape), successes)


def rates(a=0.4, b=4.0, problems=128, seed=0):
    return np.random.default_rng(seed + 1).beta(a, b, problems)


# -- one likelihood, two optimisers ------------------------------------------------------------


@pytest.mark.parametrize("family", ["beta", "kumaraswamy"])
@pytest.mark.parametrize("atom", [False, True])
def test_maximum_is_that_of_fit_counts(family, atom):
    n = np.where(np.arange(120) % 3 == 0, 30, 200)  # unequal numbers of attempts
    p = np.where(np.arange(120) % 4 == 0, 0.0, rates(problems=120))
    counts = counts_of(p, n)
    found = fit_binomial_mixture(counts, family, atom=atom)
    other = fit_counts(counts.successes, counts.attempts, family, atom=atom)
    choose = special.gammaln(n + 1) - special.gammaln(counts.successes + 1)
    choose -= special.gammaln(n - counts.successes + 1)
    assert found.log_likelihood == pytest.approx((other.log_likelihood - choose).sum(), abs=1e-5)
    assert found.a == pytest.approx(float(other.parameters["a"].value), rel=1e-3)
    if atom:
        assert found.atom == pytest.approx(float(other.parameters["atom"].value), abs=1e-3)
        assert found.atom > 0.1


def test_quadrature_agrees_with_the_closed_form():
    """The grid is the route of all scaled fits: with scale 1 it must give the beta-binomial."""
    n, c = np.array([10, 1000, 10_000, 10_000]), np.array([0, 1, 37, 10_000])
    for a, b in [(0.01, 0.3), (0.15, 3.5), (5.0, 2.0), (20.0, 1e3)]:
        found, slope = CountLikelihood(DifficultyGrid("beta", 10_000), n, c)(np.log([a, b]))
        truth = special.betaln(a + c, b + n - c) - special.betaln(a, b)
        assert found == pytest.approx(truth, rel=1e-7, abs=1e-9)
        psi = special.digamma
        by_a = psi(a + c) - psi(a) + psi(a + b) - psi(a + b + n)
        assert slope[:, 0] == pytest.approx(a * by_a, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("scale", [1.0, 0.3, 1e-3])
def test_scaled_likelihood_against_mpmath(scale):
    n, c, a, b = 50, 3, 0.2, 1.7
    found = CountLikelihood(DifficultyGrid("beta", n, scale), np.array([n]), np.array([c]))
    with mpmath.workdps(30):
        s = mpmath.mpf(scale)
        truth = mpmath.log(
            s**c * mpmath.beta(c + a, b) / mpmath.beta(a, b)
            * mpmath.hyp2f1(-(n - c), c + a, c + a + b, s)
        )  # fmt: skip
    assert found(np.log([a, b]))[0][0] == pytest.approx(float(truth), abs=1e-8)


@pytest.mark.parametrize(("family", "mixing"), [("beta", Beta), ("kumaraswamy", Kumaraswamy)])
def test_implied_curve_is_that_of_the_mixing_distribution(family, mixing):
    # At a = 0.035 a quadrature in p itself loses most of the mass near 0.
    for a, b in [(0.035, 1.0), (0.3, 5.0), (2.0, 40.0)]:
        fit = BinomialMixture(family, a, b, 1.0, 0.0, 0.0, 1000)
        truth = -np.expm1(np.asarray(mixing(a, b).log_laplace(K[:4])))
        assert fit.pass_at_k(K[:4]) == pytest.approx(truth, rel=1e-8)
        grid = DifficultyGrid(family, 1000).pass_at_k(np.log([a, b]), K)
        assert grid[:4] == pytest.approx(truth, rel=1e-7)


def test_scaled_kumaraswamy_does_not_overflow():
    fit = BinomialMixture("kumaraswamy", 0.3, 5.0, 0.2, 0.25, 0.0, 100_000)
    p = 0.2 * (1 - np.random.default_rng(0).uniform(size=200_000) ** (1 / 5)) ** (1 / 0.3)
    for k in (1, 3_000, 100_000):
        each = 0.75 * -np.expm1(k * np.log1p(-p))
        error = each.std() / len(p) ** 0.5
        assert float(fit.pass_at_k(k)) == pytest.approx(each.mean(), abs=5 * error)


# -- recovery, and what must be caught ---------------------------------------------------------


def test_recovery_of_the_shapes():
    """Five standard errors from 4,000 problems; false alarms below one in a million."""
    a, b, problems = 0.4, 4.0, 4000
    counts = counts_of(rates(a, b, problems), 100)
    found = fit_binomial_mixture(counts)
    other = fit_counts(counts.successes, counts.attempts, "beta")
    for value, truth, name in ((found.a, a, "a"), (found.b, b, "b")):
        error = float(other.parameters[name].stderr)
        assert abs(value - truth) < 5 * error
        assert 5 * error < 0.2 * truth  # a fifth would be seen


def test_stopped_and_fixed_counts_of_the_same_runs_give_the_same_fit():
    """The rule does not enter the likelihood, and the curve of stopped runs is not biased."""
    rng, p = np.random.default_rng(3), rates(0.5, 3.0, 6000)
    first = rng.geometric(np.maximum(p, 1e-12))
    stopped = Counts.from_columns(None, np.minimum(first, 300), first <= 300, "first_success")
    found, truth = binomial_mixture(stopped, [1, 10, 100]), pass_curve(stopped, [1, 10, 100])
    exact = -np.expm1(np.asarray(Beta(0.5, 3.0).log_laplace(np.array([1.0, 10, 100]))))
    assert found == pytest.approx(exact, rel=0.05)
    assert truth == pytest.approx(exact, rel=0.05)
    # Treated as a fixed number of attempts, the rates of solved problems come out far too large.
    wrong = np.mean(stopped.successes / stopped.attempts)
    assert wrong > 1.5 * exact[0]


def test_least_squares_is_the_line_of_the_source():
    law = fit_power_law(K[:4], np.exp(-3.0 * K[:4] ** -0.3))
    assert (law.a, law.b) == pytest.approx((3.0, 0.3))
    counts = counts_of(rates(), 100)
    k = log_spaced(100)
    y = np.log(-np.log(pass_curve(counts, k)))
    line = stats.linregress(np.log(k), y)
    expected = np.exp(-np.exp(line.intercept + line.slope * np.log(1e4)))
    assert float(least_squares(counts, 10_000)) == pytest.approx(expected)


def test_levi_recovers_its_own_curve():
    k = log_spaced(10_000)
    truth = 0.8 * -np.expm1(np.asarray(Beta(0.35, 5.0).log_laplace(k)))
    found = fit_saturating_curve(k, truth)
    assert (found.share, found.a, found.b) == pytest.approx((0.8, 0.35, 5.0), rel=1e-4)
    assert float(found.pass_at_k(10**12)) == pytest.approx(0.8, abs=1e-3)


def test_zero_inflation_never_loses_and_finds_an_atom():
    p = np.where(np.random.default_rng(8).uniform(size=600) < 0.4, 0.0, rates(2.0, 5.0, 600))
    counts = counts_of(p, 100)
    plain, with_atom = (fit_binomial_mixture(counts, atom=x) for x in (False, True))
    assert with_atom.log_likelihood > plain.log_likelihood + 10
    assert with_atom.atom == pytest.approx(0.4, abs=0.1)
    smooth = counts_of(rates(2.0, 5.0, 600), 100)
    assert fit_binomial_mixture(smooth, atom=True).atom < 0.02


def test_discretised_fit_approaches_the_truth_only_with_many_attempts():
    p = rates(0.4, 4.0, 3000)
    near, far = (fit_discretised(counts_of(p, n)).a for n in (100_000, 30))
    assert near == pytest.approx(0.4, rel=0.15)
    assert abs(far - 0.4) > abs(near - 0.4)


def test_line_through_the_implied_curve():
    counts = counts_of(rates(), 1000)
    fit = fit_binomial_mixture(counts, scaled=True)
    k = log_spaced(1000)
    expected = fit_power_law(k, fit.pass_at_k(k)).pass_at_k(K)
    assert binomial_mixture(counts, K, scaled=True, line=True) == pytest.approx(expected)
    assert discretised(counts, K, line=True).shape == K.shape


# -- limits and bad input ----------------------------------------------------------------------

CASES = {
    "typical": counts_of(rates(), 100),
    "no success": counts_of(np.zeros(20), 50),
    "all solved": counts_of(np.ones(20), 50),
    "one problem": Counts.from_columns(None, [50], [7]),
    "one success": Counts.from_columns(None, [50] * 9, [0] * 8 + [1]),
    "equal problems": counts_of(np.full(64, 0.3), 1000),
    "two attempts": counts_of(rates(), 2),
    "solved or not": Counts.from_columns(None, [40] * 20, [0] * 10 + [40] * 10),
}


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("case", CASES)
def test_forecasts_are_probabilities_that_rise(name, case):
    found = BASELINES[name](CASES[case], K)
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= -1e-9).all()
    if case in ("no success", "all solved"):
        assert (found == float(case == "all solved")).all()


@pytest.mark.parametrize("name", BASELINES)
def test_shape_follows_k(name):
    assert BASELINES[name](CASES["typical"], [[10, 20], [30, 40]]).shape == (2, 2)
    assert BASELINES[name](CASES["typical"], 10).shape == ()
    with pytest.raises(ValueError, match="whole numbers of attempts from 1 on"):
        BASELINES[name](CASES["typical"], 0)


def test_problems_without_attempts():
    counts = Counts.from_columns(None, [50, 60, 0], [3, 9, 0])
    assert binomial_mixture(counts, K) == pytest.approx(binomial_mixture(counts[:2], K))
    for name in ("least squares", "Levi", "discretised beta"):
        with pytest.raises(ValueError, match=r"without attempts|no attempts"):
            BASELINES[name](counts, K)
    with pytest.raises(ValueError, match="no attempt at any problem"):
        binomial_mixture(counts[2:], K)


def test_window():
    rules = ["fixed", "first_success", "first_success"]
    mixed = Counts.from_columns(None, [50, 60, 20], [3, 0, 1], rules)
    assert observed_window(mixed) == 50
    assert observed_window(mixed[1:]) == 60


def test_what_the_discretised_fits_and_lines_cannot_use():
    stopped = Counts.from_columns(None, [9, 20], [1, 0], "first_success")
    with pytest.raises(ValueError, match="stopped at the first success"):
        discretised(stopped, K)
    with pytest.raises(ValueError, match="a line needs two points"):
        fit_power_law([1, 2, 3], [0.0, 0.5, 1.0])
    with pytest.raises(ValueError, match="a line needs two points"):
        least_squares(Counts.from_columns(None, [1, 1], [1, 0]), K)
