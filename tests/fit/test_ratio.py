import jax
import numpy as np
import pytest

from simlib.fit import ratio_of_totals

KEY = jax.random.key(20)


def test_mean_and_its_textbook_standard_error():
    values = np.random.default_rng(1).normal(size=400)
    found = ratio_of_totals(values, np.ones(400), key=KEY, resamples=4000)
    assert float(found.value) == pytest.approx(values.mean())
    # 4,000 samples know a standard error to 1.1 %: four of these.
    assert abs(float(found.stderr) / (values.std() / 20) - 1) < 0.045
    assert found.n == 400


def test_ratio_has_the_linearised_standard_error():
    rng = np.random.default_rng(2)
    x = rng.poisson(20.0, 500).astype(float)
    y = rng.binomial(x.astype(int), 0.2).astype(float)
    found = ratio_of_totals(y, x, key=KEY, resamples=4000)
    residual = y - y.sum() / x.sum() * x
    assert abs(float(found.stderr) / (np.sqrt((residual**2).sum()) / x.sum()) - 1) < 0.06


def test_units_are_drawn_as_wholes():
    # 60 answers of 20 tokens that are all right or all wrong: as uncertain as 60 tokens.
    wrong = np.random.default_rng(3).binomial(1, 0.3, 60).astype(float)
    found = ratio_of_totals(20 * wrong, np.full(60, 20.0), key=KEY, resamples=4000)
    assert abs(float(found.stderr) / (wrong.std() / 60**0.5) - 1) < 0.06


def test_coverage_is_nominal():
    rng = np.random.default_rng(4)
    keys = jax.random.split(KEY, 200)
    hits = sum(
        bool(
            ratio_of_totals(rng.exponential(size=120), np.ones(120), key=k, resamples=400)
            .contains(1.0)
        )
        for k in keys
    )  # fmt: skip
    # Percentile intervals of 120 skewed values cover about 94 %. Binomial(200, 0.94) is outside
    # 173 to 199 with probability below 1e-4; half the standard error would cover 67 %.
    assert 173 <= hits <= 199


def test_several_entries_share_the_resamples():
    y = np.random.default_rng(5).normal(size=(50, 3, 2))
    found = ratio_of_totals(y, np.ones(50), key=KEY)
    assert found.shape == (3, 2)
    alone = ratio_of_totals(y[:, 2, 1], np.ones(50), key=KEY)
    np.testing.assert_allclose(found.lower[2, 1], alone.lower, rtol=1e-6)


@pytest.mark.parametrize(
    ("y", "x", "options", "message"),
    [
        ([1.0, 2.0], [1.0, 1.0], {"resamples": 100, "level": 0.99}, "at least 1000"),
        ([1.0], [1.0], {}, "at least 2"),
        ([1.0, 2.0], [1.0, 1.0, 1.0], {}, "same units"),
        ([1.0, np.nan], [1.0, 1.0], {}, "finite"),
        ([1.0, 2.0], [0.0, 0.0], {}, "not 0"),
    ],
)
def test_errors_say_what_to_do(y, x, options, message):
    with pytest.raises(ValueError, match=message):
        ratio_of_totals(np.array(y), np.array(x), key=KEY, **options)
