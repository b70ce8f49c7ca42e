"""Every exercise: the right answer passes, each named mistake fails with its own hint."""

import numpy as np
import pytest

from simlib.claims import claims
from simlib.exercises import DIFFICULTIES, check, exercises, hint, statement, topics

ALL = [exercise for topic in topics() for exercise in exercises(topic)]
MISTAKES = [(exercise, mistake) for exercise in ALL for mistake in exercise.wrong]


@pytest.mark.parametrize("exercise", ALL, ids=lambda x: x.id)
def test_right_answer_passes(exercise):
    result = check(exercise.id, exercise.answer())
    assert result.ok, result
    assert result.expect_ok() is result
    assert result.hint == ""


@pytest.mark.parametrize(
    ("exercise", "mistake"), MISTAKES, ids=[f"{e.id}-{m.name}" for e, m in MISTAKES]
)
def test_named_mistake_fails_with_its_own_hint(exercise, mistake):
    result = check(exercise.id, mistake.answer())
    assert not result.ok
    assert result.hint == mistake.hint
    assert mistake.name in result.message
    with pytest.raises(AssertionError, match="Hint"):
        result.expect_ok()


@pytest.mark.parametrize("exercise", ALL, ids=lambda x: x.id)
def test_definition_is_complete(exercise):
    assert exercise.difficulty in DIFFICULTIES
    assert exercise.wrong, "name at least one common mistake"
    hints = [mistake.hint for mistake in exercise.wrong]
    assert len({*hints, exercise.hint}) == len(hints) + 1, "every mistake needs its own hint"
    assert hint(exercise.id) == exercise.hint
    assert statement(exercise.id) == exercise.statement


@pytest.mark.parametrize("topic", topics())
def test_topics_are_numbered_and_graded(topic):
    found = exercises(topic)
    assert [exercise.id for exercise in found] == [f"{topic}.{i + 1}" for i in range(len(found))]
    grades = [exercise.difficulty for exercise in found]
    assert grades == sorted(grades)
    assert grades[0] == 1
    if topic in {claim.topic for claim in claims()}:  # a chapter, not an introduction
        assert len(found) >= 4
        assert grades[-1] >= 3


@pytest.mark.parametrize("exercise", ALL, ids=lambda x: x.id)
def test_answers_are_computed_anew_and_alike(exercise):
    first, second = exercise.answer(), exercise.answer()
    same = first == second
    assert callable(first) or (same if isinstance(same, bool) else bool(np.all(same)))
