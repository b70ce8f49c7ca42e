"""Integrals by importance sampling on fixed points."""

import numpy as np
import pytest

from simlib._importance import explore


def test_importance_sampling_integrates_a_bent_density():
    # A banana in two dimensions with known integral and mean.
    def log_density(x):
        return -0.5 * (x[:, 0] / 0.3) ** 2 - 0.5 * ((x[:, 1] - x[:, 0] ** 2 - 2) / 0.05) ** 2

    found = explore(log_density, np.zeros(2), np.eye(2))
    exact = np.log(2 * np.pi * 0.3 * 0.05) - np.log(1.0)
    assert abs(found.log_evidence - exact) < 0.05
    mean = np.exp(found.log_weight) @ found.points
    np.testing.assert_allclose(mean, [0.0, 2.09], atol=0.03)
    assert found.effective > 60


def test_more_effective_points_are_given_where_they_are_asked_for():
    # Far from where it starts: the first stages see almost nothing.
    def log_density(x):
        return -0.5 * np.sum(((x - 3.0) / 0.3) ** 2, axis=1)

    few, many = (explore(log_density, np.zeros(2), np.eye(2), enough=m) for m in (1.0, 1000.0))
    assert many.effective > 1000.0 > few.effective
    assert many.log_evidence == pytest.approx(np.log(2 * np.pi * 0.09), abs=0.02)
