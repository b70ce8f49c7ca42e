"""Local exponents of coverage curves with known success rates."""

import jax
import numpy as np
import pytest

import simlib as sl
from simlib import fit
from simlib.formulas import heavy_tailed

STARTS = np.array([10.0, 100.0])


@pytest.fixture(scope="module")
def power():
    """Rates whose quantiles are those of P(p <= x) = x^0.3."""
    grid = (np.arange(20_000) + 0.5) / 20_000
    return fit.coverage_slopes(np.log(grid) / 0.3, STARTS, key=jax.random.key(1), resamples=200)


def test_a_power_law_has_its_exponent_and_the_known_inflation(power):
    np.testing.assert_allclose(power.exponent.value, 0.3, rtol=0.03)
    low, high = 1 - heavy_tailed.beta_mixture(STARTS[:1], 0.3, 1.0), power.unsolved.value[:1]
    np.testing.assert_allclose(1 - low, high, rtol=1e-3)
    ends = np.asarray(heavy_tailed.slope_inflation(heavy_tailed.beta_mixture(
        np.array([100.0, 1000.0]), 0.3, 1.0)))  # fmt: skip
    between = float(power.inflation.value[1])
    assert ends[1] < between < ends[0]
    assert np.all(np.asarray(power.drift.value) < 1)  # the inflation fades
    assert float(power.steadiest.value) == pytest.approx(float(power.drift.value[1]))


def test_equal_items_are_exponential():
    log_p = np.full(50, np.log(1e-3))
    found = fit.coverage_slopes(
        log_p, np.array([1.0]), key=jax.random.key(0), factor=30.0, resamples=200
    )
    exact = 1e-3 * 29 / np.log(30)
    assert float(found.exponent.value[0]) == pytest.approx(exact, rel=1e-2)
    assert float(found.drift.value[0]) > 1


def test_floor_drops_windows_and_easy_items_are_an_error():
    log_p = np.full(50, np.log(1e-3))
    found = fit.coverage_slopes(log_p, STARTS, key=jax.random.key(0), factor=5.0, resamples=200)
    assert found.attempts.tolist() == [10.0, 100.0]
    found = fit.coverage_slopes(log_p, STARTS, key=jax.random.key(0), resamples=200)
    assert found.attempts.tolist() == [10.0]
    with pytest.raises(ValueError, match="no window to look at"):
        fit.coverage_slopes(np.full(50, -0.5), STARTS, key=jax.random.key(0), resamples=200)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"log_p": np.array([-1.0, 0.0])}, "log_p must be finite and negative"),
        ({"log_p": np.array([-1.0, -np.inf])}, "log_p must be finite and negative"),
        ({"attempts": np.array([0.5])}, "attempts >= 1"),
        ({"factor": 1.0}, "factor > 1"),
        ({"floor": 0.0}, "0 < floor < 1"),
        ({"resamples": 50}, "fewer than 5 samples"),
    ],
)
def test_bad_input(changes, message):
    arguments = {"log_p": np.full(50, -3.0), "attempts": STARTS} | changes
    with pytest.raises(ValueError, match=message):
        fit.coverage_slopes(**arguments, key=jax.random.key(0))


def test_intervals_cover_the_truth_of_the_population():
    """400 intervals at 90 %: fewer than 330 or more than 388 hits have probability below 1e-5."""
    process = sl.HeavyTailed(sl.Kumaraswamy(0.3, 5.0), event="success")
    ends = np.log(np.asarray(process.survival(np.array([100.0, 1000.0]))))
    truth = (ends[0] - ends[1]) / np.log(10)
    draw, boot = jax.random.split(jax.random.key(7))
    samples = np.asarray(sl.Kumaraswamy(0.3, 5.0).sample_log_rate((400, 200), key=draw))
    hits = 0
    for log_p, key in zip(samples, jax.random.split(boot, 400), strict=True):
        found = fit.coverage_slopes(
            log_p, np.array([100.0]), key=key, resamples=200, level=0.9, floor=0.01
        )
        hits += bool(found.exponent.contains(truth)[0])
    assert 330 < hits < 388
