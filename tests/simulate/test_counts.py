"""Counts merge exactly, in any order, and refuse what does not belong together."""

import itertools

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib import Estimate, Uniform
from simlib.simulate import Counts, survival_counts

KEY = jax.random.key(4)


def counts(key, start, stop, share, process="p", lengths=(1, 10)):
    n = stop - start
    return Counts(lengths, (n - n // 3, int(n * share) // 2), ((key, start, stop),), process)


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(1, 10**18), st.floats(0, 1)),
        min_size=1,
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
def test_merging_is_associative_commutative_and_exact(pieces, random):
    start = {"a": 0, "b": 0}
    parts = []
    for key, n, share in pieces:
        parts.append(counts(key, start[key], start[key] + n, share))
        start[key] += n
    left = sum_of(parts)
    right = sum_of(parts[::-1])
    shuffled = random.sample(parts, len(parts))
    assert left == right == sum_of(shuffled)
    # Python integers: no overflow at 10^18 and beyond, no rounding.
    assert left.replicates == sum(n for _, n, _ in pieces)
    assert left.survived == tuple(map(sum, zip(*(p.survived for p in parts), strict=True)))
    # Neighbouring spans of one key join.
    assert len(left.spans) == len({key for key, _, _ in pieces})


def sum_of(parts):
    total, *rest = parts
    for part in rest:
        total = total + part
    return total


def test_what_does_not_belong_together_is_refused():
    one = counts("a", 0, 100, 0.5)
    with pytest.raises(ValueError, match=r"lengths \(1, 10\) cannot be merged .* \(1, 11\)"):
        one + counts("a", 100, 200, 0.5, lengths=(1, 11))
    with pytest.raises(ValueError, match=r"of process p cannot be merged .* of process q"):
        one + counts("a", 100, 200, 0.5, process="q")
    with pytest.raises(ValueError, match="replicates 99 to 99 of key a are in both"):
        one + counts("a", 99, 200, 0.5)
    with pytest.raises(ValueError, match="counted twice"):
        one + one
    with pytest.raises(TypeError):
        one + 1
    assert (one + counts("b", 0, 100, 0.5)).replicates == 200


@pytest.mark.parametrize("survived", [(101, 5), (5, 6), (5, -1), (5,)])
def test_impossible_counts_are_refused(survived):
    with pytest.raises(ValueError, match="these are not counts of one set"):
        Counts((1, 10), survived, (("a", 0, 100),), "p")


def test_keys_and_parameters_are_told_apart():
    a = survival_counts(Uniform(0.1), [1], key=KEY, replicates=10)
    b = survival_counts(Uniform(0.1), [1], key=jax.random.key(5), replicates=10)
    c = survival_counts(Uniform(0.2), [1], key=KEY, replicates=10, start=10)
    assert a.process == b.process != c.process
    assert a.spans[0][0] == c.spans[0][0] != b.spans[0][0]
    with pytest.raises(ValueError, match="of process"):
        a + c


def test_estimates_from_counts():
    data = Counts((0, 5, 10, 20), (100, 60, 45, 0), (("a", 0, 100),), "p")
    survival = data.survival(level=0.9, method="clopper-pearson")
    expected = Estimate.from_counts(
        np.array(data.survived), 100, level=0.9, method="clopper-pearson"
    )
    assert all(map(np.array_equal, jax.tree.leaves(survival), jax.tree.leaves(expected)))
    hazard = data.hazard()
    np.testing.assert_allclose(hazard.value, [0.4, 0.25, 1.0])
    for i, (failed, at_risk) in enumerate([(40, 100), (15, 60), (45, 45)]):
        one = Estimate.from_counts(failed, at_risk)
        assert (float(hazard.lower[i]), float(hazard.upper[i])) == (one.lower, one.upper)
    assert hazard.n == 100


def test_pieces_of_a_run_merge_to_the_run():
    process, lengths = Uniform(0.02), [1, 20, 200]
    cuts = [0, 1, 70_000, 2**17, 2**17 + 5, 300_001]
    pieces = [
        survival_counts(process, lengths, key=KEY, replicates=b - a, start=a)
        for a, b in itertools.pairwise(cuts)
    ]
    whole = survival_counts(process, lengths, key=KEY, replicates=cuts[-1])
    assert sum_of(pieces) == sum_of(pieces[::-1]) == whole
