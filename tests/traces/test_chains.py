"""Chain tasks: steps that follow, texts that can be read back, and errors that are planted."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simlib.traces._chains import CHAIN_TASKS, LONGEST, make_chains, plant_errors
from tests.statistics import FALSE_ALARM, assert_agrees

TASKS = tuple(CHAIN_TASKS)


def one(task, *, steps=12, entropy=3, items=1, shots=2, shot_steps=4):
    return make_chains(
        task, steps=steps, items=items, shots=shots, shot_steps=shot_steps, entropy=entropy
    )


def read_back(task, text):
    """The right steps and the written ones, worked out from the text of a chain alone."""
    if task == "copy":
        head, _, tail = text.partition(" =")
        return [int(d) for d in head.split()[1:]], [int(d) for d in tail.split()]
    if task == "stride":
        numbers = [int(word) for word in re.findall(r"\d+", text)]
        stride, *values = numbers
        return [value + stride for value in values[:-1]], values[1:]
    table, _, sums = text.rpartition("; ")
    values = {name: int(value) for name, value in re.findall(r"(\w) = (\d)", table)}
    start, *words = re.findall(r"\d+|[abc]", sums)
    added = [values[word] if word in values else int(word) for word in words[::2]]
    written = [int(word) for word in words[1::2]]
    before = [int(start), *written[:-1]]
    return [a + b for a, b in zip(before, added, strict=True)], written


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(TASKS), st.integers(1, LONGEST), st.integers(0, 2**63))
def test_the_text_of_a_clean_chain_is_right_by_its_own_words(task, steps, entropy):
    chain = one(task, steps=steps, entropy=entropy).items[0]
    clean = chain.clean()
    right, written = read_back(task, chain.text(clean))
    assert written == list(clean) == right
    assert chain.follow(clean) == clean
    assert len(clean) == steps
    assert "\n" not in chain.text(clean)
    # Every step has its number of digits: runs of a task stay in line.
    assert {len(chain.digits(step)) for step in clean} == {chain.width}
    assert chain.width == (1 if task == "copy" else 3)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(TASKS), st.integers(0, 2**63), st.floats(0.1, 1.0))
def test_right_steps_after_an_error_go_on_from_it(task, entropy, share):
    chain = one(task, entropy=entropy).items[0]
    taken = plant_errors(chain, share, rng=np.random.default_rng(entropy))
    right, written = read_back(task, chain.text(taken))
    assert written == list(taken)
    assert list(chain.follow(taken)) == [step % 1000 for step in right]
    assert chain.follow(taken)[0] == chain.clean()[0]


def test_known_chains():
    copy = one("copy").items[0]
    assert copy.text((1, 2)) == f"{copy.head} 1 2"
    assert copy.follow((9,) * 12) == copy.clean()  # a digit is right at its place
    total = one("sum").items[0]
    wrong = (999, *total.clean()[1:])
    assert total.follow(wrong)[1] == (999 + total.increments[1]) % 1000 < 3
    assert total.digits(7) == "007"
    lookup = one("lookup").items[0]
    assert re.fullmatch(r"a = [123], b = [123], c = [123]; 1\d\d", lookup.head)
    stride = one("stride").items[0]
    assert re.fullmatch(r"count by [123]: 1\d\d", stride.head)
    assert set(np.diff(stride.clean())) == {int(stride.head[9])}


def test_the_longest_chains_keep_three_digits():
    for task in TASKS:
        group = one(task, steps=LONGEST, items=40)
        assert max(max(chain.clean()) for chain in group.items) < 10 ** group.items[0].width
        if task == "copy":
            continue
        # A clean chain never wraps at a thousand, not even the worst that can be drawn: sums grow.
        assert all((np.diff(chain.clean()) > 0).all() for chain in group.items)
        assert {value for chain in group.items for value in chain.increments} == {1, 2, 3}
        starts = [chain.start for chain in one(task, steps=1, items=2000).items]
        assert (min(starts), max(starts)) == (100, 199)
    assert 199 + 3 * LONGEST < 1000


def test_a_group_is_determined_by_its_own_numbers():
    first = one("sum", items=4)
    assert one("sum", items=9).items[:4] == first.items
    assert one("sum", items=9).shots == first.shots
    assert one("sum", items=4, entropy=4).items != first.items
    assert one("sum", items=4, shots=3).items == first.items
    assert one("lookup", items=4).items != first.items
    assert len({chain.text(chain.clean()) for chain in first.items}) == 4
    assert first.prefix == "".join(f"{c.text(c.clean())}\n" for c in first.shots)
    assert {len(chain.given) for chain in first.shots} == {4}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"items": 0}, "items must be at least 1, got 0"),
        ({"shot_steps": 0}, "shot_steps must be at least 1, got 0"),
        ({"steps": LONGEST + 1}, f"at most {LONGEST}, so that sums .* got {LONGEST + 1} and 4"),
        ({"shot_steps": 999}, "got 12 and 999"),
    ],
)
def test_bad_requests_are_explained(changes, says):
    with pytest.raises(ValueError, match=says):
        one("sum", **changes)


def test_an_unknown_task_and_a_share_that_is_none():
    with pytest.raises(ValueError, match="task must be one of copy, stride, sum, lookup, got 'x'"):
        one("x")
    chain = one("copy").items[0]
    for share in (-0.1, 2, float("nan")):
        with pytest.raises(ValueError, match=r"share must lie in \[0, 1\]"):
            plant_errors(chain, share, rng=np.random.default_rng(0))


def test_no_errors_and_only_errors():
    for task in TASKS:
        chain = one(task).items[0]
        rng = np.random.default_rng(2)
        assert plant_errors(chain, 0.0, rng=rng) == chain.clean()
        taken = plant_errors(chain, 1.0, rng=rng)
        assert all(a != b for a, b in zip(taken, chain.follow(taken), strict=True))


def wrongness(task, plant, share, *, repeats=40):
    """What the planted errors of many histories are: `(wrong steps, histories x steps)`."""
    rng = np.random.default_rng(17)
    offsets = []
    for chain in one(task, steps=LONGEST, items=repeats).items:
        taken = plant(chain, share, rng=rng)
        off = np.array(taken) - np.array(chain.follow(taken))
        modulus = 10 if task == "copy" else 1000
        offsets.append((off + modulus // 2) % modulus - modulus // 2)
    return np.array(offsets)


def replaced_at_random(chain, share, *, rng):
    """A faulty generator: a wrong digit is any digit, so that one in ten is right after all."""
    wrong = rng.random(len(chain.given)) < share
    return tuple(
        int(rng.integers(0, 10)) if bad else right
        for bad, right in zip(wrong, chain.clean(), strict=True)
    )


def in_bursts(chain, share, *, rng):
    """A faulty generator: errors come in pairs."""
    pairs = rng.random((len(chain.given) + 1) // 2) < share
    wrong = np.repeat(pairs, 2)[: len(chain.given)]
    return tuple(
        (right + int(rng.integers(1, 10)) * int(bad)) % 10
        for bad, right in zip(wrong, chain.clean(), strict=True)
    )


@pytest.mark.parametrize("share", [0.03125, 0.5])
@pytest.mark.parametrize("task", TASKS)
def test_the_share_of_wrong_steps_is_the_one_asked_for(task, share):
    wrong = wrongness(task, plant_errors, share) != 0
    # Each step on its own, and each pair of neighbours: errors are independent.
    pairs = wrong[:, 0::2] & wrong[:, 1::2]
    seen = np.array([wrong.sum(), pairs.sum()])
    n = np.array([wrong.size, pairs.size])
    agreement = assert_agrees(
        seen,
        np.array([share, share**2]),
        n=n,
        wrong={
            "hits a tenth of the digits itself": np.array([0.9 * share, 0.81 * share**2]),
            "plants in pairs": np.array([share, share]),
        }
        if share == 0.5
        else {"doubles the share": np.array([2 * share, 4 * share**2])},
    )
    assert agreement.smallest_detectable < (0.08 if share == 0.5 else 0.45)


def test_the_test_of_the_share_catches_faulty_generators():
    for faulty in (replaced_at_random, in_bursts):
        wrong = wrongness("copy", faulty, 0.5) != 0
        pairs = wrong[:, 0::2] & wrong[:, 1::2]
        with pytest.raises(AssertionError, match="disagree"):
            assert_agrees(
                np.array([wrong.sum(), pairs.sum()]),
                np.array([0.5, 0.25]),
                n=np.array([wrong.size, pairs.size]),
            )


def evenness(offsets, allowed):
    """p-value of the hypothesis that every allowed offset is equally likely (chi-square)."""
    found = offsets[offsets != 0]
    counts = np.array([(found == value).sum() for value in allowed])
    if counts.sum() < found.size:
        return 0.0  # an offset that must not occur
    return stats.chisquare(counts).pvalue


def test_wrong_digits_are_uniform_among_nine():
    # The false-alarm rate of one test in a million is that of the chi-square approximation with
    # more than five hundred expected counts in every class.
    offsets = wrongness("copy", plant_errors, 0.5) % 10
    assert evenness(offsets, range(1, 10)) > FALSE_ALARM
    skewed = np.where((offsets == 9) & (np.arange(LONGEST) % 2 == 0), 1, offsets)
    assert evenness(skewed, range(1, 10)) < FALSE_ALARM
    assert evenness(np.where(offsets == 9, 10, offsets), range(1, 10)) < FALSE_ALARM


@pytest.mark.parametrize("task", ["stride", "sum", "lookup"])
def test_wrong_sums_are_off_by_one_to_nine_up_or_down(task):
    offsets = wrongness(task, plant_errors, 0.5)
    allowed = [value for value in range(-9, 10) if value]
    assert evenness(offsets, allowed) > FALSE_ALARM
    assert evenness(np.abs(offsets), allowed) < FALSE_ALARM  # only upwards
