"""What the registry says about each family of traces."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FamilyTexts:
    """The sentences of a registry entry that are the same for all models.

    Attributes
    ----------
    title, description, template, grader, known_faults
        Fields of the entry.
    """

    title: str
    description: str
    template: str
    grader: str
    known_faults: tuple[str, ...]


_QUANTISED = "The weights are 4-bit quantised; the original model would give other probabilities."
_FLOAT32 = (
    "Arithmetic is float32: the last digits of a log-probability depend on the processor, the "
    "number of threads and the batch."
)
_ONE_SET = (
    "The worked examples are the same for all items of a task and level, so the probabilities are "
    "conditional on that one set of examples."
)
_LINES = (
    "worked examples and item as lines of plain text: prompt, answer, line break; any token whose "
    "text starts with a line break, or an end-of-text token, ends an answer"
)
_CHAIN_LINES = "worked examples and item as lines of plain text; no end of text within a chain"

FAMILIES: dict[str, FamilyTexts] = {
    "answers": FamilyTexts(
        "Exact success probabilities on procedural tasks",
        "For every item, the exact probability that one sampled answer is right, token by token.",
        _LINES,
        "Right if the text up to the terminator equals the one right answer exactly. The exact "
        "probability is the product of the probabilities of the answer's tokens (its segmentation "
        "into tokens is unique) and the summed probability of the terminators.",
        (
            _ONE_SET,
            "One-digit addition and multiplication have three operands instead of two: with two "
            "there are too few distinct items. Level 1 is therefore not a step of the same ladder "
            "as the others.",
            "chain_sum leaves out items with a negative sum: a vocabulary may join the space of "
            "the prompt and a minus sign to one token.",
            _QUANTISED,
            _FLOAT32,
            "Items are drawn at random within a task and level; the mixture of tasks and levels is "
            "the authors' choice, so pooled distributions of difficulty describe this collection "
            "only.",
        ),
    ),
    "attempts": FamilyTexts(
        "Sampled attempts and votes on procedural tasks",
        "For the first items of some cells of the family answers: the successes among sampled "
        "attempts, a run that stops at the first success, the exact probability, and how often "
        "each final answer was given.",
        _LINES,
        "Attempts are graded from their decoded text: right if its first line equals the answer "
        "that is worked out from the prompt alone.",
        (
            _ONE_SET,
            "Attempts that have not ended after one token more than the longest right answer has "
            "characters are cut off and count as wrong; among the votes they have no answer.",
            _QUANTISED,
        ),
    ),
    "server": FamilyTexts(
        "Attempts sampled from a server, and votes",
        "For items of some tasks and levels: the successes among attempts that a server sampled, "
        "one request each, and how often each final answer was given.",
        "worked examples and item as lines of plain text: prompt, answer, line break; the server "
        "adds its model's start token if it has one, and stops at a line break or an end-of-text "
        "token",
        "Attempts are graded from their text: right if its first line equals the answer that is "
        "worked out from the prompt alone.",
        (
            _ONE_SET,
            "Attempts that have not ended after one token more than the longest right answer has "
            "characters are cut off and count as wrong; among the votes they have no answer.",
            "Not reproducible: what a seed means depends on the server, its version, its batches "
            "and its hardware. Other attempts are drawn when the collection is repeated.",
            "The name of the model is what the server was asked for; weights, quantisation and "
            "start token are the server's, and unknown.",
            "The server was asked to draw from the whole distribution at temperature 1 (unless "
            "standard_fields is set, which leaves all but temperature and top_p to its defaults). "
            "Servers ignore fields that they do not know, so the distribution may have been cut.",
        ),
    ),
    "chains": FamilyTexts(
        "Long chains, step by step",
        "The probability of the right step along a history without errors, and free runs in which "
        "the model goes on from its own steps.",
        _CHAIN_LINES,
        "A step is right if it follows from the step before it as that stands: after a wrong sum, "
        "the right step adds to the wrong sum. A step of a copied list is right if it is the digit "
        "at its place.",
        (
            _ONE_SET,
            "Steps are written under a grammar, a fixed number of digits: the model cannot "
            "run on, stop, or change the format.",
            "Free runs start after 16 right steps, because a list of digits can only be continued "
            "where it has been begun.",
            "Free sums are taken modulo 1000; right ones never get there.",
            _QUANTISED,
            _FLOAT32,
        ),
    ),
    "planted": FamilyTexts(
        "Chains with planted errors",
        "The probability of the right next step when each earlier step was made wrong with a given "
        "probability: number and share of the errors are crossed.",
        _CHAIN_LINES,
        "A step is right if it follows from the step before it as that stands. Steps that were "
        "made wrong themselves have no row; their errors are counted.",
        (
            _ONE_SET,
            "Planted errors are independent of the model: a wrong digit is uniform among nine, a "
            "wrong sum is off by one to nine. The model's own errors look different.",
            "Steps are written under a grammar, a fixed number of digits.",
            _QUANTISED,
            _FLOAT32,
        ),
    ),
    "pivots": FamilyTexts(
        "Runs of chains, resampled after every step",
        "A run of the model along each chain, and how independent continuations ended that started "
        "after each of its steps; also the exact probability of each right step.",
        _CHAIN_LINES,
        "A continuation counts twice: as right if none of its steps and none of those before them "
        "differs from the right chain, and as right at the end if its last step does not.",
        (
            _ONE_SET,
            "Steps are written under a grammar, a fixed number of digits: the model cannot "
            "run on, stop, or change the format.",
            "Runs start after some right steps, because a list of digits can only be continued "
            "where it has been begun.",
            "Shares of a few continuations are noisy: their squared differences measure the noise "
            "too, unless the two halves are multiplied.",
            _QUANTISED,
            _FLOAT32,
        ),
    ),
    "surprisal": FamilyTexts(
        "Every token of some texts, with long and short contexts",
        "Log-probability, entropy, rank and top probability of every token given the whole text "
        "before it, and given short contexts.",
        "plain text, after the model's start token if it has one; short contexts start in the "
        "middle of the text",
        "None: no token is right or wrong.",
        (
            "The prose and the code are this project's own, at the time of collection; long texts "
            "are pages or modules one after the other, so topics change at their borders.",
            "A context of K tokens means at least K and less than 2 K, except near the start.",
            "The model's own texts leave out its end-of-text tokens.",
            _QUANTISED,
            _FLOAT32,
        ),
    ),
}
