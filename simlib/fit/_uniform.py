"""How far measured success is from what one constant error rate predicts, and why."""

import equinox as eqx
import jax
import numpy as np
from jaxtyping import ArrayLike, Float, PRNGKeyArray, Shaped

from .._estimate import Estimate
from ._resample import bootstrap_weights, check_resamples


class UniformGap(eqx.Module):
    r"""Measured success of answers of one length against the uniform law, on the log scale.

    `log_success` = `predicted` - `concentration` + `association`, exactly.

    Parameters
    ----------
    error_rate
        $\bar e$, the mean error probability over all tokens of all answers; 1 per token.
    log_success
        $\ln\bar S$, the logarithm of the mean success probability of an answer.
    predicted
        $n\ln(1-\bar e)$, what the uniform law says.
    concentration
        $n\ln(1-\bar e)-\sum_j\ln(1-\bar e_j)\ge0$, with $\bar e_j$ the mean error probability at
        position $j$. Zero only if the rate is the same at every position.
    association
        $\ln\bar S-\sum_j\ln(1-\bar e_j)$. Zero if errors at different positions are independent
        from answer to answer; positive if hard tokens come together in hard answers.
    """

    error_rate: Estimate
    log_success: Estimate
    predicted: Estimate
    concentration: Estimate
    association: Estimate


def uniform_gap(
    log_prob: Shaped[ArrayLike, "..."],
    *,
    key: PRNGKeyArray,
    level: float = 0.95,
    resamples: int = 2000,
) -> UniformGap:
    r"""Split the distance between measured success and the uniform law in two.

    Parameters
    ----------
    log_prob
        Log-probability of the right token, given that all tokens before it were right; a matrix
        with one row per answer and one column per position, in nats; minus infinity where the
        token is impossible.
    key
        For the bootstrap over answers.
    level
        Coverage of each percentile interval.
    resamples
        Number of bootstrap samples.

    Returns
    -------
    UniformGap
        Estimates with intervals from a bootstrap over answers.

    Raises
    ------
    ValueError
        With fewer than two answers, a log-probability above 0, no answer that can succeed, or
        too few resamples for `level`.

    Source: derived in the chapter on uniform errors.

    Examples
    --------
    >>> import jax
    >>> halves = np.log(np.full((50, 4), 0.5))
    >>> gap = uniform_gap(halves, key=jax.random.key(0))
    >>> round(float(gap.log_success.value / np.log(0.5)), 6)
    4.0
    >>> bool(abs(gap.association.value) < 1e-6)
    True
    """
    check_resamples(resamples, level)
    rows = _read(log_prob, "log_prob")
    probability, success = np.exp(rows), np.exp(rows.sum(axis=1))

    def parts(weight: np.ndarray) -> np.ndarray:
        by_position = weight @ probability
        rate = 1 - by_position.mean(axis=-1)
        predicted = rows.shape[1] * np.log1p(-rate)
        product = np.log(by_position).sum(axis=-1)
        log_success = np.log(weight @ success)
        return np.stack([rate, log_success, predicted, predicted - product, log_success - product])

    values = parts(np.full(len(rows), 1 / len(rows)))
    draws = parts(bootstrap_weights(len(rows), resamples, key=key))
    return UniformGap(*_estimates(draws, values, n=len(rows), level=level))


def length_extrapolation(
    short: Shaped[ArrayLike, "..."],
    long: Shaped[ArrayLike, "..."],
    *,
    key: PRNGKeyArray,
    level: float = 0.95,
    resamples: int = 2000,
) -> Estimate:
    r"""Measured over predicted log-success of long answers, the rate taken from short ones.

    $\ln\bar S_\text{long}\,/\,\big(n_\text{long}\ln(1-\bar e_\text{short})\big)$: one if a single
    error rate per token holds for both lengths, below one if long answers do better than the
    short ones promise, above one if they do worse.

    Parameters
    ----------
    short, long
        Log-probabilities of the right tokens as for `uniform_gap`, of two lengths.
    key, level, resamples
        As for `uniform_gap`; each set of answers is resampled on its own.

    Raises
    ------
    ValueError
        As for `uniform_gap`, or if the short answers contain no error at all.
    """
    check_resamples(resamples, level)
    few, many = _read(short, "short"), _read(long, "long")
    if not (few < 0).any():
        raise ValueError("short holds certain tokens only, so no error rate can be taken from it.")
    error, success = -np.expm1(few).mean(axis=1), np.exp(many.sum(axis=1))

    def ratio(weight_short: np.ndarray, weight_long: np.ndarray) -> np.ndarray:
        predicted = many.shape[1] * np.log1p(-(weight_short @ error))
        return np.asarray(np.log(weight_long @ success) / predicted)

    keys = jax.random.split(key)
    draws = ratio(
        bootstrap_weights(len(few), resamples, key=keys[0]),
        bootstrap_weights(len(many), resamples, key=keys[1]),
    )
    value = ratio(np.full(len(few), 1 / len(few)), np.full(len(many), 1 / len(many)))
    (found,) = _estimates(draws[None], value[None], n=min(len(few), len(many)), level=level)
    return found


def _estimates(draws: np.ndarray, values: np.ndarray, *, n: int, level: float) -> list[Estimate]:
    return [
        Estimate.from_draws(row, value=value, n=n, level=level, method="bootstrap over answers")
        for row, value in zip(draws, values, strict=True)
    ]


def _read(log_prob, name: str) -> Float[np.ndarray, "items tokens"]:
    rows = np.asarray(log_prob, dtype=float)
    if rows.ndim != 2 or len(rows) < 2 or rows.shape[1] < 1:
        raise ValueError(
            f"{name} must hold at least two answers in rows and their tokens in columns, got "
            f"shape {rows.shape}."
        )
    if np.isnan(rows).any() or (rows > 0).any():
        raise ValueError(
            f"{name} must hold log-probabilities, at most 0, got a largest value of {rows.max()}; "
            "take the logarithm first."
        )
    if not np.isfinite(rows.sum(axis=1)).any():
        raise ValueError(f"{name}: no answer can succeed, so the log of mean success is infinite.")
    return rows
