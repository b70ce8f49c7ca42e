"""The posterior against closed forms, and against itself under small changes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from simlib.forecast import Counts, Normal, Prior, broad_prior, draw_log_rates, forecast, posterior
from simlib.forecast._nodes import NODES, likelihood
from simlib.forecast._posterior import node_masses
from simlib.forecast._prior import MEMBERS
from tests.statistics import assert_agrees

K = np.array([1.0, 10.0, 1e3, 1e6])


def known_beta(a, b, atom=0.0):
    """A prior that is certain of the mixing distribution, and of the unsolvable share."""
    certain = Normal(np.log([a, b]), 1e-12 * np.eye(2))
    return Prior(
        {"beta": 1.0}, {"beta": [(1.0, certain)]}, np.array([0.0, 0.3]), np.array([1 - atom, atom])
    )


def log_beta(a, b):
    return special.betaln(a, b)


@pytest.mark.parametrize(("n", "c"), [(0, 0), (10, 0), (100, 3), (1000, 999), (10**6, 400_000)])
def test_one_problem_of_a_known_benchmark_is_conjugate(n, c):
    a, b = 0.4, 3.0
    # A second problem, without attempts, keeps the counts legal where n is 0.
    counts = Counts.from_columns(None, [n, 1], [c, 0])
    found = posterior(counts, known_beta(a, b)).only(np.array([True, False]))
    failed = np.exp(np.outer(K, -np.logaddexp(0.0, NODES)))
    mean, variance = found.moments(failed, np.ones(len(K)))
    exact = np.exp(log_beta(a + c, b + n - c + K) - log_beta(a + c, b + n - c))
    square = np.exp(log_beta(a + c, b + n - c + 2 * K) - log_beta(a + c, b + n - c))
    # Interpolation between nodes: below 0.2 % of an expectation or 0.0004 of coverage.
    np.testing.assert_allclose(mean @ found.member_weight, exact, rtol=2e-3, atol=4e-4)
    np.testing.assert_allclose(
        variance @ found.member_weight, square - exact**2, rtol=5e-3, atol=4e-4
    )


def test_a_problem_never_solved_may_be_unsolvable():
    a, b, n, share = 0.4, 3.0, 50, 0.3
    counts = Counts.from_columns(None, [n, n], [0, 9])
    found = posterior(counts, known_beta(a, b, atom=1.0)).only(np.array([True, False]))
    missed = np.exp(log_beta(a, b + n) - log_beta(a, b))
    out = share / (share + (1 - share) * missed)
    far = np.exp(log_beta(a, b + n + K) - log_beta(a, b + n))
    mean, _ = found.moments(np.exp(np.outer(K, -np.logaddexp(0.0, NODES))), np.ones(len(K)))
    np.testing.assert_allclose(mean @ found.member_weight, out + (1 - out) * far, rtol=2e-3)


@pytest.mark.parametrize(("n", "c"), [(7, 3), (5000, 2500), (10**7, 3 * 10**6), (300, 300)])
def test_a_likelihood_keeps_its_integral_on_the_nodes(n, c):
    # Against a flat density in the rate: the beta function, whatever the width.
    row = likelihood(np.array([n]), np.array([c]))[0]
    p = special.expit(NODES)
    density = p * (1 - p)  # of the logit, where the rate is uniform
    ratio = (row @ (density * p)) / (row @ density)
    np.testing.assert_allclose(ratio, (c + 1) / (n + 2), rtol=2e-3)


@pytest.mark.parametrize("name", MEMBERS)
def test_every_family_puts_all_its_mass_on_the_nodes(name):
    normal = broad_prior().moments(name)
    rng = np.random.default_rng(3)
    vectors = rng.multivariate_normal(normal.mean, normal.covariance, 512)
    mass = node_masses(name, vectors)
    assert np.all(mass >= 0)
    np.testing.assert_allclose(mass.sum(1), 1.0, atol=1e-9)


def test_nothing_is_random_and_no_setting_matters():
    counts = Counts.from_columns(None, [30] * 8, [0, 0, 0, 1, 2, 9, 20, 30])
    first = forecast(counts, K)
    with jax.enable_x64(False):
        second = forecast(counts, K)
    np.testing.assert_array_equal(first.pass_at_k.value, second.pass_at_k.value)
    np.testing.assert_array_equal(first.pass_at_k.upper, second.pass_at_k.upper)


def test_draws_follow_the_posterior_that_they_are_drawn_from():
    # False alarm: one in a million for the family of comparisons.
    counts = Counts.from_columns(None, [40] * 12, [0] * 5 + [1, 2, 4, 9, 20, 33, 40])
    found = forecast(counts, K)
    keys = jax.random.split(jax.random.key(5), 400)
    log_p = np.array([draw_log_rates(found.posterior, key=key) for key in keys])
    solved = -np.expm1(np.log1p(-np.exp(np.minimum(log_p, -1e-12)))[:, :, None] * K)
    each = solved.mean(1)
    stderr = each.std(0, ddof=1) / np.sqrt(len(keys))
    truth = np.asarray(found.pass_at_k.value)
    # Draws are of one posterior: their spread is its standard deviation too.
    np.testing.assert_allclose(each.std(0), found.pass_at_k.stderr, rtol=0.2)
    wrong = {"forgets the counts": np.full(4, truth[0])}
    assert_agrees(jnp.asarray(each.mean(0)), truth, stderr=jnp.asarray(stderr))
    for value in wrong.values():
        assert np.any(np.abs(each.mean(0) - value) > 6 * stderr)
