"""Chain tasks: hundreds of steps, each of which can be marked given the step before it.

A chain is written as `head`, then for every step the text that is `given` and the step itself.
Steps have a fixed number of digits, so every run of a task has the same number of tokens and a
model's own steps never get out of line:

* copy: `copy 4 0 7 = 4 0 7`
* stride: `count by 3: 112 115 118`
* sum: `112 + 2 = 114 + 3 = 117`
* lookup: `a = 2, b = 1, c = 3; 112 + b = 113 + a = 115` (retrieve, then add)
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

LONGEST = 250  # steps; 199 + 3 * 250 is still a number of three digits
WIDTH = 3  # digits of a number; sums are taken modulo 1000, which a clean chain never reaches


@dataclass(frozen=True)
class Chain:
    """One item: what is given, and the rule for the right step.

    Attributes
    ----------
    task
        A name in `CHAIN_TASKS`.
    head
        The text before everything that belongs to steps.
    given
        The text before each step.
    start
        The number from which the first step starts; None where steps do not depend on each other.
    increments
        What each step adds to the one before it, or, without a start, the right steps themselves.
    """

    task: str
    head: str
    given: tuple[str, ...]
    start: int | None
    increments: tuple[int, ...]

    def right(self, step: int, previous: int | None) -> int:
        """The right step, given the step before it as it stands (None: the first step)."""
        if self.start is None:
            return self.increments[step]
        before = self.start if previous is None else previous
        return (before + self.increments[step]) % 10**WIDTH

    def clean(self) -> tuple[int, ...]:
        """All steps of the chain that never goes wrong."""
        steps: list[int] = []
        for step in range(len(self.given)):
            steps.append(self.right(step, steps[-1] if steps else None))
        return tuple(steps)

    def follow(self, taken: tuple[int, ...]) -> tuple[int, ...]:
        """The right step at each place, given the steps taken before it."""
        return tuple(
            self.right(step, taken[step - 1] if step else None) for step in range(len(taken))
        )

    def text(self, taken: tuple[int, ...]) -> str:
        """The chain as it is written with these steps."""
        steps = zip(self.given, taken, strict=False)
        return self.head + "".join(f"{given}{self.digits(step)}" for given, step in steps)

    def first(self, steps: int) -> "Chain":
        """The beginning of the chain; what its head says is kept."""
        return replace(self, given=self.given[:steps])

    def digits(self, step: int) -> str:
        """A step as it is written."""
        return f"{step:0{self.width}d}"

    @property
    def width(self) -> int:
        """Digits of a step: one for a list of digits."""
        return 1 if self.start is None else WIDTH


def _copy(steps: int, rng: np.random.Generator) -> Chain:
    digits = tuple(map(int, rng.integers(0, 10, steps)))
    head = f"copy {' '.join(map(str, digits))} ="
    return Chain("copy", head, (" ",) * steps, None, digits)


def _stride(steps: int, rng: np.random.Generator) -> Chain:
    stride, start = int(rng.integers(1, 4)), int(rng.integers(100, 200))
    head = f"count by {stride}: {start}"
    return Chain("stride", head, (" ",) * steps, start, (stride,) * steps)


def _sum(steps: int, rng: np.random.Generator) -> Chain:
    start, added = int(rng.integers(100, 200)), tuple(map(int, rng.integers(1, 4, steps)))
    return Chain("sum", f"{start}", tuple(f" + {value} = " for value in added), start, added)


def _lookup(steps: int, rng: np.random.Generator) -> Chain:
    # The step is to find the digit and then to add it.
    values = dict(zip("abc", map(int, rng.permutation([1, 2, 3])), strict=True))
    start, names = int(rng.integers(100, 200)), rng.choice(list(values), steps).tolist()
    table = ", ".join(f"{name} = {value}" for name, value in values.items())
    given = tuple(f" + {name} = " for name in names)
    return Chain("lookup", f"{table}; {start}", given, start, tuple(values[name] for name in names))


CHAIN_TASKS: dict[str, Callable[[int, np.random.Generator], Chain]] = {
    "copy": _copy,
    "stride": _stride,
    "sum": _sum,
    "lookup": _lookup,
}


@dataclass(frozen=True)
class ChainGroup:
    """The worked examples and the items of one chain task.

    Attributes
    ----------
    task
        Which task.
    shots
        Short worked examples that stand before every item, one a line.
    items
        The items, of equal length.
    """

    task: str
    shots: tuple[Chain, ...]
    items: tuple[Chain, ...]

    @property
    def prefix(self) -> str:
        """The text that stands before every item."""
        return "".join(f"{shot.text(shot.clean())}\n" for shot in self.shots)


def make_chains(
    task: str, *, steps: int, items: int, shots: int, shot_steps: int, entropy: int
) -> ChainGroup:
    """Draw the worked examples and the items of a chain task.

    Parameters
    ----------
    task
        A name in `CHAIN_TASKS`.
    steps, shot_steps
        Number of steps of the items and of the worked examples.
    items, shots
        How many of each.
    entropy
        Entropy of the random stream; the task is mixed into it.

    Raises
    ------
    ValueError
        If the task is unknown, or `steps` or `items` is not positive.
    """
    if task not in CHAIN_TASKS:
        raise ValueError(f"task must be one of {', '.join(CHAIN_TASKS)}, got {task!r}.")
    for name, value in (("steps", steps), ("items", items), ("shot_steps", shot_steps)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}.")
    if max(steps, shot_steps) > LONGEST:
        raise ValueError(
            f"steps and shot_steps must be at most {LONGEST}, so that sums have three digits, got "
            f"{steps} and {shot_steps}."
        )
    code = zlib.crc32(task.encode())
    rngs = np.random.SeedSequence(entropy, spawn_key=(code, steps)).spawn(2)
    draw = CHAIN_TASKS[task]
    first, second = map(np.random.default_rng, rngs)
    return ChainGroup(
        task,
        tuple(draw(shot_steps, first) for _ in range(shots)),
        tuple(draw(steps, second) for _ in range(items)),
    )


def plant_errors(chain: Chain, share: float, *, rng: np.random.Generator) -> tuple[int, ...]:
    """Steps of a chain, each wrong with probability `share`, independently of the others.

    A wrong digit of a list is one of the other nine digits. A wrong sum is off by one to nine, up
    or down; the steps after it go on from the wrong sum.

    Raises
    ------
    ValueError
        If `share` is not a probability.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie in [0, 1], got {share}.")
    wrong = rng.random(len(chain.given)) < share
    taken: list[int] = []
    for step, is_wrong in enumerate(wrong):
        right = chain.right(step, taken[-1] if taken else None)
        if not is_wrong:
            taken.append(right)
        elif chain.start is None:
            taken.append((right + int(rng.integers(1, 10))) % 10)
        else:
            offset = int(rng.integers(1, 10)) * int(rng.choice([-1, 1]))
            taken.append((right + offset) % 10**WIDTH)
    return tuple(taken)
