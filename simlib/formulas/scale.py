r"""What a simulation costs: draws, sequences, digits of random words, devices.

The unit of cost is one random number. A token loop draws one for every token until it stops; the
event-driven engine draws one for every event.
"""

from ._formula import Formula
from ._functions import expm1, log1p
from ._symbols import error_rate, n, quantity
from ._symbols import success_rate as p
from .monte_carlo import relative_error
from .survival import survival_after

_INF = float("inf")
_HERE = "derived in the chapter on simulation at scale"

block_size = quantity(
    "block_size", r"B", "sequences that are advanced together",
    "sequences", low=0, high=_INF, scale="log", reach=(1, 1e6),
)  # fmt: skip
word_bits = quantity(
    "word_bits", r"W", "bits of a random word",
    "bits", low=0, high=_INF, scale="linear", reach=(16, 64),
)  # fmt: skip
devices = quantity(
    "devices", r"D", "devices that share a run",
    "devices", low=1, high=_INF, scale="log", reach=(1.01, 1e4),
)  # fmt: skip
serial_share = quantity(
    "serial_share", r"\varsigma", "share of the time on one device that others do not shorten",
    "1", low=0, high=1, scale="logit", reach=(1e-4, 1 - 1e-4),
)  # fmt: skip
speed_up = quantity(
    "speed_up", r"x_D", "speed on all devices over the speed on one",
    "1", low=0, high=_INF, scale="log", reach=(0.1, 1e4),
)  # fmt: skip
word_rate = quantity(
    "word_rate", r"w", "random words per second",
    "1 per second", low=0, high=_INF, scale="log", reach=(1e6, 1e12),
)  # fmt: skip
work_rate = quantity(
    "work_rate", r"f", "sequences per second, once their random words are there",
    "1 per second", low=0, high=_INF, scale="log", reach=(1e6, 1e12),
)  # fmt: skip

# -- draws of one sequence --------------------------------------------------------------------

token_draws = Formula(
    name="scale.token_draws",
    left=r"\mathbb E\min(N,n)",
    expression=(1 - (1 - error_rate) ** n) / error_rate,
    arguments=(n, error_rate),
    description="Mean number of draws of a token loop that stops at the first error or after n "
    "tokens, for uniform errors.",
    source=_HERE,
    stable=-expm1(n * log1p(-error_rate)) / error_rate,
)

history_draws = Formula(
    name="scale.history_draws",
    left=r"1+\mathbb E J_n",
    expression=1 + n * error_rate,
    arguments=(n, error_rate),
    description="Mean number of draws for a run of n tokens that goes on after errors, event by "
    "event: one for each error and one to learn that no other comes in time.",
    source=_HERE,
)

history_gain = Formula(
    name="scale.history_gain",
    left=r"\frac{n}{1+\mathbb E J_n}",
    expression=n / (1 + n * error_rate),
    arguments=(n, error_rate),
    description="Draws of a token loop over draws event by event, for runs that go on.",
    source=_HERE,
)

block_running = Formula(
    name="scale.block_running",
    left=r"P(\max_{b\le B}N_b>n)",
    expression=1 - (1 - survival_after) ** block_size,
    arguments=(survival_after, block_size),
    description="Probability that at least one of B sequences that are advanced together is "
    "still without error.",
    source=_HERE,
    stable=-expm1(block_size * log1p(-survival_after)),
)

# -- draws for an accuracy --------------------------------------------------------------------

_survival = (1 - error_rate) ** n
_log_survival = n * log1p(-error_rate)

event_cost = Formula(
    name="scale.event_cost",
    left=r"\text{draws}",
    expression=(1 - _survival) / (_survival * relative_error**2),
    arguments=(n, error_rate, relative_error),
    description="Draws until the relative standard error of the survival at n is eta, one per "
    "sequence.",
    source=_HERE,
    stable=expm1(-_log_survival) / relative_error**2,
)

token_cost = Formula(
    name="scale.token_cost",
    left=r"\text{draws}",
    expression=(1 - _survival) ** 2 / (_survival * error_rate * relative_error**2),
    arguments=(n, error_rate, relative_error),
    description="Draws until the relative standard error of the survival at n is eta, token by "
    "token with an exit at the error.",
    source=_HERE,
    stable=-expm1(-_log_survival) * expm1(_log_survival) / (error_rate * relative_error**2),
)

# -- digits -----------------------------------------------------------------------------------

resolution = Formula(
    name="scale.resolution",
    left=r"2^{-W}",
    expression=2 ** (-word_bits),
    arguments=(word_bits,),
    description="Distance between neighbouring probabilities that words of W bits can tell apart.",
    source=_HERE,
)

resolved_replicates = Formula(
    name="scale.resolved_replicates",
    left=r"R_W",
    expression=p * (1 - p) * 4**word_bits,
    arguments=(p, word_bits),
    description="Number of sequences at which the standard error of a probability has come down "
    "to the resolution of the words.",
    source=_HERE,
)

# -- devices ----------------------------------------------------------------------------------

amdahl = Formula(
    name="scale.amdahl",
    left=r"x_D",
    expression=1 / (serial_share + (1 - serial_share) / devices),
    arguments=(devices, serial_share),
    description="Speed on D devices over that on one, if a share of the time stays as it is and "
    "the rest is divided.",
    source="Amdahl (1967)",
)

serial_share_seen = Formula(
    name="scale.serial_share_seen",
    left=r"\varsigma",
    expression=(devices / speed_up - 1) / (devices - 1),
    arguments=(devices, speed_up),
    description="The share of the time that more devices did not shorten, from a measured speed.",
    source="Karp and Flatt (1990), CACM 33(5), 539",
)

in_turn = Formula(
    name="scale.in_turn",
    left=r"\text{sequences per second}",
    expression=1 / (1 / word_rate + 1 / work_rate),
    arguments=(word_rate, work_rate),
    description="Speed if each sequence takes one random word and then its other work, one after "
    "the other.",
    source=_HERE,
)
