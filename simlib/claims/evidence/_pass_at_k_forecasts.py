"""Evidence on the published forecasts of coverage."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from ..._estimate import Estimate
from ...forecast import (
    BASELINES,
    Counts,
    fit_binomial_mixture,
    fit_power_law,
    fit_saturating_curve,
    log_spaced,
    pass_curve,
)
from ...mixing import Beta
from ...traces import load
from .._evidence import Evidence, evidence, traced
from .._finding import LEVEL, joint_level
from ._effects import stacked
from .measuring import generator

_PROBLEMS, _SHAPES = 128, (0.15, 5.0)
# Counting is solved by a hundred attempts: there is nothing to forecast.
_TASKS = ("add", "mul", "gcd")
_SEEN, _ASKED = 30, 1000
_RESAMPLES = 4000

Draw = tuple[Counts, np.ndarray]


def _ratio_of_medians(first: np.ndarray, second: np.ndarray, rng, level: float) -> Estimate:
    """Of errors from the same data sets, with a bootstrap over these."""
    chosen = rng.integers(0, len(first), (_RESAMPLES, len(first)))
    return Estimate.from_draws(
        np.median(first[chosen], axis=1) / np.median(second[chosen], axis=1),
        value=np.median(first) / np.median(second),
        n=len(first),
        level=level,
        method="bootstrap over data sets",
    )


# -- exponents -----------------------------------------------------------------------------


def _window(attempts: int, shapes: tuple[float, float]) -> tuple[np.ndarray, float]:
    """Attempts from 1 to `attempts`, and the exponent of the exact curve over them."""
    k = log_spaced(attempts)
    return k, fit_power_law(k, -np.expm1(np.asarray(Beta(*shapes).log_laplace(k)))).b


@evidence("pass_at_k.sampling_efficiency", "simulated")
def _efficiency(*, key) -> Evidence:
    rng, effects = generator(key), []
    for attempts in (100, 10_000):
        k, endless = _window(attempts, _SHAPES)
        errors = []
        for _ in range(150):
            successes = rng.binomial(attempts, rng.beta(*_SHAPES, _PROBLEMS))
            counts = Counts.from_columns(None, [attempts] * _PROBLEMS, successes)
            line = fit_power_law(k, pass_curve(counts, k)).b
            errors.append(abs(line / _SHAPES[0] - 1))
        exact = np.full(len(errors), abs(endless / _SHAPES[0] - 1))
        effects.append(_ratio_of_medians(np.array(errors), exact, rng, joint_level(2)))
    return Evidence(
        stacked(effects),
        note="Beta(0.15, 5) rates, 100 and 10,000 attempts, scored against the tail exponent.",
    )


def _exponents(draws: Iterator[Draw], attempts: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors of the line and of the beta-binomial curve, over the observed window."""
    k, line, curve = log_spaced(attempts), [], []
    for counts, exact in draws:
        truth = fit_power_law(k, exact).b
        line.append(abs(fit_power_law(k, pass_curve(counts, k)).b / truth - 1))
        implied = fit_binomial_mixture(counts).pass_at_k(k)
        curve.append(abs(fit_power_law(k, implied).b / truth - 1))
    return np.array(line), np.array(curve)


@evidence("pass_at_k.same_exponent", "simulated")
def _same_simulated(*, key) -> Evidence:
    rng, attempts = generator(key), 1000
    line, curve = _exponents(_synthetic(rng, attempts, log_spaced(attempts), 150), attempts)
    return Evidence(
        _ratio_of_medians(line, curve, rng, LEVEL),
        note="128 problems with Beta(0.15, 5) rates, 1,000 attempts each, 150 times.",
    )


@traced("pass_at_k.same_exponent")
def _same_traces(*, model: str, key) -> Evidence:
    rng, attempts = generator(key), 100
    line, curve = _exponents(_resampled(model, rng, attempts, log_spaced(attempts), 50), attempts)
    return Evidence(
        _ratio_of_medians(line, curve, rng, LEVEL),
        note="Three tasks, 100 of the 1,000 sampled attempts, 50 times; exact curves.",
    )


# -- coverage ------------------------------------------------------------------------------


def _synthetic(rng, attempts: int, k: np.ndarray, repeats: int) -> Iterator[Draw]:
    exact = -np.expm1(np.asarray(Beta(*_SHAPES).log_laplace(k)))
    for _ in range(repeats):
        successes = rng.binomial(attempts, rng.beta(*_SHAPES, _PROBLEMS))
        yield Counts.from_columns(None, [attempts] * _PROBLEMS, successes), exact


def _resampled(
    model: str, rng, attempts: int, k: np.ndarray, repeats: int, tasks: tuple[str, ...] = _TASKS
) -> Iterator[Draw]:
    """Some of the sampled attempts at the items of each task, with their exact coverage."""
    rows = load(f"attempts-{model}").sampled().filter(stop_rule="fixed")
    for task in tasks:
        cell = rows.filter(task=task)
        c, n, p = (cell[x].to_numpy() for x in ("successes", "n", "p"))
        exact = np.mean(-np.expm1(k * np.log1p(-p)[:, None]), axis=0)
        for _ in range(repeats):
            drawn = rng.hypergeometric(c, n - c, attempts)
            yield Counts.from_columns(None, [attempts] * len(c), drawn), exact


def _errors(draws: Iterator[Draw], *methods: str) -> list[np.ndarray]:
    """Relative errors of -ln pass@k by each method, on the same data sets."""
    found: list[list[float]] = [[] for _ in methods]
    for counts, exact in draws:
        for column, method in zip(found, methods, strict=True):
            value = BASELINES[method](counts, [_ASKED])[0]
            column.append(abs(np.log(value) / np.log(exact[0]) - 1))
    return [np.array(column) for column in found]


def _compared(first: str, second: str, draws: Callable, rng, note: str) -> Evidence:
    one, other = _errors(draws(rng, _SEEN, np.array([float(_ASKED)])), first, second)
    return Evidence(_ratio_of_medians(one, other, rng, LEVEL), note=note)


_PAIRS = {
    "pass_at_k.counts_beat_bins": ("beta-binomial", "discretised beta"),
    "pass_at_k.scale_is_critical": ("scaled beta-binomial", "beta-binomial"),
}


def _register(claim: str, first: str, second: str) -> None:
    @evidence(claim, "simulated")
    def simulated(*, key) -> Evidence:
        draws = partial(_synthetic, repeats=120)
        note = "128 problems with Beta(0.15, 5) rates, 120 times."
        return _compared(first, second, draws, generator(key), note)

    @traced(claim)
    def traces(*, model: str, key) -> Evidence:
        draws = partial(_resampled, model, repeats=40)
        note = "Three tasks, 30 of the 1,000 sampled attempts, 40 times; exact coverage."
        return _compared(first, second, draws, generator(key), note)


for _claim, _methods in _PAIRS.items():
    _register(_claim, *_methods)


def _gaps(draws: Iterator[Draw], attempts: int, level: float) -> Estimate:
    """Fitted maximal coverage minus the exact coverage at the k of the draws."""
    k = log_spaced(attempts)
    gaps = np.array(
        [fit_saturating_curve(k, pass_curve(x, k)).share - exact[0] for x, exact in draws]
    )
    return Estimate.from_mean(
        gaps.mean(), gaps.std(ddof=1) / len(gaps) ** 0.5, len(gaps), level=level
    )  # fmt: skip


@evidence("pass_at_k.maximal_coverage", "simulated")
def _maximal_simulated(*, key) -> Evidence:
    draws = _synthetic(generator(key), 1000, np.array([1e6]), 120)
    return Evidence(
        _gaps(draws, 1000, LEVEL), note="Beta(0.15, 5) rates, none of them 0; 1,000 attempts."
    )


@traced("pass_at_k.maximal_coverage")
def _maximal_traces(*, model: str, key) -> Evidence:
    draws = _resampled(model, generator(key), 500, np.array([1e6]), 120, ("gcd",))
    return Evidence(
        _gaps(draws, 500, LEVEL),
        note="Common divisors, 500 of the 1,000 sampled attempts, 120 times. For sums and "
        "products the fit levels off at 1, rightly, in every round.",
    )
