"""What the page on sparse key tokens says in words, and no claim or other test checks."""

import jax
import numpy as np
import pytest

import simlib as sl
from simlib import fit, traces

LEVELS = {"copy": (4, 8, 16, 32), "reverse": (3, 5, 7), "sort": (3, 5, 7)}
LAWS = {
    "share": sl.LinearShare(0.09),
    "power": sl.PowerGrowth(3.0, 0.5),
    "logarithm": sl.LogarithmicGrowth(10.0),
    "saturating": sl.SaturatingGrowth(50.0, 10.0),
}


@pytest.fixture(scope="module")
def data():
    return traces.load("answers-smollm2")


@pytest.fixture(scope="module")
def answers(data):
    return {
        task: [fit.answer_log_probs(data, task=task, level=level) for level in levels]
        for task, levels in LEVELS.items()
    }


def test_a_fixed_share_wins_up_to_a_few_hundred_tokens_and_loses_by_hundreds():
    at = {
        n: {name: float(sl.KeyTokens(0.01, k).survival(n)) for name, k in LAWS.items()}
        for n in (100, 300, 10_000)
    }
    for n in (100, 300):
        assert max(at[n], key=at[n].get) == "share"
    others = [value for name, value in at[10_000].items() if name != "share"]
    assert 100 < min(others) / at[10_000]["share"] < 1000


def test_a_million_tokens_need_other_tokens_wrong_once_in_ten_million():
    allowed = float(sl.formulas.key_tokens.non_key_rate_allowed(0.9, 0.91e6))
    assert 0.8e-7 < allowed < 1.3e-7


def test_every_digit_is_a_token_and_so_is_every_space_and_the_end(data, answers):
    for task, levels in LEVELS.items():
        assert [rows.shape[1] for rows in answers[task]] == [2 * level for level in levels]
    steps = data.steps_with_items().filter(task="copy", level=32, condition="clean")
    by_position = steps.group_by("position").agg("token").sort("position")
    for position, tokens in by_position.iter_rows():
        if position % 2 == 0:
            assert all(token.strip().isdigit() for token in tokens), position
        elif position < 63:
            assert set(tokens) == {" "}, position


def test_digits_are_half_of_the_tokens_and_carry_nine_tenths_of_the_loss(answers):
    for groups in answers.values():
        loss = -groups[-1]
        assert loss[:, ::2].sum() / loss.sum() == pytest.approx(0.9, abs=0.03)


def test_reversed_lists_are_less_concentrated_than_exponential_losses(answers):
    loss = -answers["reverse"][-1]
    unit = np.repeat(np.arange(len(loss)), loss.shape[1])
    share = fit.top_share(loss.ravel(), unit, np.array([0.1]), key=jax.random.key(0))
    assert float(share.upper[0]) < 0.1 - 0.1 * np.log(0.1)


def test_the_number_of_key_tokens_settles_near_half_of_the_longest_lists(answers):
    for groups in answers.values():
        count = (-np.expm1(groups[-1]) > 0.1).sum(1).mean()
        assert 0.4 < count / groups[-1].shape[1] < 0.7


def test_a_key_token_costs_more_in_longer_lists_to_reverse_or_sort_not_to_copy(answers):
    for task, groups in answers.items():
        first, last = (-rows[-np.expm1(rows) > 0.1].mean() for rows in (groups[0], groups[-1]))
        assert (last > 1.1 * first) == (task != "copy")


def test_copying_becomes_easier_per_token_in_the_last_doubling(answers):
    last = fit.growth_exponent(*fit.by_length(answers["copy"][-2:], lambda rows: -rows.sum(1)))
    first = fit.growth_exponent(*fit.by_length(answers["copy"][:2], lambda rows: -rows.sum(1)))
    assert float(last.upper) < 1 < float(first.lower)


@pytest.mark.parametrize(
    ("threshold", "low", "high"), [(0.02, 1.1, 1.3), (0.1, 0.95, 1.05), (0.5, 0.6, 0.9)]
)
def test_along_a_copied_list_the_answer_depends_on_the_threshold(answers, threshold, low, high):
    is_key = (-np.expm1(answers["copy"][-1]) > threshold).astype(int)
    amount, length, unit = fit.along(is_key, np.array([8, 16, 32, 64]))
    found = fit.growth_exponent(amount, length, unit=unit)
    assert low < float(found.lower) < float(found.upper) < high


def test_association_has_both_signs(answers):
    copied = fit.uniform_gap(answers["copy"][-1], key=jax.random.key(1)).association
    reversed_ = fit.uniform_gap(answers["reverse"][0], key=jax.random.key(2)).association
    assert float(copied.lower) > 0 > float(reversed_.upper)


def test_a_stable_mixture_cannot_be_told_from_square_root_growth():
    lengths = np.array([100.0, 1000.0, 10_000.0])
    root = sl.KeyTokens(0.01, sl.PowerGrowth(3.0, 0.5)).survival(lengths)
    scale = (3 * -np.log1p(-0.01)) ** 2
    mixed = sl.HeavyTailed(sl.PositiveStable(0.5, scale)).survival(lengths)
    np.testing.assert_allclose(mixed, root, rtol=1e-8)
    # Another index would be told apart.
    wrong = sl.HeavyTailed(sl.PositiveStable(0.55, scale)).survival(lengths)
    assert np.abs(np.asarray(wrong / root) - 1).max() > 0.05


@pytest.fixture(scope="module", params=["smollm2", "gemma3"])
def worked(request):
    return fit.scored_texts(traces.load(f"surprisal-{request.param}"), "procedural")


def test_over_thousands_of_tokens_the_growth_depends_on_the_definition(worked):
    tokens = fit.answer_tokens(worked)
    few = fit.answer_tokens([text for text in worked if 32 in text.short])
    density = lambda pool, is_key: fit.growth_exponent(
        is_key * 1.0, pool.place * 1.0, unit=pool.line
    )
    exponent = lambda pool, is_key: 1 + float(density(pool, is_key).value)
    uncertain = tokens.entropy > np.quantile(tokens.entropy, 0.8)
    by_entropy, by_rise = exponent(tokens, uncertain), exponent(tokens, tokens.rise >= 0.2)
    assert by_entropy < 0.95 < by_rise + 0.01 < 1.1 < exponent(few, few.longppl[32])
    early, late = tokens.place <= 2048, tokens.place > 2048
    slope = lambda here: (
        1
        + fit.growth_exponent(
            uncertain[here] * 1.0, tokens.place[here] * 1.0, unit=tokens.line[here]
        ).value
    )
    assert slope(early) < 0.8 < 0.9 < slope(late)
    # The threshold on the error leaves little to the others, and makes about half of them key.
    risky = tokens.log_prob < np.log(0.9)
    assert 0.35 < risky.mean() < 0.75
    loss = -tokens.log_prob
    assert loss[~risky].sum() < 0.05 * loss.sum()
    assert loss[~uncertain].sum() > 0.35 * loss.sum()


def test_the_rise_of_the_density_is_gone_when_the_context_grows(worked):
    marks = fit.key_marks(worked, ratio=4)
    density = [marks.is_key[marks.context == K].mean() for K in (32, 128, 512)]
    assert density[0] > 3 * density[1] > 3 * density[2]


@pytest.mark.parametrize("model", ["smollm2", "gemma3"])
def test_along_chains_the_loss_falls_for_lists_and_strides_only(model):
    clean = traces.load(f"chains-{model}").chains_with_items().filter(condition="clean")
    for (task,), steps in clean.group_by("task"):
        rows = steps.sort("item_id", "position")["log_prob"].to_numpy().astype(float)
        amount, length, unit = fit.along(-rows.reshape(-1, 200), np.array([12, 25, 50, 100, 200]))
        found = float(fit.growth_exponent(amount, length, unit=unit).value)
        assert (0.45 < found < 0.85) == (task in ("copy", "stride"))
        assert found < 0.85 or 0.87 < found < 1.1
