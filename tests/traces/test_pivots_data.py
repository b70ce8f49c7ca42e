"""The committed runs that were resampled, against the exact probabilities of their steps."""

import numpy as np
import polars as pl
import pytest

from simlib import fit
from simlib.traces import load
from tests.statistics import assert_agrees
from tests.traces.committed import of_family


@pytest.fixture(scope="module", params=of_family("pivots"))
def pivots(request):
    return load(request.param)


def test_every_run_has_a_row_for_every_place(pivots):
    sampling, table = pivots.entry.sampling, pivots.pivots
    runs = table.group_by("item_id", "run").agg(pl.col("position").sort())
    assert runs.height == pivots.items.height == len(sampling["tasks"]) * sampling["items_per_task"]
    places = list(range(sampling["warm"], sampling["steps"]))
    assert all(found == places for found in runs["position"].to_list())
    assert table["rollouts"].unique().to_list() == [sampling["rollouts"]]


def matrices(traces, task):
    """Exact success probabilities by place, rollouts that were right, and whether runs were."""
    sampling = traces.entry.sampling
    warm, steps = sampling["warm"], sampling["steps"]
    clean = traces.chains_with_items().filter(task=task, condition="clean")
    log_prob = clean.sort("item_id", "position")["log_prob"].to_numpy().astype(float)
    log_prob = log_prob.reshape(-1, steps)[:, warm:]
    free = traces.chains_with_items().filter(task=task, condition="free")
    joined = free.join(
        clean.select("item_id", "position", answer_clean="answer"), on=("item_id", "position")
    ).sort("item_id", "position")
    same = (joined["taken"] == joined["answer_clean"]).to_numpy().reshape(-1, steps - warm)
    so_far = np.cumprod(np.pad(same, ((0, 0), (1, 0)), constant_values=True), axis=1)
    table = traces.pivots_with_items().filter(task=task).sort("item_id", "position")
    counts = table.select("all_right_a", "all_right_b", "end_right_a", "end_right_b").to_numpy()
    return (
        fit.success_path(log_prob) * so_far,
        counts.reshape(len(same), steps - warm, 2, 2),
        same,
    )


def test_rollouts_are_right_as_often_as_the_exact_probabilities_say(pivots):
    rollouts = pivots.entry.sampling["rollouts"]
    for task in pivots.entry.sampling["tasks"]:
        path, counts, _ = matrices(pivots, task)
        before = path[:, :-1]
        # After a wrong step no continuation is right throughout.
        assert (counts[:, :, 0][before == 0] == 0).all()
        # Over all runs the mean stays the same from place to place; where a run is still right,
        # the chance has risen since the step before.
        n, right = 2 * rollouts, before[:, 1:] > 0
        seen = (counts[:, 1:, 0].sum(-1) * right).sum(0)
        now, earlier = before[:, 1:] * right, before[:, :-1] * right
        stderr = np.sqrt((now * (1 - now)).sum(0) * n)
        assert_agrees(
            seen, now.sum(0) * n, stderr=stderr,
            wrong={"starts one step earlier": earlier.sum(0) * n},
        )  # fmt: skip


def test_the_end_is_right_at_least_as_often_and_more_often_after_an_error(pivots):
    for task in pivots.entry.sampling["tasks"]:
        path, counts, _ = matrices(pivots, task)
        assert (counts[:, :, 1] >= counts[:, :, 0]).all()
        if task == "copy":  # a list can be right again after a wrong digit
            assert counts[:, :, 1][path[:, :-1] == 0].sum() > 0


def test_own_runs_are_right_as_often_as_the_exact_probabilities_say(pivots):
    for task in pivots.entry.sampling["tasks"]:
        path, _, same = matrices(pivots, task)
        start = path[:, 0]
        stderr = np.sqrt((start * (1 - start)).sum())
        assert_agrees(
            np.array([same.all(1).sum()]), np.array([start.sum()]), stderr=np.array([stderr])
        )
