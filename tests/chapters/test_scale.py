"""What the chapter on scale says in words that no other test covers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib import KeyTokens, PowerGrowth, Uniform, fit, traces
from simlib.book._benchmarks import benchmark, read_baseline
from simlib.claims.evidence.scale import words_drawn
from simlib.formulas import scale
from simlib.processes import SelfConditioning
from simlib.simulate import sample_histories, survival_counts


def test_one_model_errs_early_and_the_other_seldom():
    """Mean draws of a token loop on copied lists: less than half of the tokens, and most."""
    share = {}
    for model in ("smollm2", "gemma3"):
        data = traces.load(f"answers-{model}")
        log_prob = fit.answer_log_probs(data, task="copy", level=8)
        survival = np.exp(np.cumsum(log_prob, axis=1))
        draws = 1 + survival[:, :-1].sum(axis=1)
        share[model] = draws.mean() / survival.shape[1]
    assert share["smollm2"] < 0.5
    assert share["gemma3"] > 0.75


@pytest.mark.parametrize("rate", [0.9, 1e-3, 1e-9])
def test_a_first_error_takes_one_word(rate):
    assert words_drawn(rate, key=jax.random.key(0)) == 1


def test_words_in_a_loop_are_not_counted_as_one():
    """The counter of words refuses a program whose work depends on what happens."""
    from simlib.claims.evidence.scale import _words

    def loop(key):
        return jax.lax.fori_loop(
            0, 5, lambda i, x: x + jax.random.uniform(jax.random.fold_in(key, i)), 0.0
        )

    with pytest.raises(ValueError, match="inside a loop"):
        _words(jax.make_jaxpr(loop)(jax.random.key(0)).jaxpr)


def test_errors_that_double_the_rate_cost_more_events():
    rate, steps, runs = 1e-3, [1000], 20_000
    counts = {}
    for feedback in (0.0, rate):
        process = SelfConditioning(rate, feedback, dependence="count")
        errors, _ = sample_histories(process, steps, key=jax.random.key(1), shape=(runs,))
        counts[feedback] = np.asarray(errors, float)
    plain = counts[0.0]
    # Five standard errors of a Poisson mean of one.
    assert abs(plain.mean() + 1 - float(scale.history_draws(1000, rate))) < 5 / runs**0.5
    assert counts[rate].mean() > 1.5 * plain.mean()


def test_single_precision_uniforms_have_zero_as_one_of_eight_million_values():
    with jax.enable_x64(False):
        drawn = jax.random.uniform(jax.random.key(2), (2**16,), jnp.float32)
        assert np.all(np.asarray(drawn) * 2**23 == np.round(np.asarray(drawn) * 2**23))


def test_floats_depend_on_the_order_and_counts_do_not():
    times = np.asarray(jax.random.exponential(jax.random.key(3), (2**20,)))
    assert np.cumsum(times)[-1] != np.cumsum(times[::-1])[-1]
    process = KeyTokens(0.05, PowerGrowth(2.0, 0.5))
    part = lambda start, size: survival_counts(
        process, [10, 100], key=jax.random.key(4), start=start, replicates=size
    )
    assert part(0, 7) + part(7, 99_994) == part(7, 99_994) + part(0, 7) == part(0, 100_001)


def test_a_block_takes_several_times_the_draws_of_a_sequence():
    running = scale.block_running(np.asarray(Uniform(1e-3).survival(np.arange(100_000.0))), 4096)
    assert 8 < float(running.sum()) / float(scale.token_draws(100_000, 1e-3)) < 10


def test_the_page_finds_its_committed_measurements():
    uniform = "first errors, uniform (rate 1e-3)"
    for way in ("NumPy geometric sampler", "numba token loop, stops at the error"):
        assert benchmark(uniform, way).ratio > 0
    one = benchmark(
        "survival, uniform errors (rate 1e-3, six lengths up to 1000)", "engine, one device"
    )
    assert one.machine in read_baseline()["machines"]
