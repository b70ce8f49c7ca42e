"""The probability of final success along simulated outputs, for processes where it is known."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from scipy import stats

Paths = Float[np.ndarray, "replicates positions"]


def absorbing_paths(
    error_rate: float, length: int, *, key: Key[Array, ""], replicates: int
) -> Paths:
    r"""Uniform errors without repair: $p_i=(1-e)^{n-i}$ until the first error, then 0.

    Parameters
    ----------
    error_rate
        $e$, in [0, 1].
    length
        $n$; success is an output of this length without error.
    key
        For the errors.
    replicates
        Number of outputs.

    Returns
    -------
    numpy.ndarray
        $p_0,\dots,p_n$, one output a row.

    Raises
    ------
    ValueError
        If the rate is no probability, or `length` or `replicates` is not positive.

    Examples
    --------
    >>> absorbing_paths(0.0, 2, key=jax.random.key(0), replicates=1)
    array([[1., 1., 1.]])
    """
    _check_probabilities(error_rate=error_rate)
    _check_counts(length=length, replicates=replicates)
    right = jax.random.uniform(key, (replicates, length)) >= error_rate
    alive = np.pad(np.cumprod(np.asarray(right), axis=1), ((0, 0), (1, 0)), constant_values=1)
    return alive * (1.0 - error_rate) ** np.arange(length, -1, -1)


def majority_paths(bits: int, *, key: Key[Array, ""], replicates: int) -> Paths:
    r"""Fair bits, of which more than half must be 1: no bit decides alone, none is wrong.

    With $s$ ones among the first $i$ bits, $p_i=P(\operatorname{Bin}(n-i,\tfrac12)>\tfrac n2-s)$.

    Parameters
    ----------
    bits
        $n$, odd.
    key, replicates
        As for `absorbing_paths`.

    Raises
    ------
    ValueError
        If `bits` is even, or a count is not positive.
    """
    _check_counts(bits=bits, replicates=replicates)
    if bits % 2 == 0:
        raise ValueError(f"bits must be odd, so that there is a majority, got {bits}.")
    ones = np.asarray(jax.random.bernoulli(key, 0.5, (replicates, bits)), dtype=int)
    so_far = np.pad(np.cumsum(ones, axis=1), ((0, 0), (1, 0)))
    left = bits - np.arange(bits + 1)
    missing = (bits + 1) // 2 - np.arange(bits + 1)
    table = stats.binom.sf(missing[:, None] - 1, left, 0.5)  # by ones so far and position
    return table[so_far, np.arange(bits + 1)]


def two_state_paths(
    error_rate: float,
    repair_rate: float,
    length: int,
    *,
    key: Key[Array, ""],
    replicates: int,
) -> Paths:
    r"""Errors that can be repaired: a chain with two states that has to end in the right one.

    It goes wrong with probability $\varepsilon$ and right again with probability $c$, so with
    $\pi=c/(c+\varepsilon)$ and $m$ tokens left the probability to end right is
    $\pi+(1-\pi)(1-c-\varepsilon)^m$ from the right state and
    $\pi-\pi(1-c-\varepsilon)^m$ from the wrong one. Outputs start right.

    Parameters
    ----------
    error_rate, repair_rate
        $\varepsilon$ and $c$, in [0, 1], not both 0.
    length, key, replicates
        As for `absorbing_paths`.

    Raises
    ------
    ValueError
        If a rate is no probability, both are 0, or a count is not positive.
    """
    _check_probabilities(error_rate=error_rate, repair_rate=repair_rate)
    _check_counts(length=length, replicates=replicates)
    if error_rate + repair_rate == 0:
        raise ValueError("error_rate and repair_rate are both 0; nothing would ever happen.")
    uniform = jax.random.uniform(key, (length, replicates))

    def move(right, u):
        after = jnp.where(right, u >= error_rate, u < repair_rate)
        return after, after

    start = jnp.ones(replicates, dtype=bool)
    _, states = jax.lax.scan(move, start, uniform)
    right = np.concatenate([np.ones((replicates, 1), bool), np.asarray(states).T], axis=1)
    rest = repair_rate / (repair_rate + error_rate)
    forgotten = (1.0 - error_rate - repair_rate) ** np.arange(length, -1, -1)
    return np.clip(rest + forgotten * np.where(right, 1.0 - rest, -rest), 0.0, 1.0)


def walk_paths(
    start: int, size: int, length: int, *, key: Key[Array, ""], replicates: int
) -> Paths:
    r"""A fair walk on $0,\tfrac1N,\dots,1$ that stops at its ends: every move is as large.

    The process that has as many moves of size $g=1/N$ as the bound allows; it takes
    $i(N-i)$ of them on average from $i/N$.

    Parameters
    ----------
    start, size
        $i$ and $N$, with $0<i<N$.
    length
        Steps simulated; choose many times $N^2$, so that nearly all walks have ended.
    key, replicates
        As for `absorbing_paths`.

    Raises
    ------
    ValueError
        If `start` does not lie between 0 and `size`, or a count is not positive.
    """
    _check_counts(length=length, replicates=replicates)
    if not 0 < start < size:
        raise ValueError(f"start must lie between 0 and size = {size}, got {start}.")
    steps = 2 * jax.random.bernoulli(key, 0.5, (length, replicates)) - 1

    def move(at, step):
        after = at + jnp.where((at > 0) & (at < size), step, 0)
        return after, after

    first = jnp.full(replicates, start)
    _, places = jax.lax.scan(move, first, steps)
    return np.concatenate([np.asarray(first)[None], np.asarray(places)]).T / size


def _check_counts(**counts: int) -> None:
    for name, value in counts.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}.")


def _check_probabilities(**rates: float) -> None:
    for name, value in rates.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must lie in [0, 1], got {value}.")
