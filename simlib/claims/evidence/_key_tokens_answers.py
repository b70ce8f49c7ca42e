"""Evidence on sparse key tokens from the answers of a real model."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from ... import fit, traces
from .._evidence import Evidence, traced
from .._finding import LEVEL, joint_level
from ._effects import difference, stacked

#: Levels (lengths of the list) of the tasks whose length can be varied.
_LEVELS = {"copy": (4, 8, 16, 32), "reverse": (3, 5, 7), "sort": (3, 5, 7)}
_THRESHOLDS = (0.02, 0.1, 0.5)
_MAIN_THRESHOLD = 0.1
_RESAMPLES = 5000
#: Positions of the longest copied list at which running totals are read.
_POSITIONS = np.array([8, 16, 32, 64])


def _answers(model: str, task: str) -> list[Float[np.ndarray, "_ _"]]:
    """Log-probabilities of the right tokens, one matrix per length, shortest first."""
    data = traces.load(f"answers-{model}")
    return [fit.answer_log_probs(data, task=task, level=level) for level in _LEVELS[task]]


def _is_key(rows: Float[np.ndarray, "items tokens"], threshold: float) -> Bool[np.ndarray, "..."]:
    """Tokens with an error probability above the threshold."""
    return -np.expm1(rows) > threshold


@traced("key_tokens.errors_are_sparse")
def _sparse_answers(*, model: str, key) -> Evidence:
    found = []
    for task, k in zip(_LEVELS, jax.random.split(key, len(_LEVELS)), strict=True):
        loss = -_answers(model, task)[-1]
        unit = np.repeat(np.arange(len(loss)), loss.shape[1])
        level = joint_level(len(_LEVELS))
        shares = fit.top_share(
            loss.ravel(), unit, np.array([0.1]), key=k, resamples=_RESAMPLES, level=level
        )
        found.append(shares[0])
    return Evidence(stacked(found), note="Copy, reverse, sort; longest lists of each.")


@traced("key_tokens.non_key_is_negligible")
def _negligible_answers(*, model: str, key) -> Evidence:
    found = []
    for task, k in zip(_LEVELS, jax.random.split(key, len(_LEVELS)), strict=True):
        rows = _answers(model, task)[-1]
        other = np.where(_is_key(rows, _MAIN_THRESHOLD), 0.0, -rows)
        found.append(
            fit.ratio_of_totals(
                other.sum(1), -rows.sum(1), key=k, resamples=_RESAMPLES,
                level=joint_level(len(_LEVELS)),
            )
        )  # fmt: skip
    return Evidence(stacked(found), note="Copy, reverse, sort; longest lists of each.")


@traced("key_tokens.rates_stay_constant")
def _constant_answers(*, model: str, key) -> Evidence:
    found = []
    for task, k in zip(_LEVELS, jax.random.split(key, len(_LEVELS)), strict=True):
        hazards = []
        answers = _answers(model, task)
        for rows, one in zip((answers[0], answers[-1]), jax.random.split(k), strict=True):
            is_key = _is_key(rows, _MAIN_THRESHOLD)
            loss = np.where(is_key, -rows, 0.0).sum(1)
            hazards.append(fit.ratio_of_totals(loss, is_key.sum(1), key=one).map(jnp.log))
        level = joint_level(len(_LEVELS))
        found.append(difference(hazards[1], hazards[0], level=level).map(jnp.exp))
    return Evidence(stacked(found), note="Copy, reverse, sort; longest over shortest lists.")


@traced("key_tokens.answers_are_associated")
def _association_answers(*, model: str, key) -> Evidence:
    groups = [rows for task in _LEVELS for rows in _answers(model, task)]
    level = joint_level(len(groups))
    gaps = [
        fit.uniform_gap(rows, key=k, level=level, resamples=2 * _RESAMPLES)
        for rows, k in zip(groups, jax.random.split(key, len(groups)), strict=True)
    ]
    return Evidence(
        stacked([gap.association for gap in gaps]),
        note="Copy, reverse, sort at every length; the least favourable is shown.",
    )


def _sublinear(model: str, task: str) -> Evidence:
    answers, level = _answers(model, task), joint_level(len(_THRESHOLDS))
    found = [
        fit.growth_exponent(
            *fit.by_length(answers, lambda rows, t=threshold: _is_key(rows, t).sum(1)), level=level
        )
        for threshold in _THRESHOLDS
    ]
    return Evidence(
        stacked(found), note="Key: error probability above a fiftieth, a tenth, one half."
    )


@traced("key_tokens.sublinear_copy")
def _sublinear_copy(*, model: str) -> Evidence:
    return _sublinear(model, "copy")


@traced("key_tokens.sublinear_reverse")
def _sublinear_reverse(*, model: str) -> Evidence:
    return _sublinear(model, "reverse")


@traced("key_tokens.sublinear_sort")
def _sublinear_sort(*, model: str) -> Evidence:
    return _sublinear(model, "sort")


@traced("key_tokens.sublinear_along_copy")
def _sublinear_along_copy(*, model: str) -> Evidence:
    rows, level = _answers(model, "copy")[-1], joint_level(len(_THRESHOLDS))
    found = []
    for threshold in _THRESHOLDS:
        amount, length, unit = fit.along(_is_key(rows, threshold).astype(int), _POSITIONS)
        found.append(fit.growth_exponent(amount, length, unit=unit, level=level))
    return Evidence(
        stacked(found),
        note="Key: error probability above a fiftieth, a tenth, one half; lists of 32 digits.",
    )


@traced("key_tokens.hazard_falls_along_copy")
def _hazard_along_copy(*, model: str) -> Evidence:
    amount, length, unit = fit.along(-_answers(model, "copy")[-1], _POSITIONS)
    return Evidence(
        fit.growth_exponent(amount, length, unit=unit, level=LEVEL), note="Lists of 32 digits."
    )
