"""`Estimate`: intervals that cover, numbers that SciPy confirms, text that does not mislead."""

import doctest

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simlib import Estimate, _estimate

examples = settings(max_examples=80, deadline=None, derandomize=True)
METHODS = ["wilson", "clopper-pearson"]
# Measured coverage is binomial: with this many trials it is known to half a per cent.
TRIALS = 200_000


@pytest.mark.parametrize(("method", "name"), [("wilson", "wilson"), ("clopper-pearson", "exact")])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_intervals_are_scipys(method, name, level):
    for n in (1, 7, 100, 10_000):
        counts = np.unique(np.linspace(0, n, 9).astype(int))
        ours = Estimate.from_counts(counts, n, level=level, method=method)
        for i, count in enumerate(counts):
            reference = stats.binomtest(int(count), n).proportion_ci(level, method=name)
            assert float(ours.lower[i]) == pytest.approx(reference.low, rel=1e-9, abs=1e-12)
            assert float(ours.upper[i]) == pytest.approx(reference.high, rel=1e-9, abs=1e-12)


def exact_coverage(method, n, p, level):
    """Probability that the interval contains p, summed over every possible count."""
    counts = np.arange(n + 1)
    contains = Estimate.from_counts(counts, n, level=level, method=method).contains(p)
    return stats.binom.pmf(counts, n, p)[contains].sum()


RATES = (1e-4, 0.003, 0.02, 0.1, 0.37, 0.5, 0.9, 0.9995)


@pytest.mark.parametrize("n", [5, 40, 1000])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_clopper_pearson_covers_at_least_its_level(n, level):
    for p in RATES:
        assert exact_coverage("clopper-pearson", n, p, level) >= level - 1e-12
    # The interval of a lower level does not: the test would notice a quantile mistaken.
    # (At n = 5 every interval is too wide for that.)
    worst = min(exact_coverage("clopper-pearson", n, p, level - 0.05) for p in RATES)
    assert worst < level or n == 5


def test_wilson_covers_on_average():
    # Averaged over p, coverage is within a per cent of nominal; the Wald interval's is not.
    n, level = 100, 0.95
    p = (np.arange(400) + 0.5) / 400
    counts = np.arange(n + 1)
    pmf = stats.binom.pmf(counts[:, None], n, p)

    def average(lower, upper):
        inside = (lower[:, None] <= p) & (p <= upper[:, None])
        return (pmf * inside).sum(0).mean()

    wilson = Estimate.from_counts(counts, n, level=level)
    assert average(np.asarray(wilson.lower), np.asarray(wilson.upper)) == pytest.approx(
        0.95, abs=0.01
    )
    rate = counts / n
    half = stats.norm.ppf(0.975) * np.sqrt(rate * (1 - rate) / n)
    assert average(rate - half, rate + half) < 0.94


def assert_covers(covered, level, slack):
    """Coverage of many seeds against the level, two-sided at a false-alarm rate of 1e-6."""
    measured = covered.mean()
    error = stats.norm.isf(0.5e-6) * np.sqrt(level * (1 - level) / covered.size)
    assert abs(measured - level) < error + slack, f"{measured:.4f} instead of {level}"
    return error


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_normal_intervals_cover(level):
    rng = np.random.default_rng(11)
    draws = rng.normal(5.0, 2.0, (TRIALS, 50))
    stderr = draws.std(1, ddof=1) / np.sqrt(50)
    covered = Estimate.from_mean(draws.mean(1), stderr, 50, level=level).contains(5.0)
    # With 49 degrees of freedom the normal interval covers about .6 points too little.
    slack = level - (1 - 2 * stats.t.sf(stats.norm.ppf(0.5 + level / 2), 49)) + 5e-4
    error = assert_covers(covered, level, slack)
    # A standard deviation taken for a standard error would be seen at once.
    wrong = Estimate.from_mean(draws.mean(1), stderr * np.sqrt(50), 50, level=level)
    assert wrong.contains(5.0).mean() > level + 10 * error


def test_bootstrap_intervals_cover():
    # 2000 samples of 200 exponential values, 400 bootstrap means each.
    rng = np.random.default_rng(12)
    samples = rng.exponential(3.0, (2000, 200))
    weights = rng.multinomial(200, np.full(200, 1 / 200), size=400) / 200
    draws = samples @ weights.T  # (2000, 400): one bootstrap mean per row of weights
    found = Estimate.from_draws(draws.T, value=samples.mean(1), n=200, level=0.9)
    # Percentile intervals of a skewed mean cover a little less than nominal.
    assert_covers(found.contains(3.0), 0.9, slack=0.015)
    assert found.stderr == pytest.approx(samples.std(1) / np.sqrt(200), rel=0.25)
    # Intervals of the wrong quantiles would be seen.
    narrow = Estimate.from_draws(draws.T, value=samples.mean(1), n=200, level=0.8)
    with pytest.raises(AssertionError):
        assert_covers(narrow.contains(3.0), 0.9, slack=0.015)


def test_draws_along_any_axis():
    draws = np.random.default_rng(0).normal(size=(40, 3))
    first, last = Estimate.from_draws(draws), Estimate.from_draws(draws.T, axis=-1)
    assert first.value.tolist() == last.value.tolist()
    assert first.shape == (3,)
    assert first.n == 40
    assert first.value == pytest.approx(draws.mean(0))
    assert first.lower == pytest.approx(np.quantile(draws, 0.025, axis=0))
    outside = Estimate.from_draws(draws, value=[9.0, 9.0, 9.0])
    assert outside.upper.tolist() == [9.0, 9.0, 9.0]


@examples
@given(data=st.data(), n=st.integers(1, 10**12), level=st.floats(0.5, 0.9999))
def test_counts_give_nested_intervals_around_the_rate(data, n, level):
    count = data.draw(st.integers(0, n))
    for method in METHODS:
        found = Estimate.from_counts(count, n, level=level, method=method)
        wider = Estimate.from_counts(count, n, level=(1 + level) / 2, method=method)
        assert 0 <= found.lower <= found.value <= found.upper <= 1
        assert wider.lower <= found.lower * (1 + 1e-9)
        assert found.upper * (1 - 1e-9) <= wider.upper
        assert found.n == n
        # Swapping success and failure mirrors the interval.
        mirror = Estimate.from_counts(n - count, n, level=level, method=method)
        assert 1 - float(mirror.upper) == pytest.approx(float(found.lower), rel=1e-6, abs=1e-9)


def test_exact_values():
    exact = Estimate.exact([0.25, np.inf])
    assert exact.is_exact
    assert not Estimate.from_counts(0, 10).is_exact
    assert not Estimate.from_mean(3.0, 0.0, 5).is_exact
    assert exact[0].contains(0.25)


def test_questions():
    est = Estimate.from_mean([1.0, 2.0, 3.0], [0.1, 0.0, 0.0], 10)
    assert est.contains([1.1, 2.0, 3.1]).tolist() == [True, True, False]
    assert est.z_score([0.8, 2.0, 4.0]).tolist() == pytest.approx([2.0, 0.0, -np.inf])
    other = Estimate.from_mean([1.3, 2.0, 4.0], [0.1, 0.1, 0.1], 10)
    assert est.overlaps(other).tolist() == [True, True, False]
    assert other.overlaps(est).tolist() == [True, True, False]


def test_indexing_and_iteration():
    est = Estimate.from_counts([[1, 2, 3], [4, 5, 6]], 10)
    assert est.shape == (2, 3)
    assert len(est) == 2
    assert est[1, 2].shape == ()
    assert float(est[1, 2].value) == 0.6
    assert est[:, 0].value.tolist() == [0.1, 0.4]
    assert [row.shape for row in est] == [(3,), (3,)]
    with pytest.raises(TypeError, match="no length"):
        len(est[0, 0])


@pytest.mark.parametrize("function", [jnp.log, lambda p: -jnp.log(p), lambda p: 1 / p])
def test_monotone_maps_carry_interval_and_error(function):
    est = Estimate.from_counts([200, 300], 1000)
    mapped = est.map(function, unit="nats")
    ends = sorted([float(function(est.lower[0])), float(function(est.upper[0]))])
    assert [float(mapped.lower[0]), float(mapped.upper[0])] == pytest.approx(ends)
    step = 1e-6
    slope = (function(est.value[0] + step) - function(est.value[0] - step)) / (2 * step)
    assert float(mapped.stderr[0]) == pytest.approx(abs(float(slope)) * float(est.stderr[0]))
    assert (mapped.n, mapped.level, mapped.unit) == (1000, 0.95, "nats")


def test_it_is_a_tree():
    est = Estimate.from_counts([1, 2], 10)
    passed = jax.jit(lambda e: e.map(jnp.sqrt))(est)
    assert passed.value == pytest.approx(np.sqrt([0.1, 0.2]))
    assert jax.vmap(lambda e: e)(est).n == 10
    with pytest.raises(AttributeError):
        est.level = 0.5


@pytest.mark.parametrize(
    ("est", "plain", "interval"),
    [
        (Estimate.from_counts(366, 1000), "0.366 ± 0.015",
         "0.366 (95 % interval 0.337 to 0.396, n = 1000)"),
        (Estimate.from_mean(6.0, 0.5, 400, unit="tokens"), "6.0 ± 0.5 tokens",
         "6.0 tokens (95 % interval 5.0 to 7.0, n = 400)"),
        (Estimate.from_mean(1234.5, 300.0, 9, level=0.9), "1200 ± 300",
         "1200 (90 % interval 700 to 1700, n = 9)"),
        (Estimate.from_mean(1.5e-7, 2e-9, 9), "1.50e-07 ± 0.02e-07",
         "1.50e-07 (95 % interval 1.46e-07 to 1.54e-07, n = 9)"),
        (Estimate.from_mean(99.996, 0.0996, 9), "100.00 ± 0.10",
         "100.00 (95 % interval 99.80 to 100.19, n = 9)"),
        (Estimate.from_counts(0, 10), "0 (95 % interval 0 to 0.2775)",
         "0 (95 % interval 0 to 0.2775, n = 10)"),
        (Estimate.exact(1 / 3), "0.3333", "0.3333 (exact)"),
        (Estimate.exact(np.inf), "inf", "inf (exact)"),
        (Estimate.from_counts(1, 10**10), "1.0e-10 ± 1.0e-10",
         "1.0e-10 (95 % interval 0.2e-10 to 5.7e-10, n = 10000000000)"),
    ],
)  # fmt: skip
def test_text(est, plain, interval):
    assert est.text() == plain
    assert f"{est}" == plain
    assert est.text("interval") == interval
    assert f"{est:>40}" == plain.rjust(40)
    assert plain.split(" ")[0] in repr(est)


@examples
@given(value=st.floats(-1e9, 1e9), error=st.floats(1e-12, 1e9).filter(lambda x: x > 0))
def test_rounding_keeps_the_value_within_its_error(value, error):
    error = max(error, 1e-12 * abs(value))  # doubles hold no more digits
    shown, _, rounded = Estimate.from_mean(value, error, 3).text().partition(" ± ")
    assert abs(float(shown) - value) <= 0.6 * error
    assert float(rounded) == pytest.approx(error, rel=0.26)


BAD = {
    "too many successes": (lambda: Estimate.from_counts(11, 10), "between 0 and n = 10, got.*11"),
    "negative": (lambda: Estimate.from_counts([-1, 3], 10), "got values from -1"),
    "nothing observed": (lambda: Estimate.from_counts(0, 0), "n must be at least 1"),
    "unknown method": (
        lambda: Estimate.from_counts(1, 2, method="wald"), "method must be one of|Expected type",
    ),
    "level": (lambda: Estimate.from_counts(1, 2, level=95), r"level must lie in \(0, 1\), got 95"),
    "negative error": (lambda: Estimate.from_mean(1.0, -0.1, 3), "stderr must not be negative"),
    "one draw": (lambda: Estimate.from_draws([1.0]), "at least 2 entries"),
    "NaN draw": (lambda: Estimate.from_draws([1.0, np.nan]), "contains NaN"),
    "swapped ends": (
        lambda: Estimate(*map(jnp.asarray, (1.0, 0.1, 2.0, 0.0)), 0.95, 3, "x"),
        "were they swapped",
    ),
    "text of many": (lambda: Estimate.exact([1.0, 2.0]).text(), "needs a scalar Estimate"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
@pytest.mark.filterwarnings("ignore")
def test_impossible_data_is_refused(name):
    call, message = BAD[name]
    with pytest.raises(Exception, match=message):
        call()


def test_shapes_must_agree():
    with pytest.raises(Exception, match=r"share one shape|shape|Type-check"):
        Estimate(jnp.ones(2), jnp.ones(3), jnp.ones(2), jnp.ones(2), 0.95, 3, "x")


def test_without_x64():
    with jax.enable_x64(False):
        est = Estimate.from_counts(366, 1000)
        assert est.value.dtype == jnp.float32
        assert est.text() == "0.366 ± 0.015"


def test_docstring_examples():
    results = doctest.testmod(_estimate)
    assert results.attempted > 0
    assert results.failed == 0


def test_an_end_that_is_far_away_is_short():
    ends = (jnp.asarray(x) for x in (3.0, 0.5, 2.0, 7e31))
    wide = Estimate(*ends, level=0.95, n=9, method="profile")
    assert wide.text("interval") == "3.0 (95 % interval 2.0 to 7.0e+31, n = 9)"
