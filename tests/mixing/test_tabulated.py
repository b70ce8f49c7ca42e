"""Draws from tables, against the distributions that were tabulated."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from simlib import HeavyTailed
from simlib.mixing import Beta, Gamma, PositiveStable, Tabulated, WithAtom
from simlib.mixing._tabulated import _OCTAVES, _PIECES
from simlib.simulate import survival
from tests.mixing._families import ALL, build
from tests.statistics import assert_agrees

# Steps in the probability of a tail: halvings, as the table has them, down to 2^-14.
HALVINGS = 0.5 ** np.arange(1, 15)


def error_of_probability(table, base, octaves):
    """Relative error of the tail probabilities of the middles of all pieces, left and right."""
    w = 0.5
    pieces = np.asarray(table, float).reshape(4, 2, octaves, _PIECES)
    y = ((pieces[0] * w + pieces[1]) * w + pieces[2]) * w + pieces[3]
    r = 0.5 ** (np.arange(octaves)[:, None] + 1) * (1 + (np.arange(_PIECES) + w) / _PIECES)
    log_cdf = np.asarray(base.log_cdf_log_hazard(jnp.asarray(y)))
    left = np.abs(np.exp(log_cdf[0] - np.log(r / 2)) - 1)
    # A complement known only through 1 - P has few digits far out.
    right = np.abs(-np.expm1(log_cdf[1]) / (r / 2) - 1)[:18]
    return max(left.max(), right.max())


@pytest.mark.parametrize("name", ALL)
def test_the_table_is_the_quantile_function(name):
    base = build(name)
    octaves = _OCTAVES[64]
    assert error_of_probability(Tabulated(base).table, base, octaves) < 1e-7
    off = jax.tree.map(lambda x: x * 1.000001, base)
    assert error_of_probability(Tabulated(off).table, base, octaves) > 1e-7


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_words_become_draws_of_both_tails(dtype):
    # How many draws lie beyond each quantile; the bits of a word decide, so count in octaves.
    base, n = build("beta", dtype), 2**20
    draws = Tabulated(base).sample_log_hazard((n,), key=jax.random.key(1))
    assert draws.dtype == dtype
    p = np.concatenate([HALVINGS, 1 - HALVINGS, np.linspace(0.02, 0.98, 49)])
    at = np.asarray(build("beta").log_hazard_quantile(jnp.asarray(p)))
    below = (np.asarray(draws, float)[:, None] <= at).sum(0)
    assert_agrees(below, p, n=n, wrong={"tails 2 % too heavy": p + 0.02 * p * (1 - p)})


@pytest.mark.parametrize("name", ["gamma", "exGaussian", "logit-normal, wide"])
def test_survival_with_tabulated_draws_is_that_of_the_formula(name):
    process, n = HeavyTailed(Tabulated(build(name))), 2**20
    lengths = np.array([1, 10, 100, 1000, 10**6])
    found = survival(process, lengths, key=jax.random.key(2), replicates=n)
    truth = np.asarray(HeavyTailed(build(name)).survival(lengths))
    assert_agrees(found, truth, wrong={"harder by a percent": truth**1.01})


def test_formulas_are_those_of_the_base():
    base = build("beta")
    fast = Tabulated(base)
    assert float(fast.log_laplace(1e6)) == float(base.log_laplace(1e6))
    assert float(fast.log_moment(3.0, 50.0)) == float(base.log_moment(3.0, 50.0))
    assert float(fast.log_all_fail(10.0, 5.0)) == float(base.log_all_fail(10.0, 5.0))
    assert float(fast.mean()) == float(base.mean())
    assert float(fast.tail_exponent) == float(base.tail_exponent)
    assert float(fast.log_cdf(0.1)) == float(base.log_cdf(0.1))
    assert float(fast.mean_odds_against()) == float(base.mean_odds_against())
    assert float(fast.expect(jnp.exp)) == float(base.expect(jnp.exp))


def test_an_atom_goes_around_the_table():
    mixed = WithAtom(Tabulated(Beta(0.3, 5.0)), 0.25)
    draws = np.asarray(mixed.sample_log_hazard((2**16,), key=jax.random.key(3)))
    assert_agrees([np.isneginf(draws).sum()], [0.25], n=2**16, wrong={"none": np.array([0.2])})


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Tabulated(Gamma(np.ones(3), 1.0)), ValueError, "single distribution"),
        (lambda: Tabulated(WithAtom(Beta(1.0, 2.0), 0.6)), ValueError, "must have no atom"),
        (
            lambda: jax.jit(lambda v: Tabulated(Gamma(1.0, v)).table)(0.5),
            TypeError,
            "must be concrete",
        ),
    ],
)
def test_what_cannot_be_tabulated(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_the_far_tail_of_positive_stable_laws():
    # Of index 1/2 it is Lévy's law, with P(X > x) = erf(sqrt(scale / 4x)).
    y = np.linspace(-2.0, 40.0, 43)
    levy = PositiveStable(0.5, 0.1)
    above = -np.expm1(np.asarray(levy.log_cdf_log_hazard(jnp.asarray(y))))
    known = y < 25  # beyond, 1 - P has too few digits
    assert above[known] == pytest.approx(special.erf(np.sqrt(0.1 / 4 / np.exp(y[known]))), rel=1e-9)
    # Of any index the probability of a stretch is the integral of the density.
    for index in (0.3, 0.9):
        law = PositiveStable(index, 1.0)
        start, end = (float(x) for x in law.log_hazard_quantile(jnp.asarray([0.99, 0.9999])))
        x, w = np.polynomial.legendre.leggauss(200)
        y = start + (end - start) * (1 + x) / 2
        density = np.exp(np.asarray(law.log_density_log_hazard(jnp.asarray(y))))
        mass = density @ w * (end - start) / 2
        assert mass == pytest.approx(0.0099, rel=1e-7)
