"""Error per second: what an estimator gains over counting, and how large to make it."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import jax
from jaxtyping import PRNGKeyArray

from .._estimate import Estimate
from ._keys import check_key

Run = Callable[[int, PRNGKeyArray], Estimate]

# The pilot knows its own standard error to some 20 %, so the variance to 40 %.
_MARGIN = 1.5


def run_to_precision(
    run: Run,
    *,
    key: PRNGKeyArray,
    relative_error: float,
    size: int = 2**8,
    max_size: int = 2**24,
) -> Estimate:
    r"""Run an estimator at the size that a pilot run says is enough.

    The pilot's relative standard error $r$ at its size $s$ gives the size $1.5\,s(r/\eta)^2$ for
    the target $\eta$; a second run of this size, with another key, is the result. The result is
    returned whatever its own error turns out to be, so it is not biased as a run is that stops
    when it likes what it sees (`run_until`).

    Parameters
    ----------
    run
        Function of a size and a key that gives a scalar estimate, such as
        `lambda size, key: rare_survival(process, 1000, key=key, particles=size)`.
    key
        One JAX key.
    relative_error
        Target $\eta>0$ for standard error over value.
    size
        Of the pilot; it grows eightfold until the pilot sees the event at all.
    max_size
        Largest size allowed.

    Raises
    ------
    ValueError
        If a number is not positive, or the target needs more than `max_size`.

    Examples
    --------
    >>> import jax
    >>> from simlib import Uniform
    >>> from simlib.simulate import rare_survival
    >>> split = lambda size, key: rare_survival(Uniform(0.01), 2062, key=key, particles=size)
    >>> found = run_to_precision(split, key=jax.random.key(0), relative_error=0.05)
    >>> bool(found.stderr < 0.06 * found.value)
    True
    """
    check_key(key)
    if not (math.isfinite(relative_error) and relative_error > 0):
        raise ValueError(f"relative_error must be a positive number, got {relative_error}.")
    if size < 1:
        raise ValueError(f"size must be at least 1, got {size}.")
    pilot_key, final_key = jax.random.split(key)
    turn = 0
    while True:
        _check_size(size, max_size, relative_error)
        pilot = run(size, jax.random.fold_in(pilot_key, turn))
        if float(pilot.value) > 0:
            break
        size, turn = 8 * size, turn + 1
    reached = float(pilot.stderr) / float(pilot.value)
    needed = math.ceil(_MARGIN * size * (reached / relative_error) ** 2)
    _check_size(needed, max_size, relative_error)
    # A power of two: sizes are shapes, and each shape is compiled.
    return run(1 << max(needed - 1, 1).bit_length(), final_key)


def _check_size(size: int, most: int, target: float) -> None:
    if size > most:
        raise ValueError(
            f"a relative error of {target:g} needs a size of about {size}, more than max_size = "
            f"{most}; raise max_size, or choose an estimator made for rare events."
        )


@dataclass(frozen=True)
class Gain:
    """An estimator next to counting the same event among plain replicates.

    Attributes
    ----------
    estimate
        What it found; `estimate.n` draws.
    seconds
        Wall time of the run, without compilation.
    plain_seconds
        Wall time of one plain replicate.
    """

    estimate: Estimate
    seconds: float
    plain_seconds: float

    @property
    def relative_error(self) -> float:
        """Standard error divided by the estimate."""
        return float(self.estimate.stderr) / float(self.estimate.value)

    @property
    def at_equal_numbers(self) -> float:
        """Variance of a proportion among as many plain replicates, over that of the estimate."""
        return self._plain_variance / self.estimate.n / float(self.estimate.stderr) ** 2

    @property
    def at_equal_time(self) -> float:
        """Seconds of counting over seconds of the estimator, for the same standard error."""
        plain = self._plain_variance * self.plain_seconds
        return plain / (float(self.estimate.stderr) ** 2 * self.seconds)

    @property
    def precision_per_second(self) -> float:
        """One over (relative variance times seconds)."""
        return 1 / (self.relative_error**2 * self.seconds)

    @property
    def _plain_variance(self) -> float:
        p = float(self.estimate.value)
        return p * (1 - p)


def gain_over_plain(
    run: Callable[[PRNGKeyArray], Estimate],
    plain: Run,
    *,
    key: PRNGKeyArray,
    replicates: int = 2**20,
    repetitions: int = 3,
) -> Gain:
    """Measure what an estimator gains over counting events.

    The variance of counting is that of a proportion and needs no run (which would see no event
    if it is rare); its speed is measured. Both are run once before, so that compilation does
    not count, and of each the best of `repetitions` times is kept.

    Parameters
    ----------
    run
        Function of a key that gives a scalar estimate.
    plain
        Function of a number of replicates and a key that counts the event, such as
        `lambda n, key: survival(process, 1000, key=key, replicates=n)`.
    key
        One JAX key.
    replicates
        Plain replicates that are timed.
    repetitions
        How often both are timed.

    Examples
    --------
    >>> import jax
    >>> from simlib import Uniform
    >>> from simlib.simulate import rare_survival, survival
    >>> process = Uniform(0.01)
    >>> gain = gain_over_plain(
    ...     lambda key: rare_survival(process, 2062, key=key),
    ...     lambda n, key: survival(process, 2062, key=key, replicates=n),
    ...     key=jax.random.key(0),
    ... )
    >>> gain.at_equal_numbers > 1e5
    True
    """
    check_key(key)
    estimate = jax.block_until_ready(run(key))
    jax.block_until_ready(plain(replicates, key))
    seconds = min(_timed(lambda: run(key)) for _ in range(repetitions))
    per_plain = min(_timed(lambda: plain(replicates, key)) for _ in range(repetitions))
    return Gain(estimate, seconds, per_plain / replicates)


def _timed(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - began
