"""Evidence on the cost of simulation: draws, blocks, digits, devices."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from jax.extend.core import jaxprs_in_params
from jaxtyping import Array, Key

from ..._estimate import Estimate
from ...formulas import error_rate, n, prove_equal, scale, survival
from ...formulas.scale import block_size
from ...formulas.survival import survival_after
from ...processes import Uniform
from ...simulate import first_error
from .._evidence import Evidence, evidence, symbolic
from .._finding import LEVEL, joint_level
from ._effects import scaled, stacked
from ._survival_tools import zero

# -- draws ---------------------------------------------------------------------------------


@evidence("scale.token_loop_draws", "derived")
def _token_loop_proof() -> Evidence:
    # Draw i + 1 is made if the first i tokens are right: a finite geometric series. It is right
    # at n = 0, and another token adds the probability that all before it were right.
    total = scale.token_draws.expression
    step = total.subs(n, n + 1) - total
    return Evidence(
        (
            zero(total.subs(n, 0)),
            prove_equal(step, (1 - error_rate) ** n),
            scale.token_draws.prove(),
        ),
        note="By induction over the length: token n + 1 is drawn if n tokens were right.",
    )


@jax.jit
def _drawn(rate, longest, key):
    """Numbers drawn by 2,000 loops over tokens; every token is a draw of its own."""

    def unfinished(state):
        turn, alive, _ = state
        return (turn < longest) & jnp.any(alive)

    def advance(state):
        turn, alive, drawn = state
        wrong = jax.random.bernoulli(jax.random.fold_in(key, turn), rate, alive.shape)
        return turn + 1, alive & ~wrong, drawn + alive

    start = (jnp.int32(0), jnp.ones(2000, bool), jnp.zeros(2000, jnp.int32))
    turns, _, drawn = jax.lax.while_loop(unfinished, advance, start)
    return turns, drawn


@evidence("scale.token_loop_draws", "simulated")
def _token_loop_simulated(*, key) -> Evidence:
    cases, blocks = ((0.01, 50), (0.01, 1000), (0.1, 1000)), 100
    level, found = joint_level(len(cases)), []
    for i, (rate, longest) in enumerate(cases):
        keys = jax.random.split(jax.random.fold_in(key, i), blocks)
        drawn = np.concatenate([np.asarray(_drawn(rate, longest, k)[1]) for k in keys])
        mean = Estimate.from_mean(
            drawn.mean(), drawn.std(ddof=1) / len(drawn) ** 0.5, len(drawn), level=level
        )
        found.append(scaled(mean, 1 / float(scale.token_draws(longest, rate))))
    return Evidence(stacked(found), note="Three loops, 200,000 sequences each, draws counted.")


@evidence("scale.events_not_tokens", "derived")
def _events_proof() -> Evidence:
    level = sp.Symbol("x", positive=True)
    reached = survival.cumulative_hazard.expression
    tail = sp.integrate(sp.exp(-level), (level, reached, sp.oo))
    return Evidence(
        (zero(tail - survival_after),),
        note="One exponential level exceeds the cumulative hazard at n with probability S(n), "
        "whatever n.",
    )


def words_drawn(error_rate: float, *, key: Key[Array, ""], sequences: int = 64) -> float:
    """Random words per sequence in the compiled program of `first_error`."""

    def program(key):
        return first_error(Uniform(error_rate), key=key, shape=(sequences,))

    # A generator of JAX's own appears in the program as one operation per array of words; the
    # words of Threefry are written out and could not be told from the arithmetic on them.
    key = jax.random.key(jax.random.bits(key, dtype="uint32"), impl="rbg")
    return _words(jax.make_jaxpr(program)(key).jaxpr) / sequences


def _words(program) -> int:
    """Random words that a traced program draws, those of inner functions included."""
    total = 0
    for equation in program.eqns:
        if equation.primitive.name == "random_bits":
            total += sum(variable.aval.size for variable in equation.outvars)
        # A loop would draw as often as it turns; there must be none around a draw.
        inner = sum(_words(p) for p in jaxprs_in_params(equation.params))
        if inner and equation.primitive.name in ("while", "scan"):
            raise ValueError("random words are drawn inside a loop; count its turns.")
        total += inner
    return total


@evidence("scale.events_not_tokens", "simulated")
def _events_simulated(*, key) -> Evidence:
    words = np.array([words_drawn(rate, key=key) for rate in (0.5, 1e-3, 1e-6, 1e-9)])
    return Evidence(
        Estimate.exact(words[1:] - words[0]),
        note=f"Words in the compiled program, mean lengths 2 to a billion: {words[0]:g} each.",
    )


# -- blocks --------------------------------------------------------------------------------

_BLOCK, _RATE, _LENGTH = 4096, 1e-3, 10_000


@evidence("scale.blocks_wait_for_the_last", "derived")
def _blocks_proof() -> Evidence:
    # The block has stopped if all of its sequences have failed; two of them by inclusion and
    # exclusion; and the limit of an endless block.
    running = scale.block_running.expression
    endless = sp.limit(running.subs(survival_after, sp.Rational(1, 1000)), block_size, sp.oo)
    return Evidence(
        (
            zero(running.subs(block_size, 1) - survival_after),
            zero(sp.expand(running.subs(block_size, 2) - 2 * survival_after + survival_after**2)),
            zero(endless - 1),
            scale.block_running.prove(),
        ),
        note="A block runs while one of its sequences does; an endless one always runs.",
    )


@evidence("scale.blocks_wait_for_the_last", "simulated")
def _blocks_simulated(*, key) -> Evidence:
    first = np.asarray(first_error(Uniform(_RATE), key=key, shape=(400, _BLOCK)))
    turns = np.minimum(first.max(axis=1), _LENGTH)
    mean = Estimate.from_mean(
        turns.mean(), turns.std(ddof=1) / len(turns) ** 0.5, len(turns), level=LEVEL
    )
    return Evidence(scaled(mean, 1 / float(scale.token_draws(_LENGTH, _RATE))), note="400 blocks.")


# -- digits --------------------------------------------------------------------------------


@evidence("scale.float32_uniforms_are_coarse", "derived")
def _coarse_proof() -> Evidence:
    # Zero is one of 2^23 equally likely values and lies below every rate.
    least = scale.resolution.expression.subs(scale.word_bits, 23)
    word = scale.resolution.expression.subs(scale.word_bits, 32)
    return Evidence(
        (
            zero(least - sp.Rational(1, 2**23)),
            symbolic(least / sp.Rational(1, 10**9) > 10),
            symbolic(word < sp.Rational(1, 10**9)),
        ),
        note="Zero alone has probability 2^-23, more than a hundred times the rate; words of 32 "
        "bits resolve it.",
    )  # fmt: skip


@jax.jit
def _below(key, rate):
    return jnp.sum(jax.random.uniform(key, (2**22,), jnp.float32) < rate)


@evidence("scale.float32_uniforms_are_coarse", "simulated")
def _coarse_simulated(*, key) -> Evidence:
    rate, calls = 1e-9, 32
    errors = sum(int(_below(jax.random.fold_in(key, i), jnp.float32(rate))) for i in range(calls))
    share = Estimate.from_counts(errors, calls * 2**22, level=LEVEL)
    return Evidence(scaled(share, 1 / rate), note="A hundred million uniforms of JAX.")


# -- devices -------------------------------------------------------------------------------

_ON_DEVICES = """
import sys
import jax
import numpy as np
from simlib import KeyTokens, PowerGrowth
from simlib.simulate import survival_counts

jax.config.update("jax_enable_x64", True)
words = np.array(sys.argv[1].split(","), np.uint32)
key = jax.random.wrap_key_data(jax.numpy.asarray(words))
process = KeyTokens(0.05, PowerGrowth(2.0, 0.5))
for devices in (1, 2, 3, 8):
    mesh = jax.sharding.Mesh(np.asarray(jax.devices()[:devices]), ("replicates",))
    counts = survival_counts(process, [10, 100], key=key, replicates=1_000_003, mesh=mesh)
    print(len(mesh.devices), *counts.survived)
"""


@evidence("scale.same_on_any_devices", "simulated")
def _devices_simulated(*, key) -> Evidence:
    # A process of its own: how many devices there are is fixed once JAX has started.
    words = ",".join(str(word) for word in np.asarray(jax.random.key_data(key)))
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": "8"}
    done = subprocess.run(
        [sys.executable, "-c", _ON_DEVICES, words],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    rows = np.array([line.split() for line in done.stdout.splitlines()], dtype=np.int64)
    if rows[:, 0].tolist() != [1, 2, 3, 8]:
        raise RuntimeError(f"devices used: {rows[:, 0].tolist()}, not 1, 2, 3 and 8.")
    return Evidence(
        Estimate.exact((rows[1:, 1:] - rows[0, 1:]).astype(float)),
        note="A million and three sequences on 1, 2, 3 and 8 simulated devices, two lengths.",
    )
