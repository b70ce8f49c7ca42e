"""The committed chains, clean, free and planted, worked out again from the text of their items."""

import re

import numpy as np
import polars as pl
import pytest

from simlib.traces import load
from simlib.traces.collect import TOLERANCE
from tests.statistics import assert_agrees
from tests.traces.committed import of_family


@pytest.fixture(scope="module", params=of_family("chains"))
def chains(request):
    return load(request.param)


@pytest.fixture(scope="module", params=of_family("planted"))
def planted(request):
    return load(request.param)


def rule(task, prompt):
    """How the right step follows from the one before it (None: the first), by the prompt alone."""
    if task == "copy":
        digits = re.fullmatch(r"copy ((?:\d )+)= +", prompt)[1].split()
        return lambda step, before: int(digits[step])
    if task == "stride":
        stride, start = map(int, re.fullmatch(r"count by (\d): (\d+) +", prompt).groups())
        return lambda step, before: ((start if before is None else before) + stride) % 1000
    values, sums = {}, prompt
    if task == "lookup":
        table, sums = prompt.split("; ")
        values = {name: int(value) for name, value in re.findall(r"([abc]) = (\d)", table)}
    start, *added = re.findall(r"[abc]|\d+", sums)
    more = [values[word] if word in values else int(word) for word in added]
    return lambda step, before: ((int(start) if before is None else before) + more[step]) % 1000


def rules(traces):
    return {
        item: rule(task, prompt)
        for item, task, prompt in traces.items.select("item_id", "task", "prompt").iter_rows()
    }


def histories(frame):
    """Rows of each item, condition and run, in order of their position."""
    ordered = frame.sort("item_id", "condition", "run", "position")
    return ordered.group_by("item_id", "condition", "run", maintain_order=True)


def clean_steps(traces, item):
    answer = traces.items.filter(item_id=item)["answer"][0]
    return [int(word) for word in answer.split()]


def test_the_items_are_chains_of_their_length(chains):
    sampling = chains.entry.sampling
    counts = dict(chains.items.group_by("task").len().iter_rows())
    assert counts == dict.fromkeys(sampling["tasks"], sampling["items_per_task"])
    for item, follows in rules(chains).items():
        steps = clean_steps(chains, item)
        assert len(steps) == sampling["steps"]
        before = None
        for place, step in enumerate(steps):
            assert step == follows(place, before)
            before = step
    assert chains.items["level"].unique().to_list() == [sampling["steps"]]
    assert chains.items["prompt"].n_unique() == chains.items.height


def test_the_worked_examples_are_right(chains):
    sampling = chains.entry.sampling
    assert len(chains.prompts) == len(sampling["tasks"])
    for name, text in chains.prompts.items():
        lines = text.removesuffix("\n").split("\n")
        assert len(lines) == sampling["shots"]
        task, count = name.rpartition("-")[0], sampling["shot_steps"]
        for line in lines:
            # The steps of an example are read off its text, and its prompt is what is left.
            if task in ("copy", "stride"):
                head, *steps = line.rsplit(" ", count)
                prompt = f"{head}{' ' * count}"
            else:
                steps = re.findall(r"= (\d{3})", line)
                prompt = re.sub(r"= \d{3}", "= ", line)
            assert len(steps) == count
            follows, before = rule(task, prompt), None
            for place, step in enumerate(map(int, steps)):
                assert step == follows(place, before)
                before = step


def test_clean_histories_are_complete_and_right(chains):
    clean = chains.chain_steps.filter(condition="clean")
    seen = 0
    for (item, _, run), rows in histories(clean):
        steps = clean_steps(chains, item)
        assert run == 0
        assert rows["position"].to_list() == list(range(len(steps)))
        assert rows["answer"].str.to_integer().to_list() == steps
        assert rows["taken"].equals(rows["answer"], check_names=False)
        # Every step has as many tokens as every other, and there is nothing between them.
        assert np.unique(np.diff(rows["tokens"].to_numpy())).size == 1
        seen += 1
    assert seen == chains.items.height
    assert clean["correct"].all()
    assert (clean["errors"] == 0).all()
    for column in ("log_prob", "log_mass", "tokens"):
        assert clean[column].null_count() == 0
    assert clean["log_prob"].max() <= 0
    assert clean["log_mass"].max() <= 0
    # The grammar agrees with what the model would write anyway.
    assert clean["log_mass"].exp().median() > 0.9


def test_free_histories_are_marked_right(chains):
    sampling, follow = chains.entry.sampling, rules(chains)
    free = chains.chain_steps.filter(condition="free")
    warm, until = sampling["warm"], sampling["until"]
    seen = 0
    for (item, _, run), rows in histories(free):
        assert 0 <= run < sampling["runs"]
        assert rows["position"].to_list() == list(range(warm, until))
        before, errors = clean_steps(chains, item)[warm - 1], 0
        table = rows.select("position", "errors", "answer", "taken", "correct")
        for place, wrong, answer, taken, correct in table.iter_rows():
            right = follow[item](place, before)
            assert int(answer) == right
            assert len(taken) == len(answer) == (1 if "copy" in item else 3)
            assert correct == (int(taken) == right)
            assert wrong == errors
            before, errors = int(taken), errors + (not correct)
        seen += 1
    assert seen == chains.items.height * sampling["runs"]
    for column in ("log_prob", "log_mass", "tokens"):
        assert free[column].null_count() == free.height


def test_free_runs_are_right_as_often_as_the_exact_probabilities_say(chains):
    # As long as a run has made no error its history is the clean one, so the probability of its
    # next step is known.  Right steps minus their probabilities are a martingale; its variance is
    # the sum of p (1 - p), and the sum over hundreds of runs is near normal.
    columns = ("item_id", "position")
    exact = chains.chain_steps.filter(condition="clean").select(*columns, "log_prob")
    early = exact.with_columns(pl.col("position") + chains.entry.sampling["warm"])
    rows = (
        chains.chains_with_items()
        .filter(condition="free", errors=0)
        .drop("log_prob")
        .join(exact, on=columns)
        .join(early.rename({"log_prob": "early"}), on=columns)
        .with_columns(p=pl.col("log_prob").exp(), early=pl.col("early").exp())
    )
    p = pl.col("p")
    pooled = rows.group_by("task", maintain_order=True).agg(
        seen=pl.col("correct").mean(),
        expected=p.mean(),
        early=pl.col("early").mean(),
        stderr=(p * (1 - p)).sum().sqrt() / pl.len(),
        variance=(p * (1 - p)).sum(),
    )
    assert pooled.height == len(chains.entry.sampling["tasks"])
    assert pooled["variance"].min() > 20
    assert_agrees(
        pooled["seen"].to_numpy(),
        pooled["expected"].to_numpy(),
        stderr=pooled["stderr"].to_numpy(),
        wrong={"ignores the warm-up": pooled["early"].to_numpy()},
    )


def test_planted_histories_have_a_row_for_every_right_step(planted):
    sampling, follow = planted.entry.sampling, rules(planted)
    steps, seen = sampling["steps"], 0
    for (item, _, run), rows in histories(planted.chain_steps):
        place = rows["position"].to_numpy()
        assert run == 0
        assert 0 <= place.min() < place.max() < steps
        # Places without a row were made wrong: as many as there are errors.
        assert rows["errors"].to_list() == (place - np.arange(len(place))).tolist()
        answers = dict(zip(place.tolist(), map(int, rows["answer"]), strict=True))
        for at, answer in answers.items():
            if "copy" in item or at == 0:
                assert answer == follow[item](at, None)
            elif at - 1 in answers:
                assert answer == follow[item](at, answers[at - 1])
            elif at - 2 in answers:
                # What the wrong step was follows from the right one after it.
                wrong = answer - (follow[item](at, 0))
                right = follow[item](at - 1, answers[at - 2])
                assert 1 <= abs((wrong - right + 500) % 1000 - 500) <= 9
        seen += 1
    assert seen == planted.items.height * len(sampling["shares"])
    assert planted.chain_steps["correct"].all()
    assert planted.chain_steps["taken"].equals(planted.chain_steps["answer"], check_names=False)
    assert planted.chain_steps["log_prob"].null_count() == 0
    assert planted.chain_steps["log_prob"].max() <= 0
    assert planted.chain_steps["tokens"].null_count() == 0
    assert planted.chain_steps["log_mass"].null_count() == planted.chain_steps.height


def test_as_many_steps_were_made_wrong_as_the_condition_says(planted):
    sampling = planted.entry.sampling
    share = np.array(sampling["shares"])
    conditions = [f"planted-{value:g}" for value in share]
    assert set(planted.chain_steps["condition"]) == set(conditions)
    groups = planted.chains_with_items().group_by("task", "condition").len()
    n = sampling["items_per_task"] * sampling["steps"]
    rows = {(task, condition): count for task, condition, count in groups.iter_rows()}
    wrong = np.array([[n - rows[task, c] for c in conditions] for task in sampling["tasks"]])
    assert_agrees(
        wrong,
        np.broadcast_to(share, wrong.shape),
        n=n,
        wrong={
            "halves the share": np.broadcast_to(share / 2, wrong.shape),
            "takes the right steps for the wrong ones": np.broadcast_to(1 - share, wrong.shape),
        },
    )
    whole = assert_agrees(wrong.sum(0), share, n=n * len(sampling["tasks"]))
    assert whole.smallest_detectable < 0.15


def test_before_the_first_error_planted_and_clean_probabilities_are_the_same(planted):
    chains = load(f"chains-{planted.entry.model['name']}")
    both = planted.chain_steps.filter(errors=0).join(
        chains.chain_steps.filter(condition="clean"), on=("item_id", "position")
    )
    assert both.height == planted.chain_steps.filter(errors=0).height > 100
    assert both["answer"].equals(both["answer_right"], check_names=False)
    assert both["tokens"].equals(both["tokens_right"], check_names=False)
    assert (both["log_prob"] - both["log_prob_right"]).abs().max() < TOLERANCE
