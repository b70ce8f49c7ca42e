"""Texts whose tokens were scored with long and short contexts, and published marks of key tokens.

The texts are those of the family `surprisal`.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

if TYPE_CHECKING:
    from ..traces import Traces

#: LongPPL (Fang et al. 2025): least gain from the long context, and least log-probability with it.
LONGPPL_GAIN, LONGPPL_FLOOR = 2.0, -2.0
_ANSWER = re.compile(r"= ([^\n]*\n)")


@dataclass(frozen=True)
class ScoredText:
    """One text; arrays have one entry per scored token.

    Attributes
    ----------
    name
        The item.
    place
        Number of tokens up to and including this one: the length at which it is the last.
    token
        Its text.
    log_prob, entropy
        Natural log-probability of the token and entropy of the next token, given the whole text
        before it.
    short
        By length K, the log-probability given at least K and less than 2 K tokens before it.
    """

    name: str
    place: Int[np.ndarray, " tokens"]
    token: list[str]
    log_prob: Float[np.ndarray, " tokens"]
    entropy: Float[np.ndarray, " tokens"]
    short: dict[int, Float[np.ndarray, " tokens"]]


def scored_texts(traces: "Traces", kind: str) -> list[ScoredText]:
    """The texts of one kind, the long one last.

    Parameters
    ----------
    traces
        A data set of the family `surprisal`.
    kind
        `"prose"`, `"code"`, `"procedural"` or `"own"`.

    Raises
    ------
    ValueError
        If there is none.
    """
    names = traces.items.filter(task=kind).sort("level", "item_id")["item_id"].to_list()
    if not names:
        kinds = traces.items["task"].unique(maintain_order=True).to_list()
        raise ValueError(f"{traces.id} has no texts of kind {kind!r}; there are {kinds}.")
    return [_one(traces.steps.filter(item_id=name), name) for name in names]


def _one(steps: pl.DataFrame, name: str) -> ScoredText:
    full = steps.filter(condition="full").sort("position")
    short = {}
    for condition in steps["condition"].unique().sort().to_list():
        if condition.startswith("short-"):
            rows = steps.filter(condition=condition).sort("position")
            if not rows["position"].equals(full["position"]):
                raise ValueError(f"{name}: {condition} and full have other tokens.")
            short[int(condition.removeprefix("short-"))] = _numbers(rows["log_prob"])
    return ScoredText(
        name=name,
        place=full["position"].to_numpy().astype(np.int64) + 1,
        token=full["token"].to_list(),
        log_prob=_numbers(full["log_prob"]),
        entropy=_numbers(full["entropy"]),
        short=dict(sorted(short.items())),
    )


def _numbers(column: pl.Series) -> np.ndarray:
    return column.to_numpy().astype(np.float64)


def longppl_keys(
    text: ScoredText, context: int, *, gain: float = LONGPPL_GAIN, floor: float = LONGPPL_FLOOR
) -> Bool[np.ndarray, " tokens"]:
    r"""Tokens that a long context makes likely: the key tokens of LongPPL.

    With $\ell$ and $\ell'$ the log-probabilities given the long and the short context, those with
    $\ell-\ell'>\alpha$ and $\ell>\beta$.

    Parameters
    ----------
    text
        The text.
    context
        Length K of the short context.
    gain, floor
        $\alpha$ and $\beta$ in nats.

    Raises
    ------
    ValueError
        If the text was not scored with this short context.

    Source: Fang et al. (2025), arXiv 2410.23771.
    """
    return (text.log_prob - _short(text, context) > gain) & (text.log_prob > floor)


def scaled_keys(
    text: ScoredText, ratio: int
) -> tuple[Bool[np.ndarray, " tokens"], Int[np.ndarray, " tokens"]]:
    r"""Key tokens of LongPPL with a short context that grows with the position.

    A token at the place $i$ is compared with the longest short context $K\le i/r$. Contexts are
    four times as long as the next shorter one, so $i/K$ runs through $[r, 4r)$ for each of them
    and their stretches of text differ in scale only.

    Parameters
    ----------
    text
        The text.
    ratio
        $r$, at least 4: windows of a short context hold up to $2K$ tokens.

    Returns
    -------
    is_key, context
        Whether a token is key, and its K; 0 where no short context is right for it.

    Raises
    ------
    ValueError
        If `ratio` is below 4.
    """
    if ratio < 4:
        raise ValueError(f"ratio must be at least 4, got {ratio}.")
    is_key = np.zeros(len(text.place), dtype=bool)
    context = np.zeros(len(text.place), dtype=np.int64)
    for length in text.short:
        here = (text.place >= ratio * length) & (text.place < 4 * ratio * length)
        is_key[here] = longppl_keys(text, length)[here]
        context[here] = length
    return is_key, context


def answer_places(
    text: ScoredText,
) -> tuple[Bool[np.ndarray, " tokens"], Int[np.ndarray, " tokens"]]:
    """Tokens of right answers in a text of worked lines, and the line of each token.

    A line is a prompt that ends with an equality sign and a space, the answer, and a line break,
    which belongs to the answer. Lines that are cut off have no answer.

    Returns
    -------
    is_answer, line
        One entry per token; lines count from 0.
    """
    whole = "".join(text.token)
    starts = np.cumsum([0, *map(len, text.token)])[:-1]
    inside = np.zeros(len(whole) + 1, dtype=bool)
    # The first line may be cut off: it is not known whether its answer is whole.
    for match in _ANSWER.finditer(whole, whole.find("\n") + 1):
        inside[match.start(1) : match.end(1)] = True
    breaks = np.array([i for i, character in enumerate(whole) if character == "\n"])
    return inside[starts], np.searchsorted(breaks, starts)


def _short(text: ScoredText, context: int) -> np.ndarray:
    if context not in text.short:
        raise ValueError(
            f"{text.name} was scored with short contexts of {sorted(text.short)} tokens, not "
            f"{context}."
        )
    return text.short[context]


@dataclass(frozen=True)
class AnswerTokens:
    """Tokens of the answers in some texts of worked lines, one after the other.

    Attributes
    ----------
    place, log_prob, entropy
        As in `ScoredText`.
    line
        The line of each token, numbered through all texts: lines are independent draws.
    rise
        By how much the token raises the probability that the whole answer of its line is right.
    longppl
        By length K of the short context that all texts have: whether it is a key token of LongPPL.
    """

    place: Int[np.ndarray, " tokens"]
    line: Int[np.ndarray, " tokens"]
    log_prob: Float[np.ndarray, " tokens"]
    entropy: Float[np.ndarray, " tokens"]
    rise: Float[np.ndarray, " tokens"]
    longppl: dict[int, Bool[np.ndarray, " tokens"]]


def answer_tokens(texts: list[ScoredText]) -> AnswerTokens:
    """The answers of texts of worked lines, pooled.

    Parameters
    ----------
    texts
        Texts of kind `"procedural"`; those with the same short contexts belong together, since
        only contexts that all of them have are kept.

    Raises
    ------
    ValueError
        If no text holds a whole answer.
    """
    found = [answer_places(text) for text in texts]
    if not any(is_answer.any() for is_answer, _ in found):
        raise ValueError("texts hold no worked line; take those of kind 'procedural'.")
    first, lines, rises = 0, [], []
    for text, (is_answer, line) in zip(texts, found, strict=True):
        lines.append(line[is_answer] + first)
        first += int(line.max()) + 1
        rises.append(_rises(text.log_prob[is_answer], line[is_answer]))
    pool = lambda columns: np.concatenate(
        [column[is_answer] for column, (is_answer, _) in zip(columns, found, strict=True)]
    )
    common = sorted(set.intersection(*(set(text.short) for text in texts)))
    return AnswerTokens(
        place=pool([text.place for text in texts]),
        line=np.concatenate(lines),
        log_prob=pool([text.log_prob for text in texts]),
        entropy=pool([text.entropy for text in texts]),
        rise=np.concatenate(rises),
        longppl={k: pool([longppl_keys(text, k) for text in texts]) for k in common},
    )


def _rises(log_prob: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Rises of the success probability within lines, the tokens of which follow each other."""
    total = np.cumsum(log_prob)
    last = np.searchsorted(line, line, side="right") - 1
    after = np.exp(total[last] - total)  # what is left after this token must be right
    return after * -np.expm1(log_prob)


@dataclass(frozen=True)
class KeyMarks:
    """Key tokens of LongPPL in some texts, one text after the other.

    Attributes
    ----------
    is_key
        Whether each token is one.
    place
        As in `ScoredText`.
    context
        Length K of the short context that it was compared with.
    block
        Stretch of text that the token belongs to, numbered through all texts: tokens of one
        stretch depend on each other.
    """

    is_key: Bool[np.ndarray, " tokens"]
    place: Int[np.ndarray, " tokens"]
    context: Int[np.ndarray, " tokens"]
    block: Int[np.ndarray, " tokens"]


def key_marks(
    texts: list[ScoredText],
    *,
    context: int | None = None,
    ratio: int | None = None,
    block: int = 32,
) -> KeyMarks:
    """Key tokens of LongPPL with a fixed short context, or with one that grows with the place.

    Parameters
    ----------
    texts
        The texts; those without the fixed context are left out.
    context
        The fixed short context. Tokens before the end of its first window are left out, since
        their short context is the long one.
    ratio
        Least ratio of the place to a growing short context, as for `scaled_keys`. Give one of the
        two.
    block
        Tokens of a stretch.

    Raises
    ------
    ValueError
        If both or none of `context` and `ratio` are given, or no token has such a context.
    """
    if (context is None) == (ratio is None):
        raise ValueError(f"give context or ratio, got context={context} and ratio={ratio}.")
    parts = []
    for number, text in enumerate(texts):
        if ratio is not None:
            is_key, chosen = scaled_keys(text, ratio)
        elif context in text.short:
            chosen = np.where(text.place > 2 * context, context, 0)
            is_key = longppl_keys(text, context)
        else:
            continue
        here = chosen > 0
        blocks = text.place // block + (number << 32)
        parts.append((is_key[here], text.place[here], chosen[here], blocks[here]))
    if not sum(len(part[0]) for part in parts):
        raise ValueError(f"texts have no token with context={context} or ratio={ratio}.")
    return KeyMarks(*map(np.concatenate, zip(*parts, strict=True)))
