"""Unlikely numbers of errors in processes with memory: made likely, and weighed."""

from functools import partial
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from .._checks import check_level
from .._estimate import Estimate
from .._levels import uniform
from .._random_words import fold_in
from ..processes import AbstractHistoryProcess
from ._histories import check_process
from ._keys import check_key
from ._repeats import check_count, from_repeats
from ._splitting import resample

Tail = Literal["at most", "at least"]

# No hazard of a step is larger: survival of e^-700 is as good as none.
_CERTAIN = 700.0
# The pilot looks for the tilt among odds multiplied by e^-40 to 1.
_STRONGEST, _HALVINGS, _PILOT = 40.0, 12, 2**9


def rare_errors(
    process: AbstractHistoryProcess,
    length: int,
    errors: int,
    *,
    tail: Tail,
    key: PRNGKeyArray,
    particles: int | float = 2**12,
    repeats: int = 16,
    level: float = 0.95,
) -> Estimate:
    r"""Estimate $P(J_n\le m)$ or $P(J_n\ge m)$, however small, for a process with memory.

    $J_n$ is the number of wrong steps among the first $n$.

    Parameters
    ----------
    process
        `SelfConditioning`, `Recoverable`, or another that knows its `error_probability`.
    length
        Number of steps $n\ge1$.
    errors
        The number $m\ge0$ of errors, at most `length`.
    tail
        `"at most"` or `"at least"` $m$ errors. At least one error is the failure of a very
        reliable process.
    key
        One JAX key.
    particles
        Runs side by side, $N$.
    repeats
        Independent repetitions $\ge2$; their spread gives the standard error, and the interval
        is Student's.
    level
        Coverage of the interval.

    Returns
    -------
    The mean over repeats; `n` counts simulated runs.

    Notes
    -----
    *At least* $m$ errors, by splitting over the number of errors. Between two errors nothing
    changes but the position, so for a run whose $j$-th error was at step $t$ the probability
    $w$ of another one in time (by step $n-m+j+1$) is known. A stage multiplies the estimate by
    the mean of $w$ over the population, copies runs in proportion to $w$, and draws the step of
    the next error from its law given that it comes in time: work per error, not per step. Made
    for events that are unlikely because errors are; where most of the steps would have to fail
    the population ends in dead ends and the result is refused.

    *At most* $m$ errors, by a tilt. Runs are simulated step by step with the odds of an error
    multiplied by one factor $e^{\theta}<1$, under which $m$ errors are usual. With $p_i$ the
    error probability of step $i$ given the history the tilted one is $p_ie^{\theta}/G_i$,
    $G_i=1-p_i+p_ie^{\theta}$, so that the likelihood ratio of a run with $j$ errors is
    $e^{-\theta j}\prod_iG_i$. The product is carried as a weight. As soon as the weights of the
    population are uneven (effective number below $N/2$) it is drawn anew in proportion to them:
    bad runs end, good ones split. Runs with $m$ errors go on without any, $G_i=1-p_i$. The
    factor $e^{-\theta J_n}$ is applied at the end. The tilt comes from a pilot with a key of
    its own.

    Every repeat is unbiased. Let $v$ be the mean of what a run will still contribute, given its
    history. A step keeps the mean of weight times $v$, by definition of $v$ and of the weight;
    drawing anew keeps it too, as run $i$ is copied $Nw_i/\sum w$ times on average; and whether
    to draw is decided by the past alone. So the mean at the end is that at the start, which is
    the probability sought.

    Raises
    ------
    ValueError
        If a number is out of range or `tail` is unknown.
    RuntimeError
        If the repeats scatter by more than a third of their mean.
    TypeError
        If `key` is a seed or not a JAX key, or `process` has no memory.

    Source: Siegmund (1976) for the tilt; Del Moral (2004) for weighing and redrawing; Asmussen
    and Glynn (2007), Stochastic simulation, chapter VI.

    Examples
    --------
    >>> import jax
    >>> from simlib.processes import SelfConditioning
    >>> process = SelfConditioning(1e-6, 0.2, dependence="count")
    >>> found = rare_errors(process, 50, 3, tail="at least", key=jax.random.key(0))
    >>> exact = process.error_distribution(50)[3:].sum()
    >>> bool(found.stderr < 0.02 * exact), bool(abs(found.z_score(exact)) < 4)
    (True, True)
    """
    check_key(key)
    check_process(process)
    check_level(level)
    length = check_count("length", length, 1)
    errors = check_count("errors", errors, 0)
    particles = check_count("particles", particles, 2)
    repeats = check_count("repeats", repeats, 2)
    if errors > length:
        raise ValueError(f"errors must be at most length = {length}, got {errors}.")
    if tail not in ("at most", "at least"):
        raise ValueError(f'tail must be "at most" or "at least", got {tail!r}.')
    n, m = jnp.asarray(length), jnp.asarray(errors)
    pilot, main = jax.random.split(key)
    keys = jax.random.split(main, repeats)
    if tail == "at most":
        tilt = _find_tilt(process, n, m, pilot)
        values = _few(process, n, m, tilt, keys, particles=particles)
    else:
        # Tables have a length of a few kinds only, so that another one is seldom compiled.
        values = _many(process, n, m, keys, particles=particles, size=1 << length.bit_length())
    method = "tilted errors" if tail == "at most" else "splitting"
    return from_repeats(
        np.asarray(values), level=level, n=particles * repeats, method=method, population=True
    )


@partial(eqx.filter_jit)
def _many(process, n, m, keys, *, particles, size):
    """P(at least m errors), one unbiased estimate per key."""
    dtype = jnp.zeros((), float).dtype
    steps = jnp.arange(1, size + 1, dtype=dtype)

    def hazard(step, errors, streak):
        p = process.error_probability(step, errors, streak).astype(dtype)
        # A certain error has an infinite hazard, whose differences are no numbers.
        return jnp.minimum(-jnp.log1p(-p), _CERTAIN)

    def repeat(key):
        def stage(j, carry):
            step, streak, log_product = carry
            errors = jnp.asarray(j, dtype)
            # Of steps after a right one, in runs with j errors: the same for all of them.
            each = jnp.broadcast_to(hazard(steps, errors, jnp.zeros((), dtype)), steps.shape)
            total = jnp.concatenate([jnp.zeros_like(each[:1]), jnp.cumsum(each)])
            # Each of the errors still missing after this one needs a step.
            end = n - (m - 1 - j)
            after = jnp.minimum(step + 1, end)
            first = jnp.where(step < end, hazard((step + 1).astype(dtype), errors, streak), 0.0)
            weight = -jnp.expm1(-(first + total[end] - total[after]))
            log_product = log_product + jnp.log(jnp.mean(weight))
            choose, draw = jax.random.split(fold_in(key, j))
            index = resample(weight, choose)
            step, streak, after, first, weight = (
                x[index] for x in (step, streak, after, first, weight)
            )
            level = -jnp.log1p(-weight * uniform(draw, weight.shape, dtype))
            at_once = level <= first
            beyond = jnp.searchsorted(total, total[after] + level - first, method="scan_unrolled")
            step = jnp.where(at_once, after, jnp.clip(beyond, after + 1, end).astype(step.dtype))
            return step, jnp.where(at_once, streak + 1, 1.0), log_product

        start = jnp.zeros(particles, jnp.int32), jnp.zeros(particles, dtype), jnp.zeros((), dtype)
        return jnp.exp(jax.lax.fori_loop(0, m, stage, start)[2])

    return jax.lax.map(repeat, keys)


@partial(eqx.filter_jit)
def _few(process, n, m, tilt, keys, *, particles):
    """P(at most m errors), one unbiased estimate per key."""
    return jax.lax.map(lambda key: _run(process, n, m, tilt, key, particles), keys)


def _run(process, n, m, tilt, key, particles):
    dtype = tilt.dtype

    def step(i, carry):
        errors, streak, log_weight, log_product = carry
        move, choose = jax.random.split(fold_in(key, i))
        p = process.error_probability(jnp.asarray(i, dtype), errors, streak).astype(dtype)
        factor = jnp.where(errors < m, jnp.exp(tilt), 0.0)
        growth = 1 - p + p * factor
        wrong = jax.random.uniform(move, errors.shape, dtype) * growth < p * factor
        errors = errors + wrong
        streak = jnp.where(wrong, streak + 1, 0)
        log_weight = log_weight + jnp.log(growth)
        # Draw anew where a few runs carry the weight.
        top = jnp.max(log_weight)
        relative = jnp.exp(log_weight - top)
        uneven = jnp.sum(relative) ** 2 < particles / 2 * jnp.sum(relative**2)

        def redraw(carry):
            errors, streak, _, log_product = carry
            index = resample(relative, choose)
            log_product = log_product + top + jnp.log(jnp.mean(relative))
            return errors[index], streak[index], jnp.zeros_like(log_weight), log_product

        carry = errors, streak, log_weight, log_product
        return jax.lax.cond(uneven, redraw, lambda carry: carry, carry)

    zeros = jnp.zeros(particles, dtype)
    start = zeros, zeros, zeros, jnp.zeros((), dtype)
    errors, _, log_weight, log_product = jax.lax.fori_loop(1, n + 1, step, start)
    total = jax.nn.logsumexp(log_weight - tilt * errors)
    return jnp.exp(log_product + total - jnp.log(particles))


@partial(eqx.filter_jit)
def _find_tilt(process, n, m, key):
    """The tilt under which about every second run has more than `m` errors.

    Errors become more with the tilt, so the interval is halved; the key is the same throughout.
    """
    dtype = jnp.zeros((), float).dtype

    def too_many(tilt):
        def step(i, carry):
            errors, streak = carry
            p = process.error_probability(jnp.asarray(i, dtype), errors, streak).astype(dtype)
            odds = p * jnp.exp(tilt)
            draw = jax.random.uniform(fold_in(key, i), errors.shape, dtype)
            wrong = draw * (1 - p + odds) < odds
            return errors + wrong, jnp.where(wrong, streak + 1, 0)

        zeros = jnp.zeros(_PILOT, dtype)
        errors, _ = jax.lax.fori_loop(1, n + 1, step, (zeros, zeros))
        return jnp.mean(errors > m) > 0.5

    def halve(_, ends):
        low, high = ends
        middle = (low + high) / 2
        over = too_many(middle)
        return jnp.where(over, low, middle), jnp.where(over, middle, high)

    # Never towards more errors: likely events are simulated as they are.
    ends = jnp.asarray(-_STRONGEST, dtype), jnp.asarray(0.0, dtype)
    low, high = jax.lax.fori_loop(0, _HALVINGS, halve, ends)
    return (low + high) / 2
