"""Runs that go on after an error, simulated from event to event."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from .._estimate import Estimate
from .._levels import exponential_level
from .._random_words import fold_in
from .._types import Numbers
from ..processes import AbstractHistoryProcess
from ._keys import check_key, check_span
from ._stream import Progress, stream
from ._survival import check_lengths, count_above

# A lane simulates this many runs one after the other. A block waits for its busiest lane, and
# over many runs lanes are busy alike. Part of the result: changing it changes every draw.
_RUNS_PER_LANE = 64
# The levels of this many events are drawn together. Part of the result, too.
_TURNS_TOGETHER = 16


@dataclass(frozen=True)
class Histories:
    """What simulated runs say at each length.

    Attributes
    ----------
    survival
        Share of runs in which no step ever failed.
    right
        Share of runs whose step at that length is right.
    """

    survival: Estimate
    right: Estimate


def histories(
    process: AbstractHistoryProcess,
    lengths: Numbers,
    *,
    key: PRNGKeyArray,
    replicates: int | float,
    mesh: Mesh | None = None,
    level: float = 0.95,
    progress: Progress | None = None,
) -> Histories:
    r"""Both definitions of success, estimated from simulated runs.

    Work is done per event (an error, or a break or repair), not per step. The result does not
    depend on the number of devices.

    Parameters
    ----------
    process
        `SelfConditioning` or `Recoverable`.
    lengths
        Whole numbers $\ge0$ of steps, below $2^{24}$ in float32 and $2^{31}$ in float64; the
        estimates have the same shape. All lengths share the same runs.
    key
        One JAX key.
    replicates
        Number of runs.
    mesh, level, progress
        As for `survival`.

    Raises
    ------
    ValueError
        If a length is negative, not whole or too large, or `replicates` is no positive whole
        number.
    TypeError
        If `key` is a seed or not a JAX key, or `process` has no memory.

    Examples
    --------
    >>> import jax
    >>> from simlib.processes import ConstantRepair, Recoverable
    >>> chain = Recoverable(0.05, ConstantRepair(0.02))
    >>> found = histories(chain, [50], key=jax.random.key(0), replicates=10**5)
    >>> bool(found.right[0].contains(chain.right_at(50)))
    True
    """
    check_key(key)
    check_process(process)
    stop = check_span(0, replicates)
    wanted = check_lengths(lengths)
    unique, where = np.unique(wanted, return_inverse=True)
    _check_largest(unique)
    total = np.zeros((2, unique.size), np.int64)
    operands = (process, jnp.asarray(unique, dtype=float))
    for results in stream(
        _block, operands, key=key, start=0, stop=stop, mesh=mesh, progress=progress
    ):
        total += results.sum(axis=0, dtype=np.int64)
    clean, right = (
        Estimate.from_counts(counts.astype(float), stop, level=level)[where.reshape(wanted.shape)]
        for counts in total
    )
    return Histories(survival=clean, right=right)


def sample_histories(
    process: AbstractHistoryProcess,
    lengths: Numbers,
    *,
    key: PRNGKeyArray,
    shape: tuple[int, ...] = (),
) -> tuple[Int32[Array, "... lengths"], Bool[Array, "... lengths"]]:
    r"""Errors so far, and whether the step is wrong, at each length of each run.

    Parameters
    ----------
    process
        `SelfConditioning` or `Recoverable`.
    lengths
        A vector of whole numbers $\ge0$ of steps.
    key
        One JAX key.
    shape
        Shape of the runs; that of the results is `(*shape, lengths)`.

    Raises
    ------
    ValueError, TypeError
        As `histories`.

    Examples
    --------
    >>> import jax
    >>> from simlib.processes import SelfConditioning
    >>> process = SelfConditioning(0.1, 0.5, dependence="count")
    >>> errors, wrong = sample_histories(process, [10, 20], key=jax.random.key(0), shape=(3,))
    >>> errors.shape, bool((errors[:, 0] <= errors[:, 1]).all())
    ((3, 2), True)
    """
    check_key(key)
    check_process(process)
    wanted = np.ravel(check_lengths(lengths))
    _check_largest(wanted)
    return _sample(process, jnp.asarray(wanted, dtype=float), key, shape)


@eqx.filter_jit
def _sample(process, lengths, key, shape):
    return _walk(process, lengths, key, shape, jnp.ones(shape, bool))


def _block(
    operands: tuple[AbstractHistoryProcess, Float[Array, "lengths"]],
    key: PRNGKeyArray,
    valid: Bool[Array, "block"],
) -> Int32[Array, "2 lengths"]:
    """How many valid runs are clean, and how many right, at each length."""
    process, lengths = operands
    lanes = valid.size // _RUNS_PER_LANE
    fresh, longest = process.start((lanes,)), jnp.max(lengths)
    # Runs that count are neighbours.
    low = jnp.argmax(valid).astype(jnp.int32)
    high = low + jnp.sum(valid, dtype=jnp.int32)
    first_run = jnp.arange(lanes, dtype=jnp.int32) * _RUNS_PER_LANE

    def unfinished(carry):
        return jnp.any(carry[1] < _RUNS_PER_LANE)

    def some_turns(carry):
        bundle, *lane, totals = carry
        shape = (_TURNS_TOGETHER, process.levels_per_event, lanes)
        levels = exponential_level(fold_in(key, bundle), shape, lengths.dtype)
        lane, (fall, start, end) = jax.lax.scan(advance, tuple(lane), levels)
        still_clean, to_start, to_end = (
            count_above(x.reshape(-1), lengths, jnp.ones(x.size, bool))[:-1]
            for x in (fall, start, end)
        )
        more = fall.size - still_clean, to_end - to_start
        return bundle + 1, *lane, jax.tree.map(jnp.add, totals, more)

    def advance(lane, levels):
        run, state, step, clean = lane
        following = process.next_event(state, step, levels)
        after = process.after_event(state)
        at, between = process.wrong_at_event(state), process.wrong_until_next(state)
        number = first_run + run
        counts = (run < _RUNS_PER_LANE) & (number >= low) & (number < high)
        # From this event to the next a run is right at the lengths in [start, end), and it has
        # its first wrong step at `fall`, if ever.
        start = jnp.where(at, step + 1, step)
        end = jnp.where(between, step + 1, following)
        fall = jnp.where(process.wrong_at_event(after), following, jnp.inf)
        fall = jnp.where(at, step, jnp.where(between, step + 1, fall))
        never = jnp.asarray(jnp.inf, step.dtype)
        start, end = (jnp.where(counts, x, never) for x in (start, end))
        fall = jnp.where(counts & clean, fall, never)
        over = ~(following <= longest)  # the lane takes its next run
        clean = over | (clean & ~(fall < never))
        state = jax.tree.map(lambda new, old: jnp.where(over, new, old), fresh, after)
        step = jnp.where(over, 0, following)
        return (run + over, state, step, clean), (fall, start, end)

    carry = (
        jnp.uint32(0), jnp.zeros(lanes, jnp.int32), fresh, jnp.zeros(lanes, lengths.dtype),
        jnp.ones(lanes, bool), (jnp.zeros(lengths.size, jnp.int32),) * 2,
    )  # fmt: skip
    fallen, right = jax.lax.while_loop(unfinished, some_turns, carry)[-1]
    return jnp.stack([high - low - fallen, right])


def _walk(process, lengths, key, shape, alive):
    """Errors and wrongness at each length; a run stops once it has passed the longest."""
    longest = jnp.max(lengths)
    counts = jnp.zeros((*shape, lengths.size), jnp.int32)

    def unfinished(carry):
        return jnp.any(carry[1])

    def advance(carry):
        turn, active, state, step, errors, seen, wrong = carry
        levels = (process.levels_per_event, *shape)
        following = process.next_event(
            state, step, exponential_level(fold_in(key, turn), levels, lengths.dtype)
        )
        at, between = process.wrong_at_event(state), process.wrong_until_next(state)
        # `errors` counts those up to and including `step`; lengths from there to the next event.
        here, onward = step[..., None], following[..., None]
        inside = active[..., None] & (lengths >= here) & (lengths < onward)
        since = jnp.where(between[..., None], lengths - here, 0)
        seen = jnp.where(inside, errors[..., None] + since.astype(jnp.int32), seen)
        now = jnp.where(lengths == here, at[..., None], between[..., None])
        wrong = jnp.where(inside, now, wrong)
        active &= following <= longest
        # What lies beyond the longest length is not visited, and may be infinite.
        gap = jnp.where(active & between, following - step - 1, 0).astype(jnp.int32)
        state = jax.tree.map(
            lambda old, new: jnp.where(active, new, old), state, process.after_event(state)
        )
        step = jnp.where(active, following, step)
        errors = errors + gap + (active & process.wrong_at_event(state)).astype(jnp.int32)
        return turn + 1, active, state, step, errors, seen, wrong

    carry = (
        jnp.uint32(0), alive, process.start(shape), jnp.zeros(shape, lengths.dtype),
        jnp.zeros(shape, jnp.int32), counts, jnp.zeros(counts.shape, bool),
    )  # fmt: skip
    *_, seen, wrong = jax.lax.while_loop(unfinished, advance, carry)
    return seen, wrong


def check_process(process: object) -> None:
    if not isinstance(process, AbstractHistoryProcess):
        raise TypeError(
            f"process must remember its errors (SelfConditioning or Recoverable), got "
            f"{type(process).__name__}; use survival(...) for a process that ends at its first."
        )


def _check_largest(lengths: np.ndarray) -> None:
    if not lengths.size:
        raise ValueError("lengths must name at least one length, got none.")
    most = min(2**31, 2 ** (jnp.finfo(jnp.result_type(float)).nmant + 1))
    if lengths.max() >= most:
        raise ValueError(
            f"lengths must stay below {most} steps, got {lengths.max()}; whole numbers beyond "
            "are not exact in this precision."
        )
