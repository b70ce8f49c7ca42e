"""The committed `answers` data of every model: complete, right, and consistent in themselves."""

import numpy as np
import polars as pl
import pytest

from simlib.traces import TASKS, load, solve
from tests.traces.committed import of_family

# Sizes of the vocabularies: no distribution has a larger entropy than the uniform one.
VOCABULARY = {"smollm2": 49152, "gemma3": 262144}


@pytest.fixture(scope="module", params=of_family("answers"))
def answers(request):
    return load(request.param)


def test_every_task_and_level_has_enough_distinct_items(answers):
    expected = {(task.name, level) for task in TASKS.values() for level in task.levels}
    groups = answers.items.group_by("task", "level").agg(pl.len(), pl.col("prompt").n_unique())
    assert {(row[0], row[1]) for row in groups.rows()} == expected
    assert groups["len"].min() >= 500
    assert groups["len"].equals(groups["prompt"], check_names=False)
    assert answers.exact().height == answers.items.height


def test_every_answer_is_right_by_the_independent_solver(answers):
    pairs = zip(answers.items["prompt"], answers.items["answer"], strict=True)
    assert all(solve(prompt) == answer for prompt, answer in pairs)


def test_the_worked_examples_are_right_and_are_not_items(answers):
    assert len(answers.prompts) == sum(len(task.levels) for task in TASKS.values())
    for name, text in answers.prompts.items():
        task, _, level = name.rpartition("-")
        items = set(answers.items.filter(task=task, level=int(level))["prompt"])
        lines = text.removesuffix("\n").split("\n")
        assert len(lines) == answers.entry.sampling["shots"]
        for line in lines:
            prompt, equals, answer = line.partition(" = ")
            assert solve(prompt + equals) == answer
            assert prompt + equals not in items


def test_the_exact_probability_is_the_product_of_its_tokens(answers):
    sums = answers.steps.group_by("item_id").agg(pl.col("log_prob").cast(pl.Float64).sum())
    both = answers.exact().join(sums, on="item_id")
    assert both.height == answers.items.height
    np.testing.assert_allclose(both["log_prob"], both["log_p"], rtol=1e-12)


def test_the_tokens_spell_the_answer_and_then_end_it(answers):
    tokens = (
        answers.steps.sort("item_id", "position")
        .group_by("item_id", maintain_order=True)
        .agg(
            pl.col("token").slice(0, pl.len() - 1).str.join(),
            pl.col("token").last().alias("end"),
            pl.col("position").eq(pl.int_range(pl.len())).all().alias("numbered"),
        )
    )
    both = answers.items.join(tokens, on="item_id")
    assert both["token"].equals(both["answer"], check_names=False)
    assert both["numbered"].all()
    assert both["end"].str.starts_with("\n").mean() > 0.99  # or an end-of-text token


def test_the_columns_of_a_step_agree_with_one_another(answers):
    last = pl.col("position") == pl.col("position").max().over("item_id")
    steps = answers.steps.with_columns(last=last, p=pl.col("log_prob").exp())
    inner = steps.filter(~pl.col("last"))
    # The likeliest token has rank 1 and the top probability; no other reaches it.
    top = inner.filter(rank=1)
    np.testing.assert_allclose(top["p"], top["top_prob"], rtol=1e-4)
    assert (inner["p"] <= inner["top_prob"] * (1 + 1e-4)).all()
    # A token of rank r has at most the r-th part of the probability.
    assert (steps["p"] * steps["rank"] <= 1 + 1e-4).all()
    # Entropy lies between those of the most and least even distribution with this maximum.
    assert (steps["entropy"] >= -np.log(steps["top_prob"].to_numpy()) - 1e-3).all()
    assert steps["entropy"].max() <= np.log(VOCABULARY[answers.entry.model["name"]])


def test_difficulty_rises_with_the_length_of_a_list(answers):
    medians = answers.exact().group_by("task", "level").agg(pl.col("log_p").median()).sort("level")
    for task in ("copy", "reverse", "sort", "count"):
        falling = medians.filter(task=task)["log_p"].to_numpy()
        assert np.all(np.diff(falling) < 0), task
