"""Survival far below one event per run: a product of moderate survivals along the way."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int32, PRNGKeyArray

from .._estimate import Estimate
from .._levels import exponential_level
from .._random_words import fold_in
from ..mixing import AbstractMixing
from ..processes import AbstractErrorProcess
from ..processes._base import has_latent
from ._keys import check_key
from ._latents import Event, latent_of
from ._repeats import check_count, from_repeats
from ._survival import check_lengths

# Steps of the random walk after each resampling, and how long: 2.4 standard deviations of the
# law it walks on are best for a nearly normal one (Roberts, Gelman and Gilks 1997).
_MOVES, _STRIDE = 4, 2.4
# Stages are padded to a multiple of this with stages that do nothing, so that other parameters
# seldom need a new compilation.
_PAD = 16
_MOST_STAGES = 1000


def rare_survival(
    process: AbstractErrorProcess,
    length: int,
    *,
    key: PRNGKeyArray,
    particles: int | float = 2**14,
    repeats: int = 16,
    share: float = 0.2,
    level: float = 0.95,
) -> Estimate:
    r"""Estimate a tiny $S(n)$ by splitting: $\prod_jP(N>n_j\mid N>n_{j-1})$.

    Counting survivors needs $100^2/S(n)$ sequences for a relative error of one per cent. Here
    a population of fixed size is carried along a ladder of lengths $0<n_1<\dots<n_K=n$, each
    survived by about `share` of those that survived the one before; the lost ones are replaced
    by copies of survivors.

    Parameters
    ----------
    process
        Any process that ends at its first error. Where sequences differ, by one latent with a
        density (`HeavyTailed`, `Frailty`).
    length
        A whole number $n\ge0$.
    key
        One JAX key.
    particles
        Size $N$ of the population.
    repeats
        Independent repetitions $\ge2$; their spread gives the standard error, and the interval
        is Student's.
    share
        Survivors per stage aimed at, in (0, 1). 0.203 is best for independent stages
        (`simlib.formulas.monte_carlo`), and nothing depends much on it.
    level
        Coverage of the interval.

    Returns
    -------
    The mean over repeats; `n` counts all particles at all stages.

    Notes
    -----
    *Without a latent* the hazard left at $n_{j-1}$ is exponential again, so a stage is a
    binomial count and a repeat a product of independent proportions: unbiased. (`survival` of
    the process itself is exact; this is its check.)

    *With a latent* $X$ a survivor's latent is no fresh draw, and copies of the few lucky ones
    would soon be all there is. So a stage (1) weighs each particle by its known conditional
    survival, $w=S(n_j\mid X)/S(n_{j-1}\mid X)$, and multiplies the estimate by the mean weight;
    (2) draws $N$ copies, particle $i$ on average $Nw_i/\sum w$ times; (3) moves each copy by
    steps of a Metropolis random walk in $\ln X$, which keeps the law of the latent among
    survivors of $n_j$. With ladder and strides fixed, the product of mean weights is unbiased
    for every $N$ (Del Moral 2004, section 7.4): given the particles before a stage, both
    copying and moving keep the mean of every function of a particle, weighed by the product so
    far. Ladder and strides are chosen by a pilot run with a key of its own, so that they are
    fixed for all repeats.

    Raises
    ------
    ValueError
        If a number is out of range, the process has a latent of another kind, or the survival
        is so small that it needs more than 1000 stages (below $10^{-700}$ at a share of 0.2).

    Source: Kahn and Harris (1951); Garvels (2000); Del Moral, Doucet and Jasra (2006).

    Examples
    --------
    >>> import jax
    >>> from simlib import Uniform
    >>> found = rare_survival(Uniform(0.01), 2062, key=jax.random.key(0))
    >>> f"{float(Uniform(0.01).survival(2062)):.2g}", bool(abs(found.value / 1e-9 - 1) < 0.1)
    ('1e-09', True)
    """
    check_key(key)
    wanted = check_lengths(length, name="length")
    if wanted.shape != ():
        raise ValueError(f"length must be a single number, got shape {wanted.shape}; use a loop.")
    particles = check_count("particles", particles, 2)
    repeats = check_count("repeats", repeats, 2)
    if not 0 < share < 1:
        raise ValueError(f"share must lie in (0, 1), got {share}; such as 0.2.")
    pilot, main = jax.random.split(key)
    keys = jax.random.split(main, repeats)
    n = jnp.asarray(wanted, dtype=float)
    if has_latent(process):
        latent = latent_of(process)
        event = Event(process)
        ladder, strides = _ladder(latent.density, event, n, pilot, share)
        values = _with_latent(latent.density, event, ladder, strides, keys, particles)
        certain = float(latent.atom) * float(jnp.exp(event(jnp.zeros_like(n), n)))
        values = (1 - float(latent.atom)) * np.asarray(values) + certain
        stages = int(np.count_nonzero(np.diff(np.asarray(ladder), prepend=0.0)))
    else:
        hazard = float(process.cumulative_hazard(n))
        stages = max(1, math.ceil(hazard / -math.log(share)))
        _check_stages(stages)
        values = _counted(jnp.asarray(hazard / stages), stages, keys, particles)
    return from_repeats(
        np.asarray(values),
        level=level,
        n=particles * repeats * stages,
        method="splitting",
        population=True,
    )


def _check_stages(stages: int) -> None:
    if stages > _MOST_STAGES:
        raise ValueError(
            f"the survival needs {stages} stages, more than {_MOST_STAGES}; it is too small to "
            "matter, shorten the length."
        )


@eqx.filter_jit
def _counted(step, stages, keys, particles):
    """Products of shares of `particles` whose remaining level exceeds one step of hazard."""

    def repeat(key):
        def stage(j, product):
            level = exponential_level(fold_in(key, j), (particles,), step.dtype)
            return product * jnp.mean(level > step)

        return jax.lax.fori_loop(0, stages, stage, jnp.ones((), step.dtype))

    return jax.lax.map(repeat, keys)


# -- sequences that differ -------------------------------------------------------------------


@eqx.filter_jit
def _with_latent(mixing, event, ladder, strides, keys, particles):
    """One unbiased estimate per key: mean weights multiplied along the ladder."""

    def repeat(key):
        first, rest = jax.random.split(key)
        y = mixing.sample_log_hazard((particles,), key=first)
        before = jnp.concatenate([jnp.zeros_like(ladder, shape=(1,)), ladder[:-1]])

        def stage(carry, inputs):
            y, log_product = carry
            index, low, high, stride = inputs
            y, log_mean = jax.lax.cond(
                high > low,
                lambda y: _stage(mixing, event, y, low, high, stride, fold_in(rest, index)),
                lambda y: (y, jnp.zeros((), y.dtype)),
                y,
            )
            return (y, log_product + log_mean), None

        start = y, jnp.zeros((), y.dtype)
        inputs = jnp.arange(ladder.size), before, ladder, strides
        (_, log_product), _ = jax.lax.scan(stage, start, inputs)
        return jnp.exp(log_product)

    return jax.lax.map(repeat, keys)


def _stage(mixing, event, y, low, high, stride, key):
    """Particles of the law given survival to `high`, from those given survival to `low`."""
    choose, move = jax.random.split(key)
    latent = jnp.exp(y)
    # Equal infinite hazards would give inf - inf; such a sequence was lost long ago.
    gain = jnp.nan_to_num(event(latent, high) - event(latent, low), nan=-jnp.inf, neginf=-jnp.inf)
    log_mean = jax.nn.logsumexp(gain) - math.log(y.size)
    y = y[resample(jnp.exp(gain - jnp.max(gain)), choose)]
    return _walk(mixing, event, y, high, stride, move), log_mean


def resample(weights: Float[Array, "particles"], key: PRNGKeyArray) -> Int32[Array, "particles"]:
    """Indices of copies: particle `i` on average `N w_i / sum(w)` times (systematic)."""
    count = weights.size
    edges = jnp.cumsum(weights)
    edges = count * edges / jnp.where(edges[-1] > 0, edges[-1], 1.0)
    # Places U, U + 1, ... on a line of length N, of which particle i owns a piece of length
    # N w_i / sum(w): how many places lie before the end of its piece?
    before = jnp.ceil(edges - jax.random.uniform(key, (), edges.dtype)).astype(jnp.int32)
    passed = jnp.zeros(count + 1, jnp.int32).at[jnp.clip(before, 0, count)].add(1)
    return jnp.minimum(jnp.cumsum(passed[:-1], dtype=jnp.int32), count - 1)


def _walk(mixing, event, y, n, stride, key):
    """Metropolis steps in log latent that keep the law given survival to `n`."""
    log_law = lambda y: mixing.log_density_log_hazard(y) + event(jnp.exp(y), n)

    def step(i, carry):
        y, at = carry
        where, accept = jax.random.split(fold_in(key, i))
        proposed = y + stride * jax.random.normal(where, y.shape, y.dtype)
        there = log_law(proposed)
        # NaN (both impossible) compares as false: stay.
        taken = exponential_level(accept, y.shape, y.dtype) > at - there
        return jnp.where(taken, proposed, y), jnp.where(taken, there, at)

    return jax.lax.fori_loop(0, _MOVES, step, (y, log_law(y)))[0]


def _ladder(
    mixing: AbstractMixing, event: Event, n: Array, key: PRNGKeyArray, share: float
) -> tuple[Array, Array]:
    """Lengths and strides from a pilot population, padded with repetitions of the last length."""
    pilot = 2**11
    y = mixing.sample_log_hazard((pilot,), key=fold_in(key, 0))
    ladder, strides, low = [], [], jnp.zeros_like(n)
    while float(low) < float(n):
        _check_stages(len(ladder) + 1)
        low, stride, y = _next_rung(
            mixing, event, y, low, n, jnp.asarray(share), fold_in(key, len(ladder) + 1)
        )
        ladder.append(low)
        strides.append(stride)
    pad = -len(ladder) % _PAD if ladder else _PAD
    ladder += [n] * pad
    strides += [jnp.ones_like(n)] * pad
    return jnp.stack(ladder), jnp.stack(strides)


@eqx.filter_jit
def _next_rung(mixing, event, y, low, n, share, key):
    latent = jnp.exp(y)

    def survivors(high):
        gain = event(latent, high) - event(latent, low)
        return jnp.mean(jnp.exp(jnp.nan_to_num(gain, nan=-jnp.inf, neginf=-jnp.inf)))

    # In the logarithm of the step: stages grow over many orders of magnitude.
    def halve(_, ends):
        short, long = ends
        middle = (short + long) / 2
        enough = survivors(low + jnp.exp(middle)) > share
        return jnp.where(enough, middle, short), jnp.where(enough, long, middle)

    most = jnp.log(n - low)
    short, _ = jax.lax.fori_loop(0, 40, halve, (jnp.minimum(most, 0.0) - 40.0, most))
    high = jnp.where(survivors(n) > share, n, jnp.minimum(low + jnp.exp(short), n))
    # A step that rounding swallows would never end.
    high = jnp.where(high > low, high, n)
    gain = jnp.nan_to_num(event(latent, high) - event(latent, low), nan=-jnp.inf, neginf=-jnp.inf)
    choose, move = jax.random.split(key)
    y = y[resample(jnp.exp(gain - jnp.max(gain)), choose)]
    stride = _STRIDE * jnp.maximum(jnp.std(y), 1e-6)
    return high, stride, _walk(mixing, event, y, high, stride, move)
