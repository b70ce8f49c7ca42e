"""Local exponents of a coverage curve whose success rates are known exactly."""

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Key, Shaped

from .._estimate import Estimate
from ._resample import bootstrap_weights, check_resamples

_CHUNK = 4_000_000  # weights held at a time


class CoverageSlopes(eqx.Module):
    r"""Exponents of coverage in windows from $k$ to $wk$ attempts, and how they drift.

    One entry per window start in `attempts`; `steadiest` is a scalar.

    Attributes
    ----------
    attempts, factor
        The starts $k$ that could be used, and $w$.
    unsolved
        Share of items that $k$ attempts all fail, $I_k$.
    exponent
        Of $I$: $\ln(I_k/I_{wk})/\ln w$.
    exponent_log
        Of $-\ln\mathrm{pass}@k$, on the same window.
    inflation
        `exponent_log` over `exponent`.
    drift
        `exponent_log` of the next window, from $wk$ to $w^2k$, over that of this one. It is 1 if
        $-\ln\mathrm{pass}@k$ is a power law from $k$ to $w^2k$.
    steadiest
        The drift closest to 1 (as a ratio) over all starts. Every resample chooses its own, so
        the interval leans towards 1: in favour of a power law.
    """

    attempts: Shaped[np.ndarray, "windows"]
    factor: float = eqx.field(static=True)
    unsolved: Estimate
    exponent: Estimate
    exponent_log: Estimate
    inflation: Estimate
    drift: Estimate
    steadiest: Estimate


def coverage_slopes(
    log_p: Shaped[np.ndarray, "items"],
    attempts: Shaped[np.ndarray, "starts"],
    *,
    key: Key[Array, ""],
    factor: float = 10.0,
    floor: float = 0.05,
    resamples: int = 2000,
    level: float = 0.95,
) -> CoverageSlopes:
    r"""Exponents of the coverage curve of items with known success rates.

    Items are a sample of problems: the intervals are those of a bootstrap over items. Attempts
    add no noise, because $I_k=\frac1m\sum_i(1-p_i)^k$ is computed from the rates.

    Parameters
    ----------
    log_p
        $\ln p_i<0$ of each item; finite.
    attempts
        Starts of the windows, at least 1.
    factor
        $w>1$, the width of a window as a ratio.
    floor
        Windows are used while at least this share is unsolved at $w^2k$; beyond, a few items
        carry the curve, and any finite set of them ends exponentially.
    key, resamples, level
        For the bootstrap.

    Returns
    -------
    CoverageSlopes
        Only the starts that `floor` admits.

    Raises
    ------
    ValueError
        If a value is out of range, or no window is admitted (the items are too easy).

    Examples
    --------
    >>> log_p = np.log(np.linspace(1e-6, 1, 4000) ** (1 / 0.3))
    >>> found = coverage_slopes(log_p, np.array([100.0]), key=jax.random.key(0))
    >>> round(float(found.exponent.value[0]), 2)
    0.3
    """
    log_p, attempts = (np.asarray(x, dtype=float) for x in (log_p, attempts))
    check_resamples(resamples, level)
    if not (np.isfinite(log_p).all() and (log_p < 0).all()):
        raise ValueError(
            "log_p must be finite and negative; report impossible and certain items apart."
        )
    if attempts.size == 0 or not (attempts >= 1).all() or not factor > 1 or not 0 < floor < 1:
        raise ValueError(
            f"needs attempts >= 1, factor > 1 and 0 < floor < 1; got attempts {attempts}, "
            f"factor {factor}, floor {floor}."
        )
    hazard = -np.log1p(-np.exp(log_p))
    steps = attempts[:, None] * factor ** np.arange(3)
    solved = -np.expm1(-steps.ravel()[:, None] * hazard)  # (starts * 3, items)
    admitted = 1 - solved.mean(1).reshape(steps.shape)[:, 2] >= floor
    if not admitted.any():
        raise ValueError(
            f"fewer than {floor:g} of the items are unsolved after {steps[:, 2].min():g} attempts; "
            "there is no window to look at. Lower floor or factor, or take harder items."
        )
    solved = solved.reshape(*steps.shape, -1)[admitted].reshape(-1, len(log_p))
    share = solved.mean(1)
    drawn = _resampled(solved, resamples, key=key)
    whole, parts = (_slopes(x.reshape(*x.shape[:-1], -1, 3), factor) for x in (share, drawn))

    def estimate(value: np.ndarray, draws: np.ndarray) -> Estimate:
        return Estimate.from_draws(draws, value=value, n=len(log_p), level=level)

    drifts = whole[-1], parts[-1]
    return CoverageSlopes(
        attempts[admitted],
        factor,
        *(estimate(value, draws) for value, draws in zip(whole, parts, strict=True)),
        steadiest=estimate(_steadiest(drifts[0]), _steadiest(drifts[1])),
    )


def _slopes(solved: np.ndarray, factor: float) -> tuple[np.ndarray, ...]:
    """The fields of `CoverageSlopes` from coverage at k, wk and w^2 k."""
    with np.errstate(divide="ignore"):  # a resample may leave no item unsolved: exponent +inf
        unsolved = np.log1p(-solved)
        level = np.log(-np.log(solved))
    exponent = (unsolved[..., 0] - unsolved[..., 1]) / np.log(factor)
    both = -np.diff(level, axis=-1) / np.log(factor)
    first, later = both[..., 0], both[..., 1]
    return np.exp(unsolved[..., 0]), exponent, first, first / exponent, later / first


def _steadiest(drift: np.ndarray) -> np.ndarray:
    closest = np.abs(np.log(drift)).argmin(axis=-1)
    return np.take_along_axis(drift, closest[..., None], axis=-1)[..., 0]


def _resampled(
    values: Float[np.ndarray, "points items"], resamples: int, *, key: Key[Array, ""]
) -> Float[np.ndarray, "resamples points"]:
    items = values.shape[1]
    rows = max(1, min(resamples, _CHUNK // items))
    starts = range(0, resamples, rows)
    return np.concatenate(
        [
            bootstrap_weights(items, min(rows, resamples - i), key=jax.random.fold_in(key, i))
            @ values.T
            for i in starts
        ]
    )
