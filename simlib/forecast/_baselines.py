"""The published forecasts under one signature: counts and k in, coverage out."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from ._binomial_mixtures import Family, fit_binomial_mixture
from ._counts import Counts
from ._discretised import fit_discretised
from ._least_squares import fit_power_law, fit_saturating_curve, log_spaced, observed_window
from ._pass_at_k import check_k, pass_curve

Baseline = Callable[[Counts, Any], Float[np.ndarray, "..."]]


def least_squares(counts: Counts, k: Any) -> Float[np.ndarray, "..."]:
    r"""Extend the straight line through $\ln(-\ln\text{pass}@k)$ against $\ln k$.

    Parameters
    ----------
    counts
        Results; the line is fitted where coverage can be estimated from them without a model.
    k
        Whole numbers of attempts, at least 1, in any shape.

    Raises
    ------
    ValueError
        If a problem has no attempt, or the window holds fewer than two different values of
        coverage between 0 and 1. (Without any success the forecast is 0; without any failure, 1.)

    Source: Brown et al. (2024), arXiv 2407.21787; Schaeffer et al. (2025), arXiv 2502.17578.
    """
    return _curve_fit(fit_power_law, counts, check_k(k))


def levi(counts: Counts, k: Any) -> Float[np.ndarray, "..."]:
    r"""Extend Levi's curve $A\,(1-B(a,b+k)/B(a,b))$, fitted to the observed coverage curve.

    Parameters
    ----------
    counts, k
        As for `least_squares`.

    Raises
    ------
    ValueError
        As for `least_squares`.

    Source: Levi (2024), arXiv 2410.16377.
    """
    return _curve_fit(fit_saturating_curve, counts, check_k(k))


def binomial_mixture(
    counts: Counts,
    k: Any,
    *,
    family: Family = "beta",
    scaled: bool = False,
    atom: bool = False,
    line: bool = False,
) -> Float[np.ndarray, "..."]:
    """The coverage curve implied by a maximum-likelihood fit of the counts.

    Parameters
    ----------
    counts, family, scaled, atom
        As for `fit_binomial_mixture`.
    k
        Whole numbers of attempts, at least 1, in any shape.
    line
        Replace the curve by the straight line through it up to the largest number of attempts, as
        Schaeffer et al. (2025) do.

    Raises
    ------
    ValueError
        As for `fit_binomial_mixture`.
    """
    return _implied(fit_binomial_mixture(counts, family, scaled=scaled, atom=atom), k, line)


def discretised(
    counts: Counts, k: Any, *, family: Family = "beta", line: bool = False
) -> Float[np.ndarray, "..."]:
    """The coverage curve implied by a fit of binned rates.

    Parameters
    ----------
    counts, family
        As for `fit_discretised`.
    k, line
        As for `binomial_mixture`.

    Raises
    ------
    ValueError
        As for `fit_discretised`.
    """
    return _implied(fit_discretised(counts, family), k, line)


#: The published methods by name. Each is called with counts and k, and returns pass@k.
BASELINES: dict[str, Baseline] = {
    "least squares": least_squares,
    "Levi": levi,
    "beta-binomial": binomial_mixture,
    "scaled beta-binomial": partial(binomial_mixture, scaled=True),
    "zero-inflated beta-binomial": partial(binomial_mixture, atom=True),
    "Kumaraswamy-binomial": partial(binomial_mixture, family="kumaraswamy"),
    "scaled Kumaraswamy-binomial": partial(binomial_mixture, family="kumaraswamy", scaled=True),
    "zero-inflated Kumaraswamy-binomial": partial(
        binomial_mixture, family="kumaraswamy", atom=True
    ),
    "discretised beta": discretised,
    "discretised Kumaraswamy": partial(discretised, family="kumaraswamy"),
}


def _curve_fit(fit: Callable, counts: Counts, k: np.ndarray) -> np.ndarray:
    largest = observed_window(counts)
    if counts.n_successes == 0 or counts.n_successes == counts.n_attempts:
        return np.full(k.shape, float(counts.n_successes > 0))
    window = log_spaced(largest)
    return fit(window, pass_curve(counts, window)).pass_at_k(k)


def _implied(fit: Any, k: Any, line: bool) -> np.ndarray:
    if not line or fit.a == 0 or fit.b == 0:
        return fit.pass_at_k(k)
    window = log_spaced(fit.n_attempts)
    return fit_power_law(window, fit.pass_at_k(window)).pass_at_k(k)
