"""What a model's tokens spell: the segmentations of an answer, and the tokens that end it."""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Vocabulary:
    """The text of every token and the tokens that end an answer.

    An answer ends at the first token whose text starts with a line break, or at an end-of-text
    token.

    Attributes
    ----------
    texts
        Text of each token, by id; special tokens have their printed name.
    special
        Ids of the tokens that are not text.
    end_of_text
        Ids of the special tokens that end a text.
    redundant
        Ids of the tokens that are never drawn, because each spells a single byte that another
        token spells as text, or nothing at all. Without them the spelling of a digit or a space is
        unique.
    """

    texts: tuple[str, ...]
    special: frozenset[int]
    end_of_text: frozenset[int]
    redundant: frozenset[int] = frozenset()
    _by_text: dict[str, list[int]] = field(default_factory=dict, repr=False, compare=False)
    _with_inner_break: list[str] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        for token, text in enumerate(self.texts):
            if text and token not in self.special and token not in self.redundant:
                self._by_text.setdefault(text, []).append(token)
        self._with_inner_break.extend(text for text in self._by_text if text.find("\n") > 0)

    @property
    def terminators(self) -> tuple[int, ...]:
        """Ids of all tokens that end an answer, in increasing order."""
        breaks = {
            token
            for text, tokens in self._by_text.items()
            if text.startswith("\n")
            for token in tokens
        }
        return tuple(sorted(breaks | self.end_of_text))

    def segmentations(self, text: str, *, limit: int = 1000) -> list[tuple[int, ...]]:
        """Every sequence of tokens that spells `text`, shortest first position first.

        Dynamic programming over the positions of the text, from the end.

        Raises
        ------
        ValueError
            If there are more than `limit`.
        """
        longest = max(map(len, self._by_text))
        ways: list[list[tuple[int, ...]]] = [[] for _ in text] + [[()]]
        for start in reversed(range(len(text))):
            for stop in range(start + 1, min(len(text), start + longest) + 1):
                for token in self._by_text.get(text[start:stop], ()):
                    ways[start] += [(token, *rest) for rest in ways[stop]]
            if len(ways[start]) > limit:
                raise ValueError(
                    f"the text {text!r} has more than {limit} segmentations into tokens; choose "
                    "an answer format whose symbols are single tokens."
                )
        return ways[0]

    def spell_answer(self, answer: str) -> tuple[int, ...]:
        """The only sequence of tokens that spells `answer` before a line break.

        Raises
        ------
        ValueError
            If there is none, if there are several, or if some token runs from inside the answer
            over the line break: then one product of token probabilities is not the probability
            of the answer.
        """
        found = self.segmentations(answer)
        if len(found) != 1:
            raise ValueError(
                f"the answer {answer!r} has {len(found)} segmentations into tokens, need exactly "
                "one; choose an answer format whose symbols are single tokens."
            )
        for text in self._with_inner_break:
            if answer.endswith(text[: text.index("\n")]):
                raise ValueError(
                    f"token {self._by_text[text][0]} ({text!r}) runs over the end of the answer "
                    f"{answer!r}; choose an answer format that no token joins to a line break."
                )
        return found[0]


def byte_level_texts(tokens: list[str]) -> tuple[str, ...]:
    """Text of the tokens of a byte-level BPE vocabulary.

    Such a vocabulary writes every byte as one printable character (source: the GPT-2 encoder).
    Bytes that are no UTF-8 on their own become the replacement character; answers never hold it.
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    shifted = [byte for byte in range(256) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    table |= {chr(256 + index): byte for index, byte in enumerate(shifted)}
    return tuple(
        bytes(table[character] for character in token).decode("utf-8", errors="replace")
        if all(character in table for character in token)
        else token
        for token in tokens
    )


_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def block_texts(tokens: list[str]) -> tuple[str, ...]:
    """Text of the tokens of a SentencePiece vocabulary.

    Such a vocabulary writes a space as a lower block (U+2581), and has tokens `<0x00>` to `<0xFF>`
    for characters that it lacks.
    """
    return tuple(
        bytes([int(match[1], 16)]).decode("utf-8", errors="replace")
        if (match := _BYTE.fullmatch(token))
        else token.replace("\u2581", " ")
        for token in tokens
    )


def redundant_bytes(tokens: list[str]) -> frozenset[int]:
    """Ids of the byte tokens whose character is also the text of another token."""
    texts = block_texts(tokens)
    bytewise = {token for token, name in enumerate(tokens) if _BYTE.fullmatch(name)}
    plain = {text for token, text in enumerate(texts) if token not in bytewise}
    return frozenset(token for token in bytewise if texts[token] in plain)
