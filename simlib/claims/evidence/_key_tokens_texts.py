"""Evidence on sparse key tokens from texts that were scored with long and short contexts."""

import jax
import numpy as np
from jaxtyping import Bool

from ... import fit, traces
from ...fit import AnswerTokens
from .._evidence import Evidence, traced
from .._finding import LEVEL, joint_level
from ._effects import stacked

_CONTEXT = 32
_GAP, _RISK = 0.2, 0.1
_RATIO = 4
_KINDS = ("prose", "code", "procedural")
_LINES = "Answers in worked lines, the lines being independent units."


def _answers(model: str) -> AnswerTokens:
    """Tokens of the answers in all worked lines."""
    return fit.answer_tokens(fit.scored_texts(traces.load(f"surprisal-{model}"), "procedural"))


def _short_answers(model: str) -> AnswerTokens:
    """The same for the texts that were also scored with the shortest context."""
    texts = fit.scored_texts(traces.load(f"surprisal-{model}"), "procedural")
    return fit.answer_tokens([text for text in texts if _CONTEXT in text.short])


def _growth(tokens: AnswerTokens, is_key: Bool[np.ndarray, " tokens"]) -> Evidence:
    # The number of key tokens grows with one power more than their density.
    density = fit.growth_exponent(
        is_key.astype(float), tokens.place.astype(float), unit=tokens.line, level=LEVEL
    )
    return Evidence(density.map(lambda slope: 1.0 + slope), note=_LINES)


def _uncertain(tokens: AnswerTokens) -> Bool[np.ndarray, " tokens"]:
    return tokens.entropy > np.quantile(tokens.entropy, 0.8)


@traced("key_tokens.sublinear_lines_entropy")
def _growth_entropy(*, model: str) -> Evidence:
    tokens = _answers(model)
    return _growth(tokens, _uncertain(tokens))


@traced("key_tokens.sublinear_lines_risk")
def _growth_risk(*, model: str) -> Evidence:
    tokens = _answers(model)
    return _growth(tokens, tokens.log_prob < np.log1p(-_RISK))


@traced("key_tokens.sublinear_lines_pivotal")
def _growth_pivotal(*, model: str) -> Evidence:
    tokens = _answers(model)
    return _growth(tokens, tokens.rise >= _GAP)


@traced("key_tokens.sublinear_lines_longppl")
def _growth_longppl(*, model: str) -> Evidence:
    tokens = _short_answers(model)
    return _growth(tokens, tokens.longppl[_CONTEXT])


@traced("key_tokens.others_are_harmless")
def _others(*, model: str, key) -> Evidence:
    tokens, few = _answers(model), _short_answers(model)
    marked = [
        (tokens, _uncertain(tokens)),
        (tokens, tokens.rise >= _GAP),
        (few, few.longppl[_CONTEXT]),
    ]
    found = []
    for (pool, is_key), one in zip(marked, jax.random.split(key, len(marked)), strict=True):
        _, unit = np.unique(pool.line, return_inverse=True)
        loss = np.bincount(unit, weights=-pool.log_prob)
        other = np.bincount(unit, weights=np.where(is_key, 0.0, -pool.log_prob))
        found.append(
            fit.ratio_of_totals(
                other, loss, key=one, resamples=4000, level=joint_level(len(marked))
            )
        )
    return Evidence(stacked(found), note="Key by entropy, by pivotal rise, by LongPPL.")


@traced("key_tokens.longppl_faster_than_length")
def _fixed_context(*, model: str) -> Evidence:
    data, found = traces.load(f"surprisal-{model}"), []
    for kind in _KINDS:
        marks = fit.key_marks(fit.scored_texts(data, kind), context=_CONTEXT)
        density = fit.growth_exponent(
            marks.is_key * 1.0, marks.place * 1.0, unit=marks.block, level=joint_level(len(_KINDS))
        )
        found.append(density.map(lambda slope: 1.0 + slope))
    return Evidence(
        stacked(found), note="Prose, code, worked lines; short context of 32 tokens; blocks of 32."
    )


@traced("key_tokens.density_rises_when_scaled")
def _scaled_context(*, model: str) -> Evidence:
    data, found = traces.load(f"surprisal-{model}"), []
    for kind in _KINDS:
        marks = fit.key_marks(fit.scored_texts(data, kind), ratio=_RATIO)
        found.append(
            fit.growth_exponent(
                marks.is_key * 1.0,
                marks.context * 1.0,
                unit=marks.block,
                level=joint_level(len(_KINDS)),
            )
        )
    return Evidence(
        stacked(found), note="Prose, code, worked lines; short context a quarter of the place."
    )
