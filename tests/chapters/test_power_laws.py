"""What the page on power laws says in words, where no claim and no other test covers it."""

import jax
import numpy as np
import pytest

from simlib import fit, traces
from simlib.formulas import heavy_tailed, power_laws

MODELS = ("smollm2", "gemma3")
SIZES = ("70m", "160m", "410m", "1b", "2_8b", "6_9b", "12b")


@pytest.fixture(scope="module", params=MODELS)
def whole(request):
    """Slopes of all items of one model as one benchmark, decade by decade."""
    log_p = traces.load(f"answers-{request.param}").exact()["log_p"].to_numpy()
    return fit.coverage_slopes(
        log_p, 10.0 ** np.arange(5), key=jax.random.key(0), floor=1e-3, resamples=200
    )


def test_the_exponent_of_the_benchmark_falls_and_then_doubles(whole):
    exponents = np.asarray(whole.exponent_log.value)
    lowest = int(exponents.argmin())
    assert 0 < lowest < len(exponents) - 1
    last = exponents[-1] * float(whole.drift.value[-1])
    assert exponents[0] > 1.3 * exponents[lowest]
    assert last > 1.7 * exponents[lowest]


def test_the_exponent_of_the_logarithm_lies_above_that_of_the_share_everywhere(whole):
    assert np.all(np.asarray(whole.inflation.lower) > 1)


def test_beta_mixtures_explain_published_exponents_within_a_few_per_cent():
    attempts = np.geomspace(1, 1e4, 60)
    for size in SIZES:
        quoted = lambda name, size=size: float(traces.constant(f"schaeffer.{name}_{size}").value)
        share = heavy_tailed.beta_mixture(
            attempts, quoted("beta_shape"), quoted("beta_second_shape_pythia")
        )
        level = np.log(np.asarray(power_laws.minus_log_pass(share)))
        found = -np.polyfit(np.log(attempts), level, 1)[0]
        assert found == pytest.approx(quoted("exponent_pythia"), rel=0.03)
        assert found > 1.2 * quoted("beta_shape")


def test_in_the_chart_the_exponents_reach_alpha_from_opposite_sides():
    shares = np.asarray(heavy_tailed.beta_mixture(10.0 ** np.arange(1, 7), 0.3, 20.0))
    of_share = power_laws.window_exponent(shares[:-1], shares[1:], 10.0)
    of_log = power_laws.window_exponent_log(shares[:-1], shares[1:], 10.0)
    assert np.all(np.asarray(of_share) < 0.3 + 1e-6)
    assert np.all(np.asarray(of_log) > 0.3)


def test_the_steadiest_pairs_of_cells_disagree_with_each_other():
    """A calm stretch of the mixture does not need calm parts: most cells have none."""
    rows = traces.load("answers-gemma3").exact()
    steady, asked = 0, 0
    for _, cell in rows.group_by("task", "level", maintain_order=True):
        log_p = cell["log_p"].to_numpy()
        if np.exp(100 * np.log1p(-np.exp(log_p))).mean() < 0.05:
            continue
        found = fit.coverage_slopes(
            log_p, np.geomspace(1, 1e4, 17), key=jax.random.key(0), resamples=200
        )
        steady += abs(float(found.steadiest.value) - 1) <= 0.1
        asked += 1
    assert steady < asked / 2
