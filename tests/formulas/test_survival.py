"""Survival formulas against SciPy, the identities of the chapter, and its rules of thumb."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from simlib.formulas import survival as s

LN2 = np.log(2)
half_lives = st.floats(0.5, 1e5)
shapes = st.floats(0.3, 3)
lengths = st.floats(0.01, 1e6)
reliabilities = st.floats(0.001, 0.999)
examples = settings(max_examples=40, deadline=None, derandomize=True)
jit = jax.jit


def test_step_and_hazard_are_inverse():
    before, rate = 0.8, 0.03
    after = float(s.step(before, rate))
    assert after == pytest.approx(0.776)
    assert float(s.hazard(before, after)) == pytest.approx(rate)


def test_rate_and_error_are_inverse():
    rates = jnp.geomspace(1e-9, 5, 20)
    assert s.rate_of_error(s.error_of_rate(rates)) == pytest.approx(np.asarray(rates), rel=1e-12)


def test_error_rates_and_survival_are_inverse():
    rates = jnp.array([[0.1, 0.5, 0.0, 0.2], [1e-12, 0.3, 0.9, 0.999]])
    log_survival = s.log_survival_of(rates)
    assert jnp.exp(log_survival[0]).tolist() == pytest.approx([0.9, 0.45, 0.45, 0.36])
    assert s.error_rates_of(log_survival) == pytest.approx(np.asarray(rates), rel=1e-12)
    certain = s.log_survival_of(jnp.array([0.5, 1.0, 0.5]))
    assert certain.tolist()[1:] == [-np.inf, -np.inf]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lists_keep_their_dtype(dtype):
    rates = jnp.asarray([0.1, 0.2], dtype)
    assert s.log_survival_of(rates).dtype == dtype
    assert s.error_rates_of(s.log_survival_of(rates)).dtype == dtype


# SciPy's own distributions with our parameters.
REFERENCE = {
    "exponential": (s.exponential, lambda T: stats.expon(scale=T / LN2)),
    "weibull": (s.weibull, lambda T, c: stats.weibull_min(c, scale=T / LN2 ** (1 / c))),
    "log_logistic": (s.log_logistic, lambda T, c: stats.fisk(c, scale=T)),
    "pareto": (s.pareto, lambda scale, b: stats.lomax(b, scale=scale)),
}
HAZARDS = {
    "weibull": s.weibull_hazard_rate,
    "log_logistic": s.log_logistic_hazard_rate,
    "pareto": s.pareto_hazard_rate,
}
HORIZONS = {
    "exponential": s.exponential_horizon,
    "weibull": s.weibull_horizon,
    "log_logistic": s.log_logistic_horizon,
    "pareto": s.pareto_horizon,
}
PARAMETERS = {
    "exponential": [(70.0,)],
    "weibull": [(70.0, 0.6), (70.0, 2.0)],
    "log_logistic": [(70.0, 0.7), (70.0, 2.0)],
    "pareto": [(20.0, 0.4), (20.0, 3.0)],
}
LAWS = [(law, p) for law in REFERENCE for p in PARAMETERS[law]]


@pytest.mark.parametrize(("law", "parameters"), LAWS)
def test_survival_is_scipys(law, parameters):
    ours, reference = REFERENCE[law]
    n = np.geomspace(0.01, 1e5, 30)
    expected = reference(*parameters).sf(n)
    visible = expected > 1e-250
    assert ours(n, *parameters)[visible] == pytest.approx(expected[visible], rel=1e-11)


@pytest.mark.parametrize(("law", "parameters"), [x for x in LAWS if x[0] in HAZARDS])
def test_hazard_rate_is_scipys_and_the_derivative(law, parameters):
    n = np.geomspace(0.1, 1e3, 20)
    hazard = HAZARDS[law](n, *parameters)
    reference = REFERENCE[law][1](*parameters)
    assert hazard == pytest.approx(reference.pdf(n) / reference.sf(n), rel=1e-8)
    log_survival = lambda t: jnp.log(REFERENCE[law][0](t, *parameters))
    assert hazard == pytest.approx(-np.asarray(jax.vmap(jax.grad(log_survival))(n)), rel=1e-9)


@pytest.mark.parametrize(("law", "parameters"), LAWS)
def test_horizon_is_the_inverse_of_survival(law, parameters):
    r = np.array([0.001, 0.1, 0.5, 0.8, 0.99, 0.9999])
    horizon = HORIZONS[law](r, *parameters)
    assert REFERENCE[law][0](horizon, *parameters) == pytest.approx(r, rel=1e-10)
    if law != "pareto":
        assert float(HORIZONS[law](0.5, *parameters)) == pytest.approx(parameters[0])


RESTRICTED = [
    (s.exponential_restricted_mean, s.exponential, (70.0,)),
    (s.weibull_restricted_mean, s.weibull, (70.0, 0.6)),
    (s.weibull_restricted_mean, s.weibull, (70.0, 2.5)),
    (s.pareto_restricted_mean, s.pareto, (20.0, 0.4)),
    (s.pareto_restricted_mean, s.pareto, (20.0, 1.0)),
    (s.pareto_restricted_mean, s.pareto, (20.0, 2.0)),
]


@pytest.mark.parametrize(("mean", "law", "parameters"), RESTRICTED)
@pytest.mark.parametrize("cut", [0.5, 30.0, 4000.0])
def test_restricted_mean_is_the_area(mean, law, parameters, cut):
    curve = jit(lambda t: law(t, *parameters))
    edges = np.concatenate([[0], np.geomspace(0.01, 1, 12) * cut])
    area = sum(integrate.quad(lambda t: float(curve(t)), a, b)[0] for a, b in pairwise(edges))
    assert float(mean(cut, *parameters)) == pytest.approx(area, rel=1e-7)


def test_pareto_mean_passes_smoothly_through_exponent_one():
    around = s.pareto_restricted_mean(100.0, 5.0, 1 + np.array([-1e-9, 0.0, 1e-9]))
    assert around == pytest.approx(float(around[1]), rel=1e-8)
    slope = jit(jax.grad(s.pareto_restricted_mean, argnums=2))(100.0, 5.0, 1.0)
    step = s.pareto_restricted_mean(100.0, 5.0, 1 + np.array([-1e-5, 1e-5]))
    assert float(slope) == pytest.approx(float(step[1] - step[0]) / 2e-5, rel=1e-6)


def test_plateau():
    level, half_life = 0.3, 50.0
    assert float(s.plateau(1e9, level, half_life)) == pytest.approx(level)
    horizon = s.plateau_horizon(0.65, level, half_life)
    assert float(horizon) == pytest.approx(half_life)
    r = np.array([0.31, 0.5, 0.9, 0.999])
    times = s.plateau_horizon(r, level, half_life)
    assert s.plateau(times, level, half_life) == pytest.approx(r, rel=1e-12)
    assert not np.isfinite(s.plateau_horizon(0.2, level, half_life))


# Rules of thumb at constant hazard; the reference values are those of the theory notes.
@pytest.mark.parametrize(
    ("r", "ratio"), [(0.8, 3.106), (0.9, 6.579), (0.99, 68.97), (0.999, 692.8)]
)
def test_half_life_rules(r, ratio):
    assert 1 / float(s.exponential_horizon(r, 1.0)) == pytest.approx(ratio, rel=2e-4)


def test_ratio_of_horizons_by_law():
    ratio = lambda horizon, *shape: float(horizon(0.8, 1.0, *shape) / horizon(0.5, 1.0, *shape))
    assert ratio(s.exponential_horizon) == pytest.approx(0.32193, abs=5e-6)
    for beta in (0.7, 1.0, 2.0):
        assert ratio(s.log_logistic_horizon, beta) == pytest.approx(4 ** (-1 / beta))
    for kappa in (0.6, 1.0, 2.0):
        assert ratio(s.weibull_horizon, kappa) == pytest.approx(np.log2(1.25) ** (1 / kappa))


@pytest.mark.parametrize(
    ("r", "shapes_"),
    [(4.0, (1.000, 0.818)), (5.2, (0.841, 0.687)), (6.0, (0.774, 0.633)), (8.0, (0.667, 0.545))],
)
def test_shapes_that_match_two_horizons(r, shapes_):
    # T50/T80 = r fixes the shape; the table of the theory notes.
    beta, kappa = np.log(4) / np.log(r), np.log(LN2 / np.log(1.25)) / np.log(r)
    assert (beta, kappa) == pytest.approx(shapes_, abs=6e-4)
    assert 1 / float(s.log_logistic_horizon(0.8, 1.0, beta)) == pytest.approx(r)
    assert 1 / float(s.weibull_horizon(0.8, 1.0, kappa)) == pytest.approx(r)


@pytest.mark.parametrize(
    ("r", "log_logistic", "weibull"),
    [(4.0, 99.0, 177.0), (5.2, 236.0, 473.0), (8.0, 985.0, 2360.0)],
)
def test_matched_laws_diverge_at_99_percent(r, log_logistic, weibull):
    beta, kappa = np.log(4) / np.log(r), np.log(LN2 / np.log(1.25)) / np.log(r)
    assert 1 / float(s.log_logistic_horizon(0.99, 1.0, beta)) == pytest.approx(
        log_logistic, rel=5e-3
    )
    assert 1 / float(s.weibull_horizon(0.99, 1.0, kappa)) == pytest.approx(weibull, rel=5e-3)


def test_half_life_of_uniform_errors():
    assert s.half_life_of_error([0.1, 0.01, 0.001]).tolist() == pytest.approx(
        [6.58, 68.97, 692.8], rel=1e-3
    )


@examples
@given(T=half_lives, c=shapes, n=lengths)
def test_weibull_of_shape_one_is_exponential(T, c, n):
    assert float(jit(s.weibull)(n, T, 1.0)) == pytest.approx(float(s.exponential(n, T)), rel=1e-12)
    # Stretching the axis: shape c at n is shape 1 at (n/T)^c T.
    stretched = jit(s.exponential)((n / T) ** c * T, T)
    assert float(jit(s.weibull)(n, T, c)) == pytest.approx(float(stretched), rel=1e-9, abs=1e-300)


@examples
@given(T=half_lives, c=shapes, r=reliabilities, q=reliabilities)
def test_horizons_fall_with_reliability(T, c, r, q):
    for horizon in (s.weibull_horizon, s.log_logistic_horizon, s.pareto_horizon):
        low, high = jit(horizon)(jnp.array([max(r, q), min(r, q)]), T, c)
        assert low <= high
