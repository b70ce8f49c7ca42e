"""The committed `attempts` data: counts, stops and votes agree with the exact probabilities."""

import numpy as np
import polars as pl
import pytest

from simlib.traces import grade, load
from simlib.traces.collect import TOLERANCE
from tests.statistics import assert_agrees
from tests.traces.committed import of_family


@pytest.fixture(scope="module", params=of_family("attempts"))
def attempts(request):
    return load(request.param)


@pytest.fixture(scope="module")
def answers(attempts):
    """The data set in which the same items were scored among all others."""
    return load(f"answers-{attempts.entry.model['name']}")


@pytest.fixture(scope="module")
def rows(attempts, answers):
    """Sampled rows with the first and the last log-probability of the right answer."""
    ends = (
        answers.steps.sort("position")
        .group_by("item_id")
        .agg(end=pl.col("log_prob").last(), first=pl.col("log_prob").first())
    )
    return attempts.sampled().join(ends, on="item_id", maintain_order="left")


def test_the_items_are_the_first_ones_of_the_answers(attempts, answers):
    sampling = attempts.entry.sampling
    found = attempts.items.with_columns(
        cell=pl.format("{}-{}", "task", "level"),
        number=pl.col("item_id").str.split("/").list.last().cast(pl.Int64),
    )
    cells = dict(found.group_by("cell").agg(pl.col("number").sort()).iter_rows())
    assert cells == {cell: list(range(sampling["items_per_cell"])) for cell in sampling["cells"]}
    same = attempts.items.join(answers.items, on=attempts.items.columns, how="semi")
    assert same.height == attempts.items.height
    assert attempts.prompts == {cell: answers.prompts[cell] for cell in sampling["cells"]}
    for key in ("entropy", "shots"):
        assert sampling[key] == answers.entry.sampling[key]


def test_exact_probabilities_are_those_of_the_answers(attempts, answers):
    both = attempts.exact().join(answers.exact(), on="item_id")
    assert both.height == attempts.items.height
    assert (both["log_p"] - both["log_p_right"]).abs().max() < TOLERANCE


def test_every_item_has_one_run_of_each_rule(attempts):
    rules = attempts.attempts.group_by("item_id").agg(pl.col("stop_rule").sort())
    assert rules["item_id"].n_unique() == attempts.items.height
    assert rules["stop_rule"].unique().to_list() == [["exact", "first_success", "fixed"]]
    most = attempts.entry.sampling["attempts"]
    assert attempts.attempts.filter(stop_rule="fixed")["n"].unique().to_list() == [most]
    stopped = attempts.attempts.filter(stop_rule="first_success")
    assert stopped["n"].max() <= most
    assert (stopped.filter(successes=0)["n"] == most).all()
    assert stopped["successes"].is_in([0, 1]).all()


def test_successes_agree_item_by_item(rows):
    fixed = rows.filter(stop_rule="fixed")
    log_p = fixed["log_p"].to_numpy()
    agreement = assert_agrees(
        fixed["successes"].to_numpy(),
        np.exp(log_p),
        n=fixed["n"].to_numpy(),
        wrong={
            "forgets the first token": np.exp(log_p - fixed["first"].to_numpy()),
            "takes the item before it": np.exp(np.roll(log_p, 1)),
        },
    )
    assert agreement.p_values.size == fixed.height
    assert agreement.smallest_detectable < 0.3


def test_successes_agree_in_sum(attempts, rows):
    # An error common to all items shows in the sum long before it shows in one of them.  Each sum
    # of independent binomials has several hundred successes, so the normal test is accurate.
    fixed = rows.filter(stop_rule="fixed").with_columns(p=pl.col("log_p").exp())
    fixed = pl.concat([fixed, fixed.with_columns(task=pl.lit("all"))])
    n = pl.col("n")
    pooled = fixed.group_by("task", maintain_order=True).agg(
        total=pl.col("successes").sum(),
        seen=pl.col("successes").sum() / n.sum(),
        expected=(n * pl.col("p")).sum() / n.sum(),
        stderr=(n * pl.col("p") * (1 - pl.col("p"))).sum().sqrt() / n.sum(),
        no_end=(n * (pl.col("log_p") - pl.col("end")).exp()).sum() / n.sum(),
    )
    assert pooled["total"].min() > 300
    wrong = {"loses one attempt in twenty": 0.95 * pooled["expected"].to_numpy()}
    if attempts.entry.model["name"] == "smollm2":
        # Gemma 3 ends a right answer almost surely; without its end the sums are hardly larger.
        wrong["forgets the terminator"] = pooled["no_end"].to_numpy()
    agreement = assert_agrees(
        pooled["seen"].to_numpy(),
        pooled["expected"].to_numpy(),
        stderr=pooled["stderr"].to_numpy(),
        wrong=wrong,
    )
    assert agreement.smallest_detectable < 0.05


def test_runs_to_the_first_success_follow_the_geometric_law(rows):
    # P(stopped by k) = 1 - (1 - p)^k for each item; over independent items the number of stopped
    # runs has mean and variance known, and is near normal where the variance is not small.
    runs = rows.filter(stop_rule="first_success")
    p, made = np.exp(runs["log_p"].to_numpy()), runs["n"].to_numpy()
    solved = runs["successes"].to_numpy() == 1

    def law(number, chance):
        return -np.expm1(number[:, None] * np.log1p(-chance))

    number = np.array([1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610])
    by_item = law(number, p)
    stderr = np.sqrt((by_item * (1 - by_item)).sum(1)) / len(p)
    clear = (stderr * len(p)) ** 2 > 20
    assert clear.sum() >= 6
    stopped = (solved & (made <= number[:, None])).mean(1)
    agreement = assert_agrees(
        stopped[clear],
        by_item.mean(1)[clear],
        stderr=stderr[clear],
        wrong={
            "counts failures only": law(number - 1, p).mean(1)[clear],
            "gives every item the mean probability": law(number, np.full_like(p, p.mean())).mean(1)[
                clear
            ],
        },
    )
    assert agreement.smallest_detectable < 0.3
    # Both runs of an item are draws of their own: a stop read off the other run would agree with
    # it on whether there was any success.
    fixed = rows.filter(stop_rule="fixed")
    assert fixed["item_id"].equals(runs["item_id"])
    assert ((fixed["successes"].to_numpy() > 0) != solved).sum() > 10


def test_votes_add_up_and_are_graded_right(attempts):
    prompts = dict(attempts.items.select("item_id", "prompt").iter_rows())
    for item, answer, correct in attempts.votes.select("item_id", "answer", "correct").iter_rows():
        assert correct == (answer is not None and grade(prompts[item], answer))
    sums = attempts.votes.group_by("item_id").agg(
        pl.col("count").sum(), right=pl.col("count").filter(pl.col("correct")).sum()
    )
    both = attempts.attempts.filter(stop_rule="fixed").join(sums, on="item_id")
    assert both.height == attempts.items.height
    assert both["count"].equals(both["n"], check_names=False)
    assert both["right"].equals(both["successes"], check_names=False)
    assert not attempts.votes["answer"].str.contains("\n").any()
    assert attempts.votes.group_by("item_id").agg(pl.col("correct").sum())["correct"].max() == 1
