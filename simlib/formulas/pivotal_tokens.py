r"""Moves of the success probability: what their squares add up to, and what rollouts add to them.

$p_i$ is the probability of final success given the first $i$ tokens, under the model's own
sampling.  It is a martingale in $[0, 1]$ that ends at 0 or 1.
"""

from ._formula import Formula
from ._symbols import quantity

start_success = quantity(
    "start_success", "p_0", "probability of final success before the first token", "1",
    low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-6),
)  # fmt: skip
prefix_success = quantity(
    "prefix_success", "p_{i-1}", "probability of final success given the tokens before this one",
    "1", low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-6),
)  # fmt: skip
next_success = quantity(
    "next_success", "p_i", "probability of final success given this token too",
    "1", low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-6),
)  # fmt: skip
token_probability = quantity(
    "token_probability", "q_i", "probability of the one right token, given right ones before it",
    "1", low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-6),
)  # fmt: skip
gap = quantity(
    "gap", "g", "smallest move of the success probability that counts as pivotal",
    "1", low=0, high=1, scale="linear", reach=(1e-2, 1),
)  # fmt: skip
rollouts = quantity(
    "rollouts", "R", "independent continuations drawn after each prefix",
    "rollouts", low=0, high=float("inf"), scale="log", reach=(1, 1e4),
)  # fmt: skip
steps = quantity(
    "steps", "n", "number of tokens after which the success probability is measured",
    "tokens", low=0, high=float("inf"), scale="log", reach=(1, 1e6),
)  # fmt: skip

_DERIVED = "derived in the chapter on pivotal tokens"

squared_moves = Formula(
    name="pivotal_tokens.squared_moves",
    left=r"\mathbb{E}\sum_i(p_i-p_{i-1})^2",
    expression=start_success * (1 - start_success),
    arguments=(start_success,),
    description="Expected sum of the squared moves of the success probability, at any length.",
    source=f"{_DERIVED} (orthogonality of martingale differences)",
)

count_bound = Formula(
    name="pivotal_tokens.count_bound",
    left=r"\overline{k}_g",
    expression=start_success * (1 - start_success) / gap**2,
    arguments=(start_success, gap),
    description="No output has more moves of size g or more than this, in expectation.",
    source=_DERIVED,
)

answer_square = Formula(
    name="pivotal_tokens.answer_square",
    left=r"\mathbb{E}[(p_i-p_{i-1})^2\mid p_{i-1}]",
    expression=token_probability * (prefix_success / token_probability - prefix_success) ** 2
    + (1 - token_probability) * prefix_success**2,
    arguments=(prefix_success, token_probability),
    description="Expected squared move at a token with one right value: up if right, else to 0.",
    source=_DERIVED,
    stable=prefix_success**2 * (1 - token_probability) / token_probability,
)

naive_square = Formula(
    name="pivotal_tokens.naive_square",
    left=r"\mathbb{E}(\hat p_i-\hat p_{i-1})^2",
    expression=(next_success - prefix_success) ** 2
    + (next_success * (1 - next_success) + prefix_success * (1 - prefix_success)) / rollouts,
    arguments=(prefix_success, next_success, rollouts),
    description="Expected square of a move measured with R rollouts at either end.",
    source=f"{_DERIVED} (binomial variances)",
)

naive_bound = Formula(
    name="pivotal_tokens.naive_bound",
    left=r"\mathbb{E}\sum_i(\hat p_i-\hat p_{i-1})^2\le",
    expression=start_success * (1 - start_success) * (1 + (2 * steps - 1) / rollouts),
    arguments=(start_success, steps, rollouts),
    description="Rollout noise can inflate the measured sum of squared moves up to this value.",
    source=_DERIVED,
)
