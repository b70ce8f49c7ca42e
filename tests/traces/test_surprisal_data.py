"""The committed `surprisal` data: every token of every text, and columns that fit together."""

import numpy as np
import polars as pl
import pytest

from simlib.traces import load
from simlib.traces.collect import TOLERANCE
from tests.statistics import assert_agrees
from tests.traces.committed import of_family
from tests.traces.test_answers_data import VOCABULARY

# Models with a start token also score the first token of a text.
FIRST = {"smollm2": 1, "gemma3": 0}
OWN = "surprisal/own-"


@pytest.fixture(scope="module", params=of_family("surprisal"))
def texts(request):
    return load(request.param)


def conditions(texts):
    """Steps of each item and condition, in order."""
    ordered = texts.steps.sort("item_id", "condition", "position")
    return ordered.group_by("item_id", "condition", maintain_order=True)


def test_every_token_is_scored_once_in_every_condition(texts):
    sampling, seen = texts.entry.sampling, {}
    levels = dict(texts.items.select("item_id", "level").iter_rows())
    first = FIRST[texts.entry.model["name"]]
    for (item, condition), rows in conditions(texts):
        count = rows.height + first
        assert rows["position"].to_list() == list(range(first, count))
        # The long texts may run out; the others have their full length.
        assert count <= levels[item]
        assert count == levels[item] or item.endswith("-long")
        assert count > 0.4 * levels[item]
        # Contexts differ, texts do not.
        stored = seen.setdefault(item, {})
        stored[condition] = rows["token_id"].to_list()
        assert stored[condition] == next(iter(stored.values()))
    short = [f"short-{context}" for context in sampling["contexts"]]
    for item, stored in seen.items():
        wanted = short[-1:] if item.endswith("-long") else short
        assert set(stored) == {"full", *wanted}
    assert set(seen) == set(texts.items["item_id"])
    assert set(texts.items["task"]) == {"prose", "code", "procedural", "own"}


def test_the_tokens_spell_the_text(texts):
    prompts = dict(texts.items.select("item_id", "prompt").iter_rows())
    for (item, condition), rows in conditions(texts):
        if condition != "full":
            continue
        spelled, text = "".join(rows["token"]), prompts[item]
        if item.startswith(OWN):  # the opening, then what the model wrote
            assert spelled.endswith(text[-20:]) or text[-20:] in spelled[: len(text)]
            continue
        # Characters that are spread over several tokens are not text on their own.
        place = 0
        for number, piece in enumerate(filter(None, spelled.split("\ufffd"))):
            found = text.find(piece, place)
            assert found >= 0, (item, piece)
            assert found - place < 20, (item, piece)
            assert number or found < 20
            place = found + len(piece)


def test_the_columns_of_a_step_agree_with_one_another(texts):
    steps = texts.steps.with_columns(pl.col("log_prob", "top_prob").cast(pl.Float64))
    gap = steps["log_prob"] - steps["top_prob"].log()
    likeliest = steps["rank"] == 1
    # Rank 1 is the likeliest token, and no other token reaches its probability.
    assert gap.filter(likeliest).abs().max() < 1e-4
    assert gap.filter(~likeliest).max() < 0
    p = steps["log_prob"].exp()
    assert (p * steps["rank"]).max() <= 1 + 1e-4
    assert steps["entropy"].max() <= np.log(VOCABULARY[texts.entry.model["name"]])
    # The entropy is at least that of the most even distribution with this maximum.
    assert (steps["entropy"] + steps["top_prob"].log()).min() > -1e-3


def paired(texts, condition):
    full = texts.steps.filter(condition="full")
    short = texts.steps.filter(condition=condition)
    return short.join(full, on=("item_id", "position"), suffix="_full")


def test_short_contexts_are_full_ones_at_the_beginning_and_shorter_after_it(texts):
    for context in texts.entry.sampling["contexts"]:
        both = paired(texts, f"short-{context}")
        same = both.filter(pl.col("position") < 2 * context)
        assert same.height > context
        for column in ("log_prob", "entropy"):
            assert (same[column] - same[f"{column}_full"]).abs().max() < TOLERANCE
        later = both.filter(pl.col("position") >= 2 * context)
        assert (later["log_prob"] != later["log_prob_full"]).mean() > 0.9


def test_more_context_lowers_the_loss(texts):
    # A summary, not a statistical test: the differences are many times larger than their errors.
    contexts = texts.entry.sampling["contexts"]
    steps = texts.steps.filter(pl.col("position") >= 2 * contexts[-1]).filter(
        ~pl.col("item_id").str.ends_with("-long")
    )
    loss = dict(steps.group_by("condition").agg(-pl.col("log_prob").mean()).iter_rows())
    ordered = [loss[f"short-{context}"] for context in contexts] + [loss["full"]]
    assert np.all(np.diff(ordered) < 0)


def test_the_loss_on_a_models_own_text_is_its_entropy(texts):
    # Each token was drawn from the distribution that scores it, so loss minus entropy is a
    # martingale difference; thousands of them make the normal test accurate.  Tokens that are no
    # text were not drawn: their probability is small.
    own = texts.steps.filter(
        pl.col("item_id").str.starts_with(OWN), pl.col("position") >= 40, condition="full"
    )
    loss, entropy = -own["log_prob"].to_numpy().astype(float), own["entropy"].to_numpy()
    short = texts.steps.filter(
        pl.col("item_id").str.starts_with(OWN), pl.col("position") >= 40, condition="short-32"
    )
    agreement = assert_agrees(
        np.array([loss.mean()]),
        np.array([entropy.mean()]),
        stderr=np.array([np.std(loss - entropy) / np.sqrt(len(loss))]),
        wrong={
            "measures in bits": np.array([entropy.mean() / np.log(2)]),
            "forgets the context": np.array([-short["log_prob"].mean()]),
        },
    )
    assert agreement.smallest_detectable < 0.2
