"""Rare events by stratified latents, splitting and tilts: unbiased, and wrong weights are seen.

Estimates come from independent repeats, so they are judged by Student's t. Every test has a
false-alarm rate of one in a million for all of its comparisons, and a fault that it must see.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from simlib import HeavyTailed, KeyTokens, PowerGrowth, Uniform
from simlib.mixing import Beta, Gamma, LogitNormal, WithAtom
from simlib.processes import ConstantRepair, Frailty, Recoverable, SelfConditioning
from simlib.simulate import (
    _latents,
    _rare_errors,
    _splitting,
    _stratified,
    conditional_survival,
    gain_over_plain,
    rare_errors,
    rare_survival,
    run_to_precision,
    stratified_pass_at_k,
    stratified_probability,
    stratified_survival,
    survival,
)
from simlib.simulate._repeats import from_repeats

KEY = jax.random.key(23)
FALSE_ALARM = 1e-6


def p_values(found, truth, repeats=16):
    return np.atleast_1d(2 * stats.t.sf(np.abs(found.z_score(truth)), repeats - 1))


def agrees(found, truth, *, repeats=16):
    """No entry differs at the family-wise false-alarm rate."""
    p = p_values(found, truth, repeats)
    return bool((p > FALSE_ALARM / p.size).all())


GAMMA = HeavyTailed(Gamma(0.01, 0.00007))


# -- stratified latents ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("process", "complement"),
    [
        (GAMMA, False),
        (HeavyTailed(WithAtom(Beta(0.3, 5.0), 0.25)), True),
        (Frailty(Uniform(0.02), LogitNormal(-3.0, 2.0)), False),
    ],
    ids=["gamma, survival", "beta with atom, failure", "frailty, survival"],
)
def test_stratified_latents_at_both_ends(process, complement):
    lengths = [0, 1, 100, 3 * 10**8]
    # Few points, so that their error is larger than that of the formulas (1e-9).
    found = stratified_survival(process, lengths, key=KEY, points=32, complement=complement)
    n = np.array(lengths, float)
    truth = np.asarray(process.failure(n) if complement else process.survival(n))
    assert float(found.value[0]) == pytest.approx(truth[0], abs=1e-4)
    assert agrees(found[1:], truth[1:])
    assert (np.asarray(found.stderr) <= 1e-4 * truth).all()
    # One part in a thousand too much is seen at every length.
    assert all(not agrees(found[i], truth[i] * 1.001) for i in (1, 2, 3))


def test_tiny_failure_keeps_its_digits():
    reliable = HeavyTailed(Gamma(1e-12, 1e-24))
    found = stratified_survival(reliable, 1000, key=KEY, complement=True)
    truth = float(reliable.failure(1000.0))
    assert truth == pytest.approx(1e-9, rel=1e-3)
    assert agrees(found, truth)
    assert float(found.stderr) < 1e-5 * truth


def test_all_attempts_fail_once_in_a_billion():
    process = HeavyTailed(Gamma(1e-5, 1e-10 / 4))
    found = stratified_pass_at_k(process, 100, [0, 1, 3], key=KEY, points=32, complement=True)
    truth = np.exp(np.asarray(process.log_all_fail(100.0, np.array([1.0, 3.0]))))
    assert 1e-9 < truth[1] < 1e-8
    assert agrees(found[1:], truth)
    assert float(found.value[0]) == pytest.approx(1.0, abs=1e-3)
    independent = truth[0] ** 3  # attempts that did not share their latent
    assert not agrees(found[2], independent)


def test_majority_is_wrong():
    mixing, k = Gamma(1e-5, 1e-10), 3
    wrong = lambda x: jnp.log(3 * jnp.expm1(-x) ** 2 * jnp.exp(-x) - jnp.expm1(-x) ** 3)
    found = stratified_probability(mixing, wrong, key=KEY, points=32)
    # 3 q^2 - 2 q^3 with q = 1 - e^-X, by the Laplace transform of an exponential law.
    laplace = lambda s: 1 / (1 + 1e-5 * s)
    q2 = 2e-5**2 / 2 / ((1 + 1e-5) * (1 + 2e-5))
    q3 = 1 - 3 * laplace(1) + 3 * laplace(2) - laplace(3)
    assert k == 3
    assert agrees(found, 3 * q2 - 2 * q3)
    assert not agrees(found, 3 * q2 * 1.1)


def test_strata_beat_independent_latents_and_improve_with_their_number():
    errors = [
        float(stratified_survival(GAMMA, 100, key=KEY, points=m, randomizations=64).stderr)
        for m in (16, 256)
    ]
    # As 1/sqrt(points) at least. Standard deviations of 64 repeats are known to 9 %.
    assert errors[1] < errors[0] / 4 * 1.6
    independent = conditional_survival(GAMMA, [100], key=KEY, replicates=256 * 64)
    assert errors[1] < 1e-3 * float(independent.stderr[0])


def test_many_points_are_streamed():
    small = stratified_survival(GAMMA, 100, key=KEY, points=100_001, randomizations=2)
    assert small.n == 200_002
    assert float(small.value) == pytest.approx(float(GAMMA.survival(100.0)), rel=1e-7)


# -- splitting over lengths --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("process", "length"),
    [
        (Uniform(0.01), 2062),
        (KeyTokens(0.05, PowerGrowth(2.0, 0.5)), 40_000),
        (GAMMA, 3 * 10**8),
        (HeavyTailed(Beta(0.5, 50.0)), 10**17),
    ],
    ids=["uniform", "key tokens", "gamma", "beta"],
)
def test_survival_of_one_in_a_billion(process, length):
    found = rare_survival(process, length, key=KEY, particles=2**11)
    truth = float(process.survival(length))
    assert 1e-11 < truth < 1e-7
    assert agrees(found, truth)
    assert float(found.stderr) < 0.06 * truth
    assert not agrees(found, truth * 2)


def test_splitting_that_forgets_to_copy_is_caught(monkeypatch):
    truth = float(GAMMA.survival(3e8))
    # Other sizes than elsewhere, so that nothing compiled with the fault is used again.
    monkeypatch.setattr(_splitting, "resample", lambda weights, key: jnp.arange(weights.size))
    monkeypatch.setattr(_splitting, "_MOVES", 0)
    try:
        found = rare_survival(GAMMA, 3 * 10**8, key=KEY, particles=1001)
    except RuntimeError:
        return
    assert not agrees(found, truth)


def test_copies_are_in_proportion():
    weights = jnp.asarray([0.0, 1.0, 2.0, 0.0, 5.0])
    keys = jax.random.split(KEY, 20_000)
    index = np.asarray(jax.vmap(lambda k: _splitting.resample(weights, k))(keys))
    counts = np.stack([(index == i).sum(axis=1) for i in range(5)], axis=1)
    mean, stderr = counts.mean(axis=0), counts.std(axis=0) / np.sqrt(len(keys))
    expected = 5 * np.asarray(weights) / 8
    assert (np.abs(mean - expected) <= 5 * stderr).all()
    assert (np.abs(counts - expected) < 1).all()  # systematic: never off by a whole copy


# -- numbers of errors -------------------------------------------------------------------------


@pytest.mark.parametrize("dependence", ["count", "share"])
def test_few_errors_of_self_conditioning(dependence):
    process, n, m = SelfConditioning(0.2, 0.5, dependence=dependence), 120, 3
    law = np.asarray(process.error_distribution(n))
    found = rare_errors(process, n, m, tail="at most", key=KEY, particles=2**10)
    assert law[: m + 1].sum() < 1e-8
    assert agrees(found, law[: m + 1].sum())
    assert float(found.stderr) < 0.12 * float(found.value)
    assert not agrees(found, law[: m + 1].sum() * 2.5)


@pytest.mark.parametrize("m", [1, 2, 5])
def test_many_errors_of_self_conditioning(m):
    process, n = SelfConditioning(1e-6, 0.2, dependence="share"), 100
    law = np.asarray(process.error_distribution(n))
    found = rare_errors(process, n, m, tail="at least", key=KEY, particles=2**10)
    # One error is a closed form: no spread is left, only rounding.
    if m == 1:
        assert float(found.value) == pytest.approx(law[1:].sum(), rel=1e-9)
        return
    assert agrees(found, law[m:].sum())
    assert float(found.stderr) < 0.04 * law[m:].sum()
    assert not agrees(found, law[m - 1 :].sum())
    assert not agrees(found, law[m:].sum() * 1.4)


def _errors_of_chain(process, n):
    """Law of the number of errors of a two-state chain, by its definition."""
    breaks = float(process.error_probability(1, 0, 0))
    stays = float(process.error_probability(2, 1, 1))
    law = np.zeros((n + 2, 2))
    law[0, 0] = 1
    for _ in range(n):
        wrong = law[:, 0] * breaks + law[:, 1] * stays
        right = law[:, 0] * (1 - breaks) + law[:, 1] * (1 - stays)
        law = np.stack([right, np.concatenate([[0], wrong[:-1]])], axis=1)
    return law.sum(axis=1)


@pytest.mark.parametrize(
    ("process", "n", "m", "tail"),
    [
        (Recoverable(0.2, ConstantRepair(0.3)), 100, 2, "at most"),
        (Recoverable(1e-5, ConstantRepair(0.6)), 50, 8, "at least"),
        (Recoverable(1e-10, ConstantRepair(0.2)), 10, 1, "at least"),
    ],
    ids=["few", "many", "failure of a very reliable chain"],
)
def test_errors_of_a_chain_with_repair(process, n, m, tail):
    law = _errors_of_chain(process, n)
    chosen = law[: m + 1] if tail == "at most" else law[m:]
    found = rare_errors(process, n, m, tail=tail, key=KEY, particles=2**10)
    assert chosen.sum() < 1e-6
    if m == 1:
        assert float(found.value) == pytest.approx(chosen.sum(), rel=1e-9)
        return
    assert agrees(found, chosen.sum())
    assert not agrees(found, chosen.sum() * 1.3)


def test_wrong_weights_are_caught(monkeypatch):
    process, n, m = SelfConditioning(0.2, 0.5, dependence="count"), 90, 3
    truth = np.asarray(process.error_distribution(n))[: m + 1].sum()
    right = rare_errors(process, n, m, tail="at most", key=KEY, particles=1000)
    assert agrees(right, truth)
    monkeypatch.setattr(_rare_errors, "resample", lambda weights, key: jnp.arange(weights.size))
    wrong = rare_errors(process, n, m, tail="at most", key=KEY, particles=1003)
    assert not agrees(wrong, truth)


def test_dead_ends_are_refused():
    process = SelfConditioning(0.2, 0.5, dependence="share")
    with pytest.raises(RuntimeError, match="raise particles"):
        rare_errors(process, 200, 150, tail="at least", key=KEY, particles=2**9)


# -- intervals, targets, gains -----------------------------------------------------------------


@pytest.mark.parametrize("method", ["stratified", "splitting"])
def test_intervals_cover_as_often_as_they_say(method):
    runs, repeats = 300, 8
    if method == "stratified":
        truth = float(GAMMA.survival(1e8))
        values = _stratified._randomizations(
            _latents.latent_of(GAMMA), _latents.Event(GAMMA), jnp.asarray([1e8]), KEY,
            jnp.asarray(64), randomizations=runs * repeats,
        )  # fmt: skip
    else:
        process, stages = Uniform(0.05), 8
        truth = float(process.survival(250.0))
        keys = jax.random.split(KEY, runs * repeats)
        step = process.cumulative_hazard(250.0) / stages
        values = _splitting._counted(step, stages, keys, 500)
    values = np.asarray(values).reshape(runs, repeats)
    found = [from_repeats(x, level=0.95, n=1, method=method) for x in values]
    hits = sum(bool(e.contains(truth)) for e in found)
    assert stats.binom.cdf(hits, runs, 0.93) > FALSE_ALARM
    assert stats.binom.sf(hits - 1, runs, 0.97) > FALSE_ALARM
    assert stats.ttest_1samp(values.ravel(), truth).pvalue > FALSE_ALARM


def test_run_to_precision():
    process = Uniform(0.01)
    split = lambda size, key: rare_survival(process, 2062, key=key, particles=size)
    found = run_to_precision(split, key=KEY, relative_error=0.04)
    assert float(found.stderr) < 0.05 * float(found.value)
    assert agrees(found, float(process.survival(2062.0)))
    with pytest.raises(ValueError, match="more than max_size = 1000"):
        run_to_precision(split, key=KEY, relative_error=1e-3, max_size=1000)
    counted = lambda size, key: survival(process, 1200, key=key, replicates=size)
    seen = run_to_precision(counted, key=KEY, relative_error=0.2)
    assert seen.n >= 25 / process.survival(1200.0)


def test_gain_is_that_of_the_variances():
    gain = gain_over_plain(
        lambda key: rare_survival(Uniform(0.01), 2062, key=key, particles=2**11),
        lambda n, key: survival(Uniform(0.01), 2062, key=key, replicates=n),
        key=KEY,
        replicates=2**16,
        repetitions=1,
    )
    p, e = float(gain.estimate.value), float(gain.estimate.stderr)
    assert gain.at_equal_numbers == pytest.approx(p * (1 - p) / gain.estimate.n / e**2)
    seconds = gain.estimate.n * gain.plain_seconds
    assert gain.at_equal_time == pytest.approx(gain.at_equal_numbers * seconds / gain.seconds)
    assert gain.precision_per_second == pytest.approx((p / e) ** 2 / gain.seconds)
    assert gain.at_equal_numbers > 1e4


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: stratified_survival(Uniform(0.1), 5, key=KEY), ValueError, "one latent"),
        (lambda: stratified_survival(GAMMA, 5, key=KEY, points=0), ValueError, "points must"),
        (lambda: stratified_survival(GAMMA, 5, key=KEY, randomizations=1), ValueError, ">= 2"),
        (lambda: stratified_survival(HeavyTailed(Gamma([1.0, 2.0], 1.0)), 5, key=KEY), ValueError,
         "single one"),
        (lambda: rare_survival(GAMMA, -5, key=KEY), ValueError, "length must be whole"),
        (lambda: rare_survival(GAMMA, 5, key=KEY, share=1.0), ValueError, "share must"),
        (lambda: rare_survival(Uniform(0.9), 10**6, key=KEY), ValueError, "stages"),
        (lambda: rare_errors(SelfConditioning(0.1, 0.1, dependence="count"), 5, 6, tail="at most",
                             key=KEY), ValueError, "at most length"),
        (lambda: run_to_precision(lambda n, k: None, key=KEY, relative_error=0.0), ValueError,
         "relative_error"),
    ],
)  # fmt: skip
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
