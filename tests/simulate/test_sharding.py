"""Devices, pieces and remainders change nothing, to the last bit; nothing is retraced."""

import jax
import numpy as np
import pytest
from jax.sharding import Mesh

from simlib import KeyTokens, PowerGrowth, Uniform
from simlib.simulate import _stream as streaming
from simlib.simulate import (
    conditional_survival,
    pass_at_k,
    survival,
    survival_counts,
    token_by_token,
)
from simlib.simulate._keys import BLOCK
from tests.simulate._frailty import ExponentialFrailty

KEY = jax.random.key(8)
PROCESSES = [KeyTokens(0.05, PowerGrowth(1.0, 0.5)), ExponentialFrailty(0.02)]


def mesh_of(*shape, names=("x", "y", "z")):
    devices = np.asarray(jax.devices()[: int(np.prod(shape))]).reshape(shape)
    return Mesh(devices, names[: len(shape)])


def leaves(tree):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def assert_same_bits(a, b):
    for x, y in zip(leaves(a), leaves(b), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.fixture(autouse=True)
def short_calls(monkeypatch):
    """Few blocks per call, so that small runs need several calls and leave ragged ends."""
    monkeypatch.setattr(streaming, "_BLOCKS_PER_CALL", 3)


def test_there_are_eight_devices():
    assert len(jax.devices()) == 8


@pytest.mark.parametrize("process", PROCESSES, ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("replicates", [1, 7 * BLOCK + 123])
def test_counts_are_the_same_on_1_2_and_8_devices(process, replicates):
    one, *others = (
        survival_counts(process, [1, 10, 100], key=KEY, replicates=replicates, mesh=mesh)
        for mesh in (None, mesh_of(2), mesh_of(8), mesh_of(2, 2, 2))
    )
    assert all(other == one for other in others)


@pytest.mark.parametrize(
    "run",
    [
        lambda mesh: survival(PROCESSES[1], [5, 50], key=KEY, replicates=200_001, mesh=mesh),
        lambda mesh: pass_at_k(PROCESSES[1], 20, [1, 9], key=KEY, problems=200_001, mesh=mesh),
        lambda mesh: conditional_survival(
            PROCESSES[1], [5, 50], key=KEY, replicates=200_001, mesh=mesh
        ),
        lambda mesh: token_by_token(PROCESSES[1], [5, 50], key=KEY, replicates=20_001, mesh=mesh),
    ],
    ids=["survival", "pass_at_k", "conditional_survival", "token_by_token"],
)
def test_estimates_have_the_same_bits_on_1_and_8_devices(run):
    assert_same_bits(run(None), run(mesh_of(8)))


@pytest.mark.parametrize("cut", [1, BLOCK, 3 * BLOCK + 17])
def test_a_run_continued_elsewhere_is_the_run(cut):
    process, replicates = PROCESSES[1], 5 * BLOCK + 1
    whole = survival_counts(process, [10], key=KEY, replicates=replicates)
    early = survival_counts(process, [10], key=KEY, replicates=cut, mesh=mesh_of(2))
    late = survival_counts(process, [10], key=KEY, replicates=replicates - cut, start=cut)
    assert early + late == whole


def test_every_block_has_its_own_key():
    # The same block twice, or a key shared between devices, would repeat counts.
    counts = [
        survival_counts(
            Uniform(0.02), [10, 50], key=KEY, replicates=BLOCK, start=b * BLOCK
        ).survived
        for b in range(8)
    ]
    assert len(set(counts)) == 8


def test_block_index_reaches_far():
    # The last replicates of a key: no overflow of the block number.
    start = 2**48 - BLOCK
    last = survival_counts(Uniform(0.02), [10], key=KEY, replicates=BLOCK, start=start)
    first = survival_counts(Uniform(0.02), [10], key=KEY, replicates=BLOCK)
    assert last.survived != first.survived
    assert last.spans[0][2] == 2**48


def test_traced_once_for_all_calls_parameters_and_keys():
    before = streaming._call._cache_size()
    for seed, e in enumerate((0.01, 0.02, 0.03)):
        survival_counts(
            Uniform(e), [3, 30], key=jax.random.key(seed), replicates=7 * BLOCK + seed, start=seed
        )
    assert streaming._call._cache_size() - before <= 1


def test_progress_reaches_the_end_and_only_grows():
    seen = []
    total = 7 * BLOCK + 5
    survival(Uniform(0.1), [3], key=KEY, replicates=total, progress=lambda *done: seen.append(done))
    done = [d for d, _ in seen]
    assert done == sorted(set(done))
    assert seen[-1] == (total, total)
    assert {t for _, t in seen} == {total}
    assert len(seen) > 1
