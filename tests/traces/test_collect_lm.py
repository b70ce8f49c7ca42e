"""Collecting with the real model: loading, scoring, sampling, killing and resuming, comparing."""

import numpy as np
import pytest

from simlib.traces import grade
from simlib.traces._tasks import make_group
from simlib.traces.collect import (
    MODELS,
    TOLERANCE,
    prefix_cache,
    sample_attempts,
    sample_runs,
)
from simlib.traces.collect._answers import all_groups
from simlib.traces.collect._sample import _extend, _Node
from simlib.traces.collect._score import copy_cache, predict, score_answers
from tests.statistics import assert_agrees
from tests.traces.local_models import NEEDS_MODELS, loaded

pytestmark = NEEDS_MODELS

PASSAGE = (
    "Once upon a time there was a little girl who lived with her mother in a small house at the "
    "edge of the forest. One day her mother gave her a basket of bread and asked her to take it to "
    "her grandmother, who was ill and lived on the other side of the wood."
)


@pytest.fixture(scope="module", params=list(MODELS))
def model(request):
    return loaded(request.param)


def plain_log_probs(model, text_tokens):
    """Next-token log-probabilities after every token, without cache, batch or mask."""
    import torch

    with torch.inference_mode():
        return model.network(torch.tensor([text_tokens])).logits[0].double().log_softmax(-1).numpy()


def log_probs(model, hidden):
    """Log-probabilities of the drawn vocabulary, as the collector computes them."""
    parts = [found.logits - found.log_norm[:, None] for _, found in predict(model, hidden)]
    return np.concatenate([part.numpy() for part in parts])


def perplexity(model, text):
    tokens = model.encode_start(text)
    logp = plain_log_probs(model, tokens)
    return np.exp(-np.mean([logp[i, token] for i, token in enumerate(tokens[1:])]))


def test_the_loaded_model_knows_english_and_word_order(model):
    words = PASSAGE.split()
    shuffled = " ".join(np.random.default_rng(0).permutation(words).tolist())
    assert perplexity(model, PASSAGE) < 15
    assert perplexity(model, shuffled) > 20 * perplexity(model, PASSAGE)


def test_greedy_answers_are_right_where_the_ranks_say_so(model):
    import torch

    group = make_group("copy", 4, items=16, shots=8, entropy=5)
    scores = score_answers(model, prefix_cache(model, group.prefix), group.items)
    expected = [bool((score.rank == 1).all()) for score in scores]
    right = []
    for prompt, _ in group.items:
        tokens = torch.tensor([model.encode_start(group.prefix + prompt)])
        out = model.network.generate(
            tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=9, do_sample=False
        )
        right.append(grade(prompt, model.tokenizer.decode(out[0, tokens.shape[1] :])))
    assert right == expected
    assert 0 < sum(right) < len(right)


def test_the_vocabulary_is_what_the_tokenizer_decodes(model):
    texts, special = model.vocabulary.texts, model.vocabulary.special
    plain = [token for token in range(len(texts)) if token not in special]
    decoded = dict(zip(plain, model.tokenizer.batch_decode([[t] for t in plain]), strict=True))
    assert {token: texts[token] for token in plain} == decoded
    ends = {token for token, text in decoded.items() if text.startswith("\n")}
    named = model.tokenizer.convert_tokens_to_ids(list(model.spec.end_of_text))
    assert set(model.vocabulary.terminators) == (ends - model.vocabulary.redundant) | set(named)
    assert set(named) <= special


@pytest.mark.parametrize(("task", "level"), all_groups())
def test_every_answer_has_one_segmentation_and_it_is_the_tokenizers(model, task, level):
    group = make_group(task, level, items=40, shots=0, entropy=6)
    for prompt, answer in group.items:
        spelled = list(model.vocabulary.spell_answer(answer))
        assert spelled == model.encode(answer)
        # Tokens of prompt and answer together are those of the two parts.
        assert model.encode(prompt + answer) == model.encode(prompt) + spelled


@pytest.mark.parametrize(("task", "level"), [("add", 4), ("sort", 3), ("count", 8), ("copy", 32)])
def test_scores_are_those_of_a_plain_forward_pass(model, task, level):
    group = make_group(task, level, items=5, shots=8, entropy=7)
    scores = score_answers(model, prefix_cache(model, group.prefix), group.items)
    ends = list(model.vocabulary.terminators)
    for (prompt, answer), score in zip(group.items, scores, strict=True):
        before = model.encode_start(group.prefix) + model.encode(prompt)
        logp = plain_log_probs(model, before + model.encode(answer))[len(before) - 1 :]
        tokens = np.array(model.encode(answer))
        expected = [logp[i, token] for i, token in enumerate(tokens)]
        expected.append(np.log(np.exp(logp[-1, ends]).sum()))
        np.testing.assert_allclose(score.log_prob, expected, atol=2e-4)
        assert score.log_p == pytest.approx(sum(expected), abs=1e-3)
        p = np.exp(logp)
        np.testing.assert_allclose(score.entropy, -(p * logp).sum(-1), atol=1e-3)
        np.testing.assert_allclose(score.top_prob, p.max(-1), rtol=1e-3)
        ranks = [1 + int((logp[i] > logp[i, token]).sum()) for i, token in enumerate(tokens)]
        # Tokens of nearly equal probability may change places in the last bits.
        assert np.abs(score.rank[:-1] - ranks).max() <= 2
        assert score.tokens[-1] in ends


def test_tokens_that_are_never_drawn_had_no_weight(model):
    import torch

    group = make_group("sort", 3, items=1, shots=8, entropy=8)
    tokens = model.encode_start(group.prefix + group.items[0][0])
    with torch.inference_mode():
        p = model.network(torch.tensor([tokens])).logits[0].double().softmax(-1)
    # After the first shots the format is known; before, anything may come.
    later = p[len(tokens) // 2 :, sorted(model.vocabulary.redundant)].sum(-1)
    assert float(later.max() if len(model.vocabulary.redundant) else 0.0) < 1e-4
    assert bool(model.vocabulary.redundant) == (not model.spec.bytewise)


def test_the_branches_of_the_prefix_tree_do_not_see_one_another(model):
    import torch

    group = make_group("sort", 3, items=1, shots=4, entropy=8)
    prompt = model.encode(group.items[0][0])
    first, second, third = (model.encode(text)[0] for text in ("1", "7", " "))
    with torch.inference_mode():
        cache = copy_cache(prefix_cache(model, group.prefix))
        model.network.model(torch.tensor([prompt]), past_key_values=cache)
        base = cache.get_seq_length()
        level = [_Node(first, [], "1", (1,)), _Node(second, [], "7", (1,))]
        one = log_probs(model, _extend(model, cache, level, base, 0))
        level = [
            _Node(third, [base], "1 ", (1,)),
            _Node(third, [base + 1], "7 ", (1,)),
            _Node(first, [base + 1], "71", (1,)),
        ]
        two = log_probs(model, _extend(model, cache, level, base, 1))
    drawn = np.setdiff1d(np.arange(one.shape[1]), sorted(model.vocabulary.redundant))
    before = model.encode_start(group.prefix) + prompt
    paths = [[first], [second], [first, third], [second, third], [second, first]]
    for path, found in zip(paths, [*one, *two], strict=True):
        plain = plain_log_probs(model, before + path)[-1]
        np.testing.assert_allclose(found[drawn], plain[drawn], atol=2e-3)
    assert np.abs(two[0][drawn] - two[1][drawn]).max() > 0.1, (
        "the paths are too alike to tell leaks"
    )


def test_sampled_frequencies_are_the_exact_probabilities(model):
    rows = []
    for task, level in (("add", 2), ("reverse", 3), ("count", 16)):
        # After one example only, it is still open where an answer ends.
        group = make_group(task, level, items=30, shots=1, entropy=9)
        shared = prefix_cache(model, group.prefix)
        scores = score_answers(model, shared, group.items)
        # The item whose count the terminator changes most, in standard errors: 1 / P(end) - 1
        # times the square root of p.
        weight = [np.expm1(-score.log_prob[-1]) * np.exp(score.log_p / 2) for score in scores]
        best = int(np.argmax(weight))
        prompt, answer = group.items[best]
        outcome = sample_attempts(
            model,
            shared,
            prompt,
            attempts=6000,
            max_tokens=len(answer) + 1,
            rng=np.random.default_rng(10),
        )
        assert sum(outcome.answers.values()) <= outcome.n == 6000
        rows.append((outcome.successes, scores[best].log_p, scores[best].log_prob))
    exact = np.array([log_p for _, log_p, _ in rows])
    assert_agrees(
        np.array([successes for successes, _, _ in rows]),
        np.exp(exact),
        n=6000,
        wrong={
            "forgets the terminator": np.exp(exact - [steps[-1] for *_, steps in rows]),
            "forgets the first token": np.exp(exact - [steps[0] for *_, steps in rows]),
        },
    )


def test_two_runs_through_one_tree_both_have_the_right_frequencies(model):
    group = make_group("add", 2, items=12, shots=8, entropy=9)
    shared = prefix_cache(model, group.prefix)
    scores = score_answers(model, shared, group.items)
    best = int(np.argmin([abs(score.log_p + 1) for score in scores]))  # p near 1 / e
    prompt, answer = group.items[best]
    runs = (3000, 1200)
    found = sample_runs(
        model,
        shared,
        prompt,
        runs=runs,
        max_tokens=len(answer) + 1,
        rng=np.random.default_rng(12),
    )
    p = np.exp(scores[best].log_p)
    assert tuple(run.n for run in found) == runs
    assert_agrees(
        np.array([run.successes for run in found]),
        np.array([p, p]),
        n=np.array(runs),
        wrong={"forgets the first token": np.repeat(p / np.exp(scores[best].log_prob[0]), 2)},
    )
    # The votes of both are draws from one law, but not the same draws.
    shares = [run.answers.get(f"{answer}\n", 0) / run.n for run in found]
    assert shares[0] != shares[1]
    assert all(sum(run.answers.values()) <= run.n for run in found)


def test_batches_and_threads_change_the_last_digits_only(model):
    import torch

    group = make_group("count", 8, items=32, shots=8, entropy=13)
    shared = prefix_cache(model, group.prefix)

    def measure(batch, threads):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            scores = [
                score
                for start in range(0, len(group.items), batch)
                for score in score_answers(model, shared, group.items[start : start + batch])
            ]
        finally:
            torch.set_num_threads(before)
        return np.concatenate([score.log_prob for score in scores])

    first = measure(32, 1)
    assert np.array_equal(measure(32, 1), first)
    differences = [
        np.abs(measure(batch, threads) - first).max()
        for batch, threads in ((1, 1), (3, 1), (32, 2))
    ]
    assert max(differences) < TOLERANCE, differences
