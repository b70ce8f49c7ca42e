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
