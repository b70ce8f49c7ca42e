"""Where feedback leads: the root of the share, and the bound of the count."""

import numpy as np
import pytest

from simlib.formulas import self_conditioning
from simlib.processes import SelfConditioning


def test_where_self_conditioning_comes_to_rest():
    for e, g in [(0.01, 0.5), (0.01, 1.5), (0.2, 3.0), (1e-6, 0.9)]:
        process = SelfConditioning(e, g, dependence="share")
        x = float(process.long_run_error_rate())
        assert float(self_conditioning.share_drift(e, g, x)) == pytest.approx(0, abs=1e-12)
        assert e <= x < 1
        # The largest root: beyond it the share falls.
        beyond = np.linspace(x + 1e-3, 1, 50)[:-1]
        assert np.all(np.asarray(self_conditioning.share_drift(e, g, beyond)) < 0)
    process = SelfConditioning(0.01, 0.3, dependence="share")
    rate = 1 - float(process.right_at(3000))
    assert rate == pytest.approx(float(process.long_run_error_rate()), rel=1e-2)
    assert float(SelfConditioning(0.01, 0.3, dependence="count").long_run_error_rate()) == 1.0
    assert float(SelfConditioning(0.01, 0.0, dependence="count").long_run_error_rate()) == 0.01


def test_the_bound_of_the_count_holds_and_is_sharp_for_small_rates():
    for e, g, n in [(1e-4, 0.01, 100), (0.01, 0.1, 40), (0.1, 0.5, 30)]:
        process = SelfConditioning(e, g, dependence="count")
        bound = float(self_conditioning.count_bound(n, e, g))
        assert float(process.expected_errors(n)) < bound
    small = SelfConditioning(1e-5, 0.01, dependence="count")
    bound = float(self_conditioning.count_bound(100, 1e-5, 0.01))
    assert float(small.expected_errors(100)) == pytest.approx(bound, rel=1e-2)
