"""Evidence on votes and on items that were never solved."""

import jax
import numpy as np
import sympy as sp
from scipy import stats

from ..._estimate import Estimate
from ...fit import fit_counts, majority_forecast, majority_share, plurality_share
from ...fit._resample import bootstrap_weights
from ...formulas import measuring
from ...mixing import ExGaussian
from ...traces import load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL, joint_level
from ._effects import stacked

VOTES = (3, 15, 101)


def _generator(key) -> np.random.Generator:
    return np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())


def _cells(model: str):
    """Task, attempts, successes and exact rates of each cell."""
    rows = load(f"attempts-{model}").sampled().filter(stop_rule="fixed")
    for cell in rows.partition_by("task", maintain_order=True):
        yield cell, *(cell[x].to_numpy() for x in ("n", "successes", "p"))


# -- votes ---------------------------------------------------------------------------------


@evidence("measuring.voting_never_hurts", "derived")
def _voting_proof() -> Evidence:
    # Three independent votes, each wrong with probability 0.55: the claim would need f <= 1.
    e = sp.Rational(55, 100)
    wrong = sum(sp.binomial(3, j) * e**j * (1 - e) ** (3 - j) for j in (2, 3))
    return Evidence(
        symbolic(wrong / e <= 1),
        note="Three independent votes with error rate 0.55: a factor 1.04.",
    )


@evidence("measuring.voting_never_hurts", "simulated")
def _voting_simulated(*, key) -> Evidence:
    rng, size, votes = _generator(key), 100_000, 15
    a, b = 1.5, 3.5  # right with probability 0.3, correlation 1/6
    wrong = rng.binomial(votes, rng.beta(a, b, size)) <= votes // 2
    share = Estimate.from_counts(int(wrong.sum()), size, level=LEVEL)
    return Evidence(share.map(lambda x: x / 0.7), note="Beta-binomial votes, mostly wrong.")


@traced("measuring.voting_never_hurts")
def _voting_traces(*, model: str, key) -> Evidence:
    found = []
    cells = list(_cells(model))
    keys = jax.random.split(key, len(cells))
    for (_, n, successes, _), k in zip(cells, keys, strict=True):
        wrong = 1 - np.stack([majority_share(successes, n, 15), successes / n], axis=1)

        def factor(weight, wrong=wrong):
            many, one = np.moveaxis(weight @ wrong, -1, 0)
            return many / one

        found.append(
            Estimate.from_draws(
                factor(bootstrap_weights(len(n), 10_000, key=k)),
                value=factor(np.full(len(n), 1 / len(n))),
                n=len(n),
                level=joint_level(len(cells)),
                method="bootstrap over items",
            )
        )
    return Evidence(stacked(found), note="Majority of right against wrong, four cells.")


def halves(items: int, key) -> np.ndarray:
    """A random half of the items."""
    return np.asarray(jax.random.permutation(key, items)) < items // 2


@evidence("measuring.majority_forecast", "simulated")
def _forecast_simulated(*, key) -> Evidence:
    rng = _generator(key)
    n = np.full(2000, 200)
    successes = rng.binomial(n, rng.beta(0.6, 2.4, len(n)))
    keys = jax.random.split(key)
    found = majority_forecast(
        successes, n, halves(len(n), keys[0]), votes=VOTES, key=keys[1], both_ways=True,
        resamples=4000, level=joint_level(len(VOTES)),
    )  # fmt: skip
    return Evidence(found.error, note="Beta-binomial votes on 2,000 items.")


@traced("measuring.majority_forecast")
def _forecast_traces(*, model: str, key) -> Evidence:
    cells = list(_cells(model))
    level, found = joint_level(len(cells) * len(VOTES)), []
    for (_, n, successes, _), k in zip(cells, jax.random.split(key, len(cells)), strict=True):
        first, second = jax.random.split(k)
        # 12 intervals at a joint level need many resamples beyond their ends.
        forecast = majority_forecast(
            successes, n, halves(len(n), first), votes=VOTES, key=second, both_ways=True,
            resamples=12_000, level=level,
        )  # fmt: skip
        found.append(forecast.error)
    return Evidence(stacked(found), note="Each half of the items of four cells forecast by the "
                    "other half.")  # fmt: skip


@evidence("measuring.plurality_is_another_question", "derived")
def _plurality_proof() -> Evidence:
    wrong, rest = sp.symbols("w s", nonnegative=True)
    margin = sp.Symbol("d", positive=True)
    right = wrong + rest + margin  # more than all wrong votes together
    return Evidence(
        symbolic((right - wrong).is_positive),
        note="A majority is a plurality: with r = w + s + d, d > 0, the right answer leads.",
    )


@evidence("measuring.plurality_is_another_question", "simulated")
def _plurality_simulated(*, key) -> Evidence:
    rng, size, votes = _generator(key), 20_000, 101
    tally = rng.multinomial(votes, [0.3] + [0.07] * 10, size)
    leads = tally[:, 0] > tally[:, 1:].max(axis=1)
    most = 2 * tally[:, 0] > votes
    gain = leads.astype(float) - most
    effect = Estimate.from_mean(gain.mean(), gain.std(ddof=1) / size**0.5, size, level=LEVEL)
    return Evidence(effect, note="Right with probability 0.3, ten wrong answers.")


@traced("measuring.plurality_is_another_question")
def _plurality_traces(*, model: str, key) -> Evidence:
    gain = np.concatenate(
        [
            plurality_of(model, cell, votes=(101,), key=k)[:, 0] - majority_share(successes, n, 101)
            for (cell, n, successes, _), k in zip(
                _cells(model), jax.random.split(key, 4), strict=True
            )
        ]
    )
    effect = Estimate.from_mean(
        gain.mean(), gain.std(ddof=1) / len(gain) ** 0.5, len(gain), level=LEVEL
    )
    return Evidence(effect, note="All four cells together; 101 votes.")


def plurality_of(model: str, cell, *, votes, key) -> np.ndarray:
    """`plurality_share` of the items of one cell, in its order."""
    order = cell.select("item_id").with_row_index("item")
    table = load(f"attempts-{model}").votes.join(order, on="item_id")
    return plurality_share(
        table["item"].to_numpy().astype(int),
        table["count"].to_numpy().astype(int),
        table["correct"].to_numpy(),
        table["answer"].is_not_null().to_numpy(),
        votes=votes,
        key=key,
    )


# -- items never solved --------------------------------------------------------------------


@evidence("measuring.atom_cannot_be_shown", "derived")
def _hidden_proof() -> Evidence:
    bound = measuring.hidden_atom.expression
    vanishing = sp.limit(bound.subs(measuring.k, 1000), measuring.p, 0)
    return Evidence(
        (measuring.hidden_atom.prove(), symbolic(vanishing == 0)),
        note="Total variation between the two worlds; it vanishes with the rate.",
    )


@evidence("measuring.atom_cannot_be_shown", "simulated")
def _hidden_simulated(*, key) -> Evidence:
    """A test that looks at the number of unsolved items, in both worlds."""
    rng, size, items, attempts, share = _generator(key), 20_000, 128, 1000, 0.1
    unsolved = []
    for rate in (0.0, 1e-8):
        hard = rng.random((size, items)) < share
        p = np.where(hard, rate, rng.beta(0.5, 3.0, (size, items)))
        unsolved.append((rng.binomial(attempts, p) == 0).sum(axis=1))
    # Unsolved items expected without an atom: the level of the test is five per cent.
    usual = float(stats.betabinom.pmf(0, attempts, 0.5, 3.0))
    limit = stats.binom.isf(0.05, items, usual)
    found = [(x > limit).mean() for x in unsolved]
    spread = np.sqrt(sum(x * (1 - x) for x in found) / size)
    effect = Estimate.from_mean(found[0] - found[1], max(spread, 1e-4), size, level=LEVEL)
    return Evidence(effect, note="128 items, 1,000 attempts; a tenth impossible, or nearly so.")


def fitted_atom(successes: np.ndarray, n: np.ndarray, *, level: float) -> Estimate:
    return fit_counts(successes, n, "beta", atom=True, level=level).parameters["atom"]


@evidence("measuring.fitted_atom_is_real", "simulated")
def _atom_simulated(*, key) -> Evidence:
    law = ExGaussian(0.14, 0.23, 0.41)
    p = -np.expm1(-np.asarray(law.sample((800,), key=key)))
    n = np.full(len(p), 1000)
    successes = _generator(key).binomial(n, p)
    return Evidence(
        fitted_atom(successes, n, level=LEVEL),
        note="800 items, all possible, with the exGaussian difficulty of one cell of the traces.",
    )


@traced("measuring.fitted_atom_is_real")
def _atom_traces(*, model: str) -> Evidence:
    ((_, n, successes, _),) = (x for x in _cells(model) if x[0]["task"][0] == "gcd")
    return Evidence(
        fitted_atom(successes, n, level=joint_level(4)),
        note="The cell gcd, of four cells the one with the clearest atom; every exact rate is "
        "positive.",
    )


@traced("measuring.unsolved_is_impossible")
def _unsolved_traces(*, model: str, key) -> Evidence:
    data, cells = load(f"answers-{model}"), load(f"attempts-{model}").items
    asked = data.items.join(cells.select("task", "level").unique(), on=["task", "level"])
    log_p = asked.join(data.attempts, on="item_id")["log_p"].to_numpy()
    left = 1000 * np.log1p(-np.exp(log_p))
    unsolved = np.exp(left)
    later = unsolved * -np.expm1(100 * left)

    def share(weight):
        return (weight @ later) / (weight @ unsolved)

    effect = Estimate.from_draws(
        share(bootstrap_weights(len(left), 5000, key=key)),
        value=share(np.full(len(left), 1 / len(left))),
        n=len(left),
        level=LEVEL,
        method="bootstrap over items",
    )
    return Evidence(
        effect, note="All items of the four cells that were sampled, by their exact rates."
    )
