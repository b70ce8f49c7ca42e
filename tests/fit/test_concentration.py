import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.fit import gini, top_share

KEY = jax.random.key(0)


def test_equal_losses_are_not_concentrated():
    unit = np.repeat(np.arange(30), 8)
    loss = 1.0 + unit  # sequences differ, tokens of one sequence do not
    share = np.linspace(0, 1, 9)
    np.testing.assert_allclose(top_share(loss, unit, share, key=KEY).value, share, atol=1e-12)
    assert float(gini(loss, unit, key=KEY).value) == pytest.approx(0.0, abs=1e-12)


def test_one_token_carries_everything():
    unit = np.repeat(np.arange(30), 10)
    loss = np.tile(np.eye(10)[3], 30)
    found = top_share(loss, unit, np.array([0.05, 0.1, 0.5]), key=KEY)
    np.testing.assert_allclose(found.value, [0.5, 1.0, 1.0])
    assert float(gini(loss, unit, key=KEY).value) == pytest.approx(0.9)


def test_exponential_losses_have_gini_one_half_and_the_known_curve():
    rng = np.random.default_rng(7)
    unit = np.repeat(np.arange(300), 500)
    loss = rng.exponential(size=unit.size)
    # Within a sequence of m exponential losses E G = (m - 1)/(2 m); the curve is q - q ln q.
    index = gini(loss, unit, key=KEY)
    assert abs(index.z_score(0.5 * 499 / 500)) < 4.5
    share = np.array([0.01, 0.1, 0.5])
    curve = top_share(loss, unit, share, key=KEY)
    np.testing.assert_allclose(curve.value, share - share * np.log(share), rtol=0.03)
    # A curve of losses with a heavier tail is told apart.
    wrong = share - 1.1 * share * np.log(share)
    assert np.all(np.abs(curve.z_score(wrong)) > 5)


def test_gini_is_twice_the_area_less_one():
    rng = np.random.default_rng(8)
    unit = np.repeat(np.arange(40), rng.integers(2, 20, 40))
    loss = rng.gamma(0.3, size=unit.size)
    fine = np.linspace(0, 1, 4001)
    area = np.trapezoid(np.asarray(top_share(loss, unit, fine, key=KEY, resamples=400).value), fine)
    assert float(gini(loss, unit, key=KEY).value) == pytest.approx(2 * area - 1, abs=1e-4)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    lengths=st.lists(st.integers(1, 7), min_size=2, max_size=6),
    scale=st.floats(1e-3, 1e3),
    seed=st.integers(0, 10**6),
)
def test_order_and_scale_do_not_matter(lengths, scale, seed):
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(len(lengths)), lengths)
    loss = rng.gamma(0.5, size=unit.size) + 1e-9
    shuffled = rng.permutation(unit.size)
    share = np.array([0.0, 0.2, 0.9, 1.0])
    once = top_share(loss, unit, share, key=KEY, resamples=400)
    again = top_share(scale * loss[shuffled], unit[shuffled], share, key=KEY, resamples=400)
    np.testing.assert_allclose(once.value, again.value, rtol=1e-6)
    assert np.all(np.asarray(once.value) >= share - 1e-9)
    assert float(once.value[0]) == 0.0
    assert float(once.value[-1]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("loss", "unit", "share", "message"),
    [
        ([1.0, -1.0], [0, 1], [0.5], "pass -log_prob"),
        ([1.0, np.inf], [0, 1], [0.5], "finite"),
        ([0.0, 0.0], [0, 1], [0.5], "every loss is 0"),
        ([1.0, 1.0], [0, 1], [1.5], "got 1.5"),
        ([1.0, 1.0, 1.0], [0, 1], [0.5], "one each"),
    ],
)
def test_impossible_input_is_refused(loss, unit, share, message):
    with pytest.raises(ValueError, match=message):
        top_share(np.array(loss), np.array(unit), np.array(share), key=KEY)
