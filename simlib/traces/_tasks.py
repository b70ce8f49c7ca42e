"""Procedurally generated tasks of the family `answers`, and an independent grader.

Every item is one line, `prompt + answer`; the prompt ends with "= ".  Numbers are written in plain
decimal digits and lists as digits separated by single spaces.
"""

import importlib.util
import re
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from math import gcd, lcm, prod
from typing import Any

import numpy as np

from ._errors import MissingLibraryError


@dataclass(frozen=True)
class Task:
    """A family of items of graded difficulty.

    Attributes
    ----------
    name
        Short name, used in item ids.
    levels
        The levels collected.
    level_meaning
        What a level counts.
    draw
        Draws one item `(prompt, answer)` of a level from a generator.
    generator
        The library that draws the numbers; only drawing needs it, not reading or grading.
    """

    name: str
    levels: tuple[int, ...]
    level_meaning: str
    draw: Callable[[int, np.random.Generator], tuple[str, str]]
    generator: str = "simlib"


def _operands(level: int, rng: np.random.Generator) -> list[int]:
    # Only 81 ordered pairs of non-zero digits exist, so one-digit items have three operands (729).
    count = 3 if level == 1 else 2
    return [int(value) for value in rng.integers(10 ** (level - 1), 10**level, count)]


def _add(level: int, rng: np.random.Generator) -> tuple[str, str]:
    operands = _operands(level, rng)
    return f"{' + '.join(map(str, operands))} = ", str(sum(operands))


def _multiply(level: int, rng: np.random.Generator) -> tuple[str, str]:
    operands = _operands(level, rng)
    return f"{' * '.join(map(str, operands))} = ", str(prod(operands))


def _spaced(digits: np.ndarray) -> str:
    return " ".join(str(int(digit)) for digit in digits)


def _copy(level: int, rng: np.random.Generator) -> tuple[str, str]:
    digits = rng.integers(0, 10, level)
    return f"copy {_spaced(digits)} = ", _spaced(digits)


def _reverse(level: int, rng: np.random.Generator) -> tuple[str, str]:
    digits = rng.integers(0, 10, level)
    return f"reverse {_spaced(digits)} = ", _spaced(digits[::-1])


def _sort(level: int, rng: np.random.Generator) -> tuple[str, str]:
    digits = rng.integers(0, 10, level)
    return f"sort {_spaced(digits)} = ", _spaced(np.sort(digits))


def _count(level: int, rng: np.random.Generator) -> tuple[str, str]:
    # The count is uniform up to half of the list, so that no single guess is right most times.
    target = int(rng.integers(0, 10))
    present = int(rng.integers(0, level // 2 + 1))
    others = [digit for digit in range(10) if digit != target]
    digits = np.concatenate([np.full(present, target), rng.choice(others, level - present)])
    return f"count {target} in {_spaced(rng.permutation(digits))} = ", str(present)


def _from_reasoning_gym(name: str, rng: np.random.Generator, **settings: int) -> dict[str, Any]:
    """One item of a generator of reasoning-gym: its metadata with the key `answer`."""
    if importlib.util.find_spec("reasoning_gym") is None:
        raise MissingLibraryError(
            f"the items of {name} are drawn by reasoning-gym, which is not installed; run "
            "`pip install reasoning-gym`. Stored items are read and graded without it."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies warn about their own syntax
        import reasoning_gym

    dataset = reasoning_gym.create_dataset(name, size=1, seed=int(rng.integers(2**31)), **settings)
    item = dataset[0]
    return {**item["metadata"], "answer": item["answer"]}


def _pair(name: str) -> Callable[[int, np.random.Generator], tuple[str, str]]:
    def draw(level: int, rng: np.random.Generator) -> tuple[str, str]:
        bounds = {"min_value": 10 ** (level - 1), "max_value": 10**level - 1}
        item = _from_reasoning_gym(name, rng, min_numbers=2, max_numbers=2, **bounds)
        return f"{name} {' '.join(map(str, item['numbers']))} = ", item["answer"]

    return draw


def _chain_sum(level: int, rng: np.random.Generator) -> tuple[str, str]:
    # Negative sums are drawn again: a vocabulary may join the space of the prompt and a minus sign
    # to one token, and then prompt and answer cannot be told apart.
    terms = {"min_terms": level, "max_terms": level}
    while True:
        item = _from_reasoning_gym("chain_sum", rng, min_digits=1, max_digits=1, **terms)
        if not item["answer"].startswith("-"):
            return f"{item['expression']} = ", item["answer"]


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("add", (1, 2, 3, 4), "digits of each operand (level 1: three operands)", _add),
        Task("mul", (1, 2, 3), "digits of each operand (level 1: three operands)", _multiply),
        Task("copy", (4, 8, 16, 32), "length of the list", _copy),
        Task("reverse", (3, 5, 7), "length of the list", _reverse),
        Task("sort", (3, 5, 7), "length of the list", _sort),
        Task("count", (4, 8, 16), "length of the list", _count),
        Task("gcd", (2, 3, 4), "digits of the two numbers", _pair("gcd"), "reasoning-gym"),
        Task("lcm", (2, 3), "digits of the two numbers", _pair("lcm"), "reasoning-gym"),
        Task(
            "chain_sum",
            (3, 4, 6),
            "one-digit terms, added or taken away, sum not negative",
            _chain_sum,
            "reasoning-gym",
        ),
    )
}


@dataclass(frozen=True)
class Group:
    """The worked examples and the items of one task and level.

    Attributes
    ----------
    task, level
        Which group.
    shots
        The worked examples `(prompt, answer)` that stand before every item.
    items
        The items `(prompt, answer)`: pairwise distinct, and none of them a worked example.
    """

    task: str
    level: int
    shots: tuple[tuple[str, str], ...]
    items: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The group's short name, such as "add-2"."""
        return f"{self.task}-{self.level}"

    @property
    def prefix(self) -> str:
        """The text that stands before every item: one worked example a line."""
        return "".join(f"{prompt}{answer}\n" for prompt, answer in self.shots)


def make_group(task: str, level: int, *, items: int, shots: int, entropy: int) -> Group:
    """Draw the worked examples and the items of one task and level.

    Parameters
    ----------
    task, level
        A name in `TASKS` and a level of at least 1.
    items, shots
        How many of each; all prompts are distinct.
    entropy
        Entropy of the random stream; task and level are mixed into it, so that a group does not
        depend on which others are drawn.

    Raises
    ------
    ValueError
        If the task is unknown or has too few distinct items at this level.
    MissingLibraryError
        If the library that draws the items is not installed.
    """
    if task not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}, got {task!r}.")
    stream = np.random.SeedSequence(entropy, spawn_key=(zlib.crc32(task.encode()), level))
    rng = np.random.default_rng(stream)
    drawn: dict[str, str] = {}
    for _ in range(50 * (items + shots)):
        prompt, answer = TASKS[task].draw(level, rng)
        drawn.setdefault(prompt, answer)
        if len(drawn) == items + shots:
            pairs = tuple(drawn.items())
            return Group(task, level, pairs[:shots], pairs[shots:])
    raise ValueError(
        f"found only {len(drawn)} distinct prompts for {task} at level {level}, need "
        f"{items + shots}; ask for fewer items or a higher level."
    )


def solve(prompt: str) -> str:
    """Work the right answer out of a prompt alone, without the generator that wrote it.

    Raises
    ------
    ValueError
        If the prompt has none of the known forms.
    """
    numbers = [int(word) for word in re.findall(r"\d+", prompt)]
    if re.fullmatch(r"\d+( [+-] \d+)+ = ", prompt):
        signs = [1 if sign == "+" else -1 for sign in re.findall(r"[+-]", prompt)]
        return str(numbers[0] + sum(map(int.__mul__, signs, numbers[1:])))
    if re.fullmatch(r"\d+( \* \d+)+ = ", prompt):
        return str(prod(numbers))
    if match := re.fullmatch(r"(copy|reverse|sort)( \d)+ = ", prompt):
        ordered = {"copy": list, "reverse": lambda x: x[::-1], "sort": sorted}[match[1]](numbers)
        return " ".join(map(str, ordered))
    if match := re.fullmatch(r"(gcd|lcm) \d+ \d+ = ", prompt):
        return str({"gcd": gcd, "lcm": lcm}[match[1]](*numbers))
    if re.fullmatch(r"count \d in( \d)+ = ", prompt):
        return str(numbers[1:].count(numbers[0]))
    raise ValueError(f"no rule solves the prompt {prompt!r}; it must be one line of a known task.")


def grade(prompt: str, text: str) -> bool:
    """Whether a model's text answers the prompt: its first line is exactly the right answer.

    The text must go on past the answer with a line break or end there; a longer first line, a
    missing digit or a stray space is wrong.
    """
    return text.split("\n", 1)[0] == solve(prompt)
