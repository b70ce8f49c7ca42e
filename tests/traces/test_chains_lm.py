"""Chains with the real models: exact steps, grouped attention, and free runs."""

import numpy as np
import pytest

from simlib.traces._chains import CHAIN_TASKS, make_chains, plant_errors
from simlib.traces.collect import MODELS, prefix_cache, run_chains, score_chain
from simlib.traces.collect._attention import grouped_attention
from simlib.traces.collect._chain_score import digit_tokens
from tests.statistics import assert_agrees
from tests.traces.local_models import NEEDS_MODELS, drawn_log_probs, loaded

pytestmark = NEEDS_MODELS
TASKS = tuple(CHAIN_TASKS)


@pytest.fixture(scope="module", params=list(MODELS))
def model(request):
    return loaded(request.param)


def chains(task, *, steps, items=1, entropy=4):
    return make_chains(task, steps=steps, items=items, shots=2, shot_steps=6, entropy=entropy)


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize("task", TASKS)
def test_scores_are_those_of_a_plain_forward_pass(model, task, share):
    group = chains(task, steps=9)
    chain = group.items[0]
    taken = plant_errors(chain, share, rng=np.random.default_rng(8))
    score = score_chain(model, prefix_cache(model, group.prefix), chain, taken, mass=True)
    # The text is spelled as a whole: the tokens of its parts are those of the text.
    before = model.encode_start(group.prefix)
    text = [*before, *model.encode(chain.text(taken))]
    digits = digit_tokens(model)
    log_p = drawn_log_probs(model, text, range(len(text)))
    place, width = 0, chain.width
    for step, value in enumerate(taken):
        spelled = [digits[int(digit)] for digit in chain.digits(value)]
        # Digits of the head look the same; a step begins after the text that is given to it.
        place = len(before) + len(model.encode(chain.text(taken[:step]) + chain.given[step]))
        assert text[place : place + width] == spelled
        assert score.tokens[step] == place
        rows = log_p[place - 1 : place - 1 + width]
        mass = np.log(np.exp(rows[:, digits]).sum(1))
        found = rows[np.arange(width), spelled] - mass
        assert score.log_prob[step] == pytest.approx(found.sum(), abs=3e-4)
        assert score.log_mass[step] == pytest.approx(mass.sum(), abs=3e-4)
    bare = score_chain(model, prefix_cache(model, group.prefix), chain, taken, mass=False)
    assert np.array_equal(bare.log_prob, score.log_prob)
    assert np.isnan(bare.log_mass).all()


@pytest.mark.parametrize(("past", "new"), [(40, 1), (40, 5), (620, 1), (620, 4)])
def test_grouped_attention_is_the_standard_one(model, past, new):
    # 620 tokens are more than the sliding window of 512 that some layers of Gemma 3 have.
    import torch
    from transformers import DynamicCache

    tokens = np.random.default_rng(past).integers(1000, 9000, (2, past + new))
    tokens = torch.from_numpy(tokens)

    def states():
        with torch.inference_mode():
            cache = DynamicCache()
            model.network.model(tokens[:, :past], past_key_values=cache)
            return model.network.model(tokens[:, past:], past_key_values=cache).last_hidden_state

    before = model.network.config._attn_implementation
    standard = states()
    with grouped_attention(model.network):
        assert model.network.config._attn_implementation != before
        grouped = states()
    assert model.network.config._attn_implementation == before
    assert torch.equal(states(), standard)
    scale = float(standard.abs().max())
    assert float((grouped - standard).abs().max()) < 1e-4 * scale
    if past > 512 and not model.spec.bytewise:
        # The comparison sees the window: with only what it holds, other states follow.
        with torch.inference_mode():
            cut = model.network.model(tokens[:, past - 520 :]).last_hidden_state[:, -new:]
        assert float((cut - standard).abs().max()) > 1e-3 * scale


def test_the_attention_is_put_back_after_an_error(model):
    before = model.network.config._attn_implementation
    with pytest.raises(RuntimeError, match="stop"), grouped_attention(model.network):
        raise RuntimeError("stop")
    assert model.network.config._attn_implementation == before


@pytest.mark.parametrize("task", ["sum", "copy"])
def test_free_runs_follow_the_exact_probabilities(model, task):
    # As long as a run is right its history is the clean one, so the probability of being right in
    # all of its first k steps is the product of the clean probabilities after the warm-up.
    warm, more, runs = 4, 3, 300
    group = chains(task, steps=warm + more, items=6)
    shared = prefix_cache(model, group.prefix)
    clean = [
        score_chain(model, shared, chain, chain.clean(), mass=False).log_prob.astype(float)
        for chain in group.items
    ]
    late = np.exp([scores[warm:].cumsum() for scores in clean])
    early = np.exp([scores[:more].cumsum() for scores in clean])
    # The item for which forgetting the warm-up matters most.
    best = int(np.abs(late - early).max(1).argmax())
    chain = group.items[best]
    taken = run_chains(model, shared, [chain], runs=runs, warm=warm, rng=np.random.default_rng(11))
    assert taken.shape == (1, runs, warm + more)
    assert (taken[0, :, :warm] == chain.clean()[:warm]).all()
    right = (taken[0] == np.array(chain.clean()))[:, warm:].cumprod(1).sum(0)
    assert_agrees(right, late[best], n=runs, wrong={"ignores the warm-up": early[best]})


def test_rollouts_go_on_from_the_steps_that_they_are_given(model):
    # After a wrong number a stride goes on from it, with the exact probability of that history.
    steps, runs = 8, 300
    group = chains("stride", steps=steps)
    chain, shared = group.items[0], prefix_cache(model, group.prefix)
    begun = np.array([[*chain.clean()[: steps - 2], chain.clean()[steps - 2] + 1]])
    taken = run_chains(
        model, shared, [chain],
        runs=runs, warm=steps - 1, rng=np.random.default_rng(7), begun=begun,
    )  # fmt: skip
    assert (taken[0, :, :-1] == begun).all()
    right = chain.right(steps - 1, int(begun[0, -1]))
    assert right != chain.clean()[-1]
    history = (*begun[0].tolist(), right)
    exact = score_chain(model, shared, chain, history, mass=False).log_prob[-1]
    clean = score_chain(model, shared, chain, chain.clean(), mass=False).log_prob[-1]
    truth, forgetful = np.exp([exact, clean]).astype(float)
    assert abs(truth - forgetful) > 0.02
    assert_agrees(np.array([(taken[0, :, -1] == right).sum()]), np.array([truth]), n=runs)
    with pytest.raises(ValueError, match=r"begun must have the shape \(1, 3\).*got \(1, 7\)"):
        run_chains(
            model, shared, [chain], runs=1, warm=3, rng=np.random.default_rng(0), begun=begun
        )


def test_runs_are_repeatable_and_chains_must_be_in_line(model):
    group = chains("stride", steps=6, items=2)
    shared = prefix_cache(model, group.prefix)

    def run(seed):
        rng = np.random.default_rng(seed)
        return run_chains(model, shared, group.items, runs=3, warm=2, rng=rng)

    first = run(1)
    assert first.shape == (2, 3, 6)
    assert np.array_equal(first, run(1))
    assert not np.array_equal(first, run(2))
    mixed = [group.items[0], chains("stride", steps=7).items[0]]
    with pytest.raises(ValueError, match="must have the same number of tokens"):
        run_chains(model, shared, mixed, runs=1, warm=2, rng=np.random.default_rng(0))
