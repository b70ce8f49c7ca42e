"""What the chapter on choosing a model says in words."""

import numpy as np

from simlib import fit
from simlib.formulas import choose


def test_confidence_is_cheap():
    # From one half to nearly one the bound moves by about a factor of ten, ten times as many
    # steps do the same.
    low, high = (float(choose.no_error_bound(10_000.0, c)) for c in (0.5, 0.999))
    assert 9 < high / low < 11
    more = float(choose.no_error_bound(100_000.0, 0.95)) / float(
        choose.no_error_bound(10_000.0, 0.95)
    )
    assert 0.09 < more < 0.11


def test_hundreds_of_clean_records():
    records = float(choose.steps_for_horizon(1000.0, 0.95, 0.99)) / 1000
    assert 200 < records < 400


def test_the_family_decides_the_ends_and_not_the_middle():
    truth = fit.FrailPower(60.0, 0.9, 0.8)
    near = [
        fit.distinguish(truth, x, length=100) for x in ("power", "heavy_tailed", "log_logistic")
    ]
    laws = [truth] + [x.alternative for x in near]
    assert min(x.runs for x in near) > 1000
    half, late, far = (
        np.array([float(f(x)) for x in laws])
        for f in (
            lambda law: law.horizon(0.5),
            lambda law: law.horizon(0.99),
            lambda law: law.survival(10_000),
        )
    )
    assert half.max() / half.min() < 1.1
    assert late.max() / late.min() > 1.5
    assert far.max() / far.min() > 10
