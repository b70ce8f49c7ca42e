"""Scores of texts with the real models: full and short contexts, and texts that they write."""

import numpy as np
import pytest

from simlib.traces.collect import MODELS, score_text, write_text
from simlib.traces.collect import _text_score as text_score
from simlib.traces.collect._text_score import windows
from tests.traces.local_models import NEEDS_MODELS, drawn_log_probs, loaded

pytestmark = NEEDS_MODELS
BLOCK = 128


@pytest.fixture(scope="module", params=list(MODELS))
def model(request):
    return loaded(request.param)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Borders of blocks without long texts."""
    monkeypatch.setattr(text_score, "BLOCK", BLOCK)


def tokens(length):
    return np.random.default_rng(3).integers(1000, 9000, length).tolist()


def compare(score, position, log_p, token):
    """One row of a score with a plain distribution."""
    at = int(np.searchsorted(score.position, position))
    assert score.position[at] == position
    p = np.exp(log_p)
    finite = np.where(np.isfinite(log_p), log_p, 0.0)
    assert score.log_prob[at] == pytest.approx(log_p[token], abs=1e-3)
    assert score.entropy[at] == pytest.approx(-(p * finite).sum(), abs=1e-3)
    assert score.top_prob[at] == pytest.approx(p.max(), rel=2e-3)
    # Tokens of nearly equal probability may change places in the last bits.
    rank = 1 + int((log_p > log_p[token]).sum())
    assert abs(int(score.rank[at]) - rank) <= 3 + 1e-3 * rank


def test_full_scores_are_those_of_one_plain_pass(model):
    # Six blocks, and more tokens than the sliding window of 512 that layers of Gemma 3 have.
    ids = tokens(5 * BLOCK + 17)
    score = score_text(model, ids)
    first = 1 - len(model.start)
    assert score.position.tolist() == list(range(first, len(ids)))
    begin = len(model.start)
    borders = [border - begin + shift for border in range(BLOCK, len(ids), BLOCK)
               for shift in (-1, 0, 1)]  # fmt: skip
    chosen = sorted({first, *borders, 511, 512, 513, 600, len(ids) - 1})
    plain = drawn_log_probs(model, [*model.start, *ids], [at - 1 + begin for at in chosen])
    for position, log_p in zip(chosen, plain, strict=True):
        compare(score, position, log_p, ids[position])


@pytest.mark.parametrize(("length", "context"), [(100, 16), (90, 32), (30, 32), (1240, 600)])
def test_short_scores_are_those_of_a_plain_pass_over_the_window(model, length, context):
    ids = tokens(length)
    score = score_text(model, ids, context=context)
    first = 1 - len(model.start)
    assert score.position.tolist() == list(range(first, length))
    rng, begin = np.random.default_rng(5), len(model.start)
    chosen = windows(length, context)
    for start, stop, read in chosen if len(chosen) < 4 else chosen[:2] + chosen[-2:]:
        low = max(read, first)
        for position in sorted({low, stop - 1, int(rng.integers(low, stop))}):
            # Nothing before the window, and nothing after the token, can have been seen.
            seen = [*model.start, *ids[start:position]]
            (log_p,) = drawn_log_probs(model, seen, [position - 1 - start + begin])
            compare(score, position, log_p, ids[position])


def test_short_and_full_agree_where_the_context_is_the_same(model):
    ids = tokens(150)
    full, short = score_text(model, ids), score_text(model, ids, context=32)
    same = short.position < 64
    assert np.abs(full.log_prob[same] - short.log_prob[same]).max() < 1e-3
    assert np.abs(full.log_prob[~same] - short.log_prob[~same]).max() > 0.1


def test_written_texts_are_repeatable_and_are_text(model):
    prompt = "The first rule of the workshop"

    def write(seed):
        return write_text(model, prompt, 60, rng=np.random.default_rng(seed))

    first = write(1)
    assert len(first) == 60
    assert write(1) == first
    assert write(2) != first
    opening = model.encode(prompt)
    assert first[: len(opening)] == opening
    assert not set(first) & (model.vocabulary.special | model.vocabulary.redundant)


def test_wrong_arguments_are_explained(model):
    with pytest.raises(ValueError, match="ids must hold at least one token"):
        score_text(model, [])
    with pytest.raises(ValueError, match="context must be at least 1, got 0"):
        score_text(model, [1000, 1001], context=0)
