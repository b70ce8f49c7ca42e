"""The generated tasks are right by an independent solver, distinct and reproducible."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.traces import TASKS, MissingLibraryError, grade, solve
from simlib.traces._tasks import make_group

# Some items are drawn by a library that only the optional group `lm` brings.
gym = [
    pytest.mark.lm,
    pytest.mark.skipif(
        importlib.util.find_spec("reasoning_gym") is None, reason="not installed: reasoning_gym"
    ),
]
GROUPS = [
    pytest.param(
        task.name,
        level,
        marks=gym if task.generator == "reasoning-gym" else [],
        id=f"{task.name}-{level}",
    )
    for task in TASKS.values()
    for level in task.levels
]


@pytest.mark.parametrize(("task", "level"), GROUPS)
@settings(deadline=None, max_examples=20)
@given(entropy=st.integers(0, 2**63))
def test_every_answer_is_the_one_an_independent_solver_finds(task, level, entropy):
    prompt, answer = TASKS[task].draw(level, np.random.default_rng(entropy))
    assert solve(prompt) == answer
    assert prompt.endswith(" = ")
    assert "\n" not in prompt + answer


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("12 + 30 = ", "42"),
        ("1 + 2 + 3 = ", "6"),
        ("12 * 30 = ", "360"),
        ("2 * 3 * 4 = ", "24"),
        ("copy 3 1 2 = ", "3 1 2"),
        ("reverse 3 1 2 = ", "2 1 3"),
        ("sort 3 1 2 1 = ", "1 1 2 3"),
        ("count 3 in 3 1 2 3 = ", "2"),
        ("count 7 in 3 1 2 3 = ", "0"),
        ("gcd 12 18 = ", "6"),
        ("gcd 17 36 = ", "1"),
        ("lcm 12 18 = ", "36"),
        ("12 - 3 = ", "9"),
        ("7 - 2 + 9 - 4 = ", "10"),
        ("3 + 4 - 7 = ", "0"),
    ],
)
def test_known_answers(prompt, answer):
    assert solve(prompt) == answer
    assert grade(prompt, answer)
    assert grade(prompt, answer + "\n7 + 7 = 3")
    wrong = (answer + "0", answer[:-1], answer + " ", " " + answer, "\n" + answer, "", answer + ".")
    assert not any(grade(prompt, text) for text in wrong)


def test_a_foreign_prompt_has_no_answer():
    with pytest.raises(ValueError, match="no rule solves"):
        solve("power 2 3 = ")


@pytest.mark.parametrize(("task", "level"), GROUPS)
def test_a_group_has_enough_distinct_items(task, level):
    group = make_group(task, level, items=500, shots=8, entropy=3)
    prompts = [prompt for prompt, _ in (*group.shots, *group.items)]
    assert len(set(prompts)) == 508
    assert group.prefix.count("\n") == 8
    assert group.prefix.startswith("".join(group.shots[0]) + "\n")


def test_a_missing_generator_is_named_with_what_to_install(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "reasoning_gym" else find(name)
    )
    assert {task.generator for task in TASKS.values()} == {"simlib", "reasoning-gym"}
    for task in TASKS.values():
        level = task.levels[0]
        if task.generator == "simlib":
            assert len(make_group(task.name, level, items=3, shots=1, entropy=1).items) == 3
        else:
            with pytest.raises(MissingLibraryError, match="run `pip install reasoning-gym`"):
                make_group(task.name, level, items=3, shots=1, entropy=1)
    assert solve("gcd 12 18 = ") == "6"  # reading and grading need no generator


def test_a_group_does_not_depend_on_others_or_on_its_size():
    first = make_group("sort", 5, items=10, shots=8, entropy=3)
    again = make_group("sort", 5, items=20, shots=8, entropy=3)
    assert again.items[:10] == first.items
    assert again.shots == first.shots
    other = make_group("sort", 5, items=10, shots=8, entropy=4)
    assert other.items != first.items


def test_operands_have_as_many_digits_as_the_level_says():
    for task in ("add", "mul"):
        for level in TASKS[task].levels:
            group = make_group(task, level, items=200, shots=0, entropy=1)
            words = [w for prompt, _ in group.items for w in prompt.split() if w.isdigit()]
            assert {len(word) for word in words} == {level}
            assert not any(word.startswith("0") for word in words)


def test_counts_are_spread_evenly():
    group = make_group("count", 16, items=512, shots=8, entropy=5)
    counts = np.bincount([int(answer) for _, answer in group.items], minlength=9)
    # Multinomial with nine equal classes: each count is within 6 standard deviations
    # (family-wise false-alarm rate below 2e-8).
    expected = 512 / 9
    assert len(counts) == 9
    assert np.all(np.abs(counts - expected) < 6 * np.sqrt(expected * 8 / 9))


def test_impossible_requests_are_refused():
    with pytest.raises(ValueError, match="only 729 distinct prompts for add at level 1"):
        make_group("add", 1, items=1000, shots=8, entropy=1)
    with pytest.raises(ValueError, match="task must be one of add, mul"):
        make_group("divide", 1, items=1, shots=0, entropy=1)
