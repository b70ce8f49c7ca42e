"""Nothing is compiled again for other parameters, numbers of replicates, keys or lengths."""

import jax
import pytest

import simlib.simulate as engine
from simlib import ConstantRepair, HeavyTailed, KeyTokens, PowerGrowth, Recoverable, mixing
from simlib.processes import SelfConditioning

# Any compilation, of the engine's own functions and of every small step around them.
EVENT = "/jax/core/compile/backend_compile_duration"


def frailty(x):
    return HeavyTailed(mixing.Gamma(0.02 * x, 0.0004 * x))


def key_tokens(x):
    return KeyTokens(0.05 * x, PowerGrowth(1.0 * x, 0.5))


def recoverable(x):
    return Recoverable(0.05 * x, ConstantRepair(0.02 * x))


def self_conditioning(x):
    return SelfConditioning(0.05 * x, 0.3 * x, dependence="count")


# What one call asks, from a factor of the parameters, a key, two lengths and a size.
CALLS = {
    "survival": lambda x, key, n, size: engine.survival(key_tokens(x), n, key=key, replicates=size),
    "survival, latent": lambda x, key, n, size: engine.survival(
        frailty(x), n, key=key, replicates=size
    ),
    "conditional_survival": lambda x, key, n, size: engine.conditional_survival(
        frailty(x), n, key=key, replicates=size
    ),
    "pass_at_k": lambda x, key, n, size: engine.pass_at_k(
        frailty(x), n[0], n, key=key, problems=size
    ),
    "first_error": lambda x, key, n, size: engine.first_error(frailty(x), key=key, shape=(7,)),
    "token_by_token": lambda x, key, n, size: engine.token_by_token(
        frailty(x), n, key=key, replicates=size // 100
    ),
    "histories": lambda x, key, n, size: engine.histories(
        recoverable(x), n, key=key, replicates=size // 10
    ),
    "histories, self-conditioning": lambda x, key, n, size: engine.histories(
        self_conditioning(x), n, key=key, replicates=size // 10
    ),
}


@pytest.fixture
def compiled():
    """The programs compiled so far."""
    programs = []

    def listen(event, seconds, **what):
        if event == EVENT:
            programs.append(what)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield programs
    jax.monitoring.unregister_event_duration_listener(listen)


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_compiled_again(name, compiled):
    call = CALLS[name]
    call(1.0, jax.random.key(0), [5, 50], 70_000)
    del compiled[:]
    call(0.9, jax.random.key(1), [8, 70], 200_003)
    call(0.8, jax.random.key(2), [3, 9], 10_000)
    assert not compiled


def test_a_compilation_is_seen(compiled):
    # Another number of lengths is another program.
    call = CALLS["survival"]
    call(1.0, jax.random.key(0), [5, 50], 1000)
    del compiled[:]
    call(1.0, jax.random.key(0), [5, 6, 50], 1000)
    assert compiled
