"""Fits to runs up to their first error, next to lifelines where it has the same model."""

import warnings
from functools import cache

import jax
import numpy as np
from lifelines import WeibullFitter
from timing import Case

from simlib.fit import Runs, compare_processes, fit_process

# Cut so that runs have some hundred distinct lengths, as real ones do.
_CUT = 2000


@cache
def _columns(n):
    rng = np.random.default_rng(0)
    size = max(n, 50)
    first = np.ceil(300 * rng.exponential(size=size) ** (1 / 0.7))
    return np.minimum(first, _CUT), (first <= _CUT).astype(int)


def _runs(n):
    return Runs.from_columns(*_columns(n))


def _compare(n):
    return compare_processes(_runs(n), key=jax.random.key(0)).score["power"].value


def _weibull(n):
    return fit_process(_runs(n), "power").horizons[0.5].value


def _lifelines(n):
    length, error = _columns(n)
    # Whole steps are interval-censored lifetimes; the same likelihood, without its horizons.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = WeibullFitter().fit_interval_censoring(
            np.where(error == 1, np.maximum(length - 1, 1e-9), length),
            np.where(error == 1, length, np.inf),
        )
    return fitter.lambda_


def _lifelines_continuous(n):
    length, error = _columns(n)
    return WeibullFitter().fit(length, error).lambda_


FIT_CASES = [
    Case(
        "fits of a Weibull law to runs (cut at 2000 steps)",
        "runs",
        {
            "fit_process, with profile intervals": (_weibull, 100_000),
            "lifelines, interval-censored, the same likelihood": (_lifelines, 100_000),
            "lifelines, as if time were continuous": (_lifelines_continuous, 100_000),
        },
        notes="lifelines gives intervals from the curvature, ours from the profile.",
    ),
    Case(
        "all processes fitted and compared, ten folds",
        "runs",
        {"compare_processes": (_compare, 100_000)},
        notes="6 families, intervals for parameters and three horizons, weights.",
    ),
]
