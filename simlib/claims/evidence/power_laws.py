"""Evidence on power laws of coverage: theorems, published fits, and the curves of the traces."""

import functools

import jax
import jax.numpy as jnp
import jax.scipy.stats as jstats
import numpy as np
import sympy as sp
from scipy import optimize

from ... import fit
from ..._estimate import Estimate
from ...formulas import heavy_tailed, k, power_laws, prove_equal, to_jax
from ...mixing import Beta
from ...traces import constant, load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL, joint_level
from ._effects import scaled, stacked

_MODELS = ("70m", "160m", "410m", "1b", "2_8b", "6_9b", "12b")
_RESAMPLES = 1000  # for each of the intervals that must hold jointly


def _quoted(name: str) -> float:
    return float(constant(name).value)


def _published(name: str) -> np.ndarray:
    return np.array([_quoted(name.format(m)) for m in _MODELS])


# -- theorems ------------------------------------------------------------------------------


@evidence("power_laws.remainder", "derived")
def _next_terms() -> Evidence:
    a, b = heavy_tailed.shape_a, heavy_tailed.shape_b
    proofs = []
    for whole in (1, 2, 3):  # integer first shape: an exact rational function of k
        ratio = k**whole / sp.prod([b + k + j for j in range(whole)])
        limit = sp.limit(k * (ratio - 1), k, sp.oo)
        term = power_laws.beta_next.expression.subs(a, whole) * k
        proofs.append(symbolic(sp.simplify(limit - term) == 0))
    second = heavy_tailed.watson_integral.doit(conds="none").subs(
        {heavy_tailed.tail_exponent: 2 * a, heavy_tailed.tail_coefficient: -a * b * (b - 1)}
    )
    proofs.append(prove_equal(second, heavy_tailed.kumaraswamy_next.expression))
    return Evidence(
        tuple(proofs),
        note="Limits for beta populations ($\\theta=1$) and the second Watson integral of the "
        "Kumaraswamy density ($\\theta=\\alpha$).",
    )


@evidence("power_laws.remainder", "simulated")
def _orders() -> Evidence:
    attempts = np.array([1e7, 1e8])
    effects = []
    for a, b in ((0.3, 5.0), (0.7, 2.0)):
        early = attempts / 1e4
        exact = heavy_tailed.beta_mixture(early, a, b)
        effects.append((exact / heavy_tailed.beta_asymptote(early, a, b) - 1, 1.0))
    for a, b in ((0.5, 5), (0.8, 3)):
        exact = to_jax(power_laws.kumaraswamy_sum(b), (k, heavy_tailed.shape_a))(attempts, a)
        effects.append((exact / heavy_tailed.kumaraswamy_leading(attempts, a, b) - 1, a))
    orders = [
        float(power_laws.window_exponent(*np.abs(np.asarray(error)), 10.0)) / order
        for error, order in effects
    ]
    return Evidence(
        Estimate.exact(np.array(orders)),
        note="Computed from exact shares, not drawn: two beta and two Kumaraswamy populations.",
    )


@evidence("power_laws.logarithm_is_slowest", "derived")
def _logarithm() -> Evidence:
    unsolved = heavy_tailed.all_fail
    excess = power_laws.minus_log_pass.expression / unsolved - 1
    return Evidence(
        (
            symbolic(sp.limit(excess / unsolved, unsolved, 0) == sp.Rational(1, 2)),
            power_laws.minus_log_pass.prove(),
        ),
        note="The excess is half the share unsolved, and that is of order $k^{-b}$.",
    )


@evidence("power_laws.distribution_function", "simulated")
def _distribution_function(*, key) -> Evidence:
    draws, near = 2_000_000, 0.003
    cases = (0.3, 0.6)
    found = []
    for b, case_key in zip(cases, jax.random.split(key, len(cases)), strict=True):
        propose, accept = jax.random.split(case_key)
        hazard = jax.random.gamma(propose, b, (draws,))
        keep = jax.random.uniform(accept, (draws,)) * 3 < 2 + jnp.sin(1 / hazard)
        inside = int((keep & (hazard <= near)).sum())
        # A is what coverage shows: the limit of its share unsolved times k^b.
        at = {power_laws.tail_exponent: sp.nsimplify(b)}
        scale = (power_laws.oscillating_all_fail * (k + 1) ** power_laws.tail_exponent).subs(
            {**at, k: 10_000}
        )
        implied = float(scale.evalf(20) * near**b / sp.gamma(1 + b))
        share = Estimate.from_counts(inside, int(keep.sum()), level=joint_level(len(cases)))
        found.append(scaled(share, 1 / implied))
    return Evidence(
        stacked(found),
        note="Density $x^{b-1}(2+\\sin(1/x))e^{-x}$ of the hazard, $b=0.3$ and $0.6$; the power "
        "law is read off its exact coverage at ten thousand attempts.",
    )


@evidence("power_laws.converse_covers_the_data", "derived")
def _hypotheses() -> Evidence:
    exponents = [*_published("schaeffer.exponent_pythia_{}")]
    exponents += [
        float(constant(f"schaeffer.exponent_jailbreak_{x}").value) for x in ("low", "high")
    ]
    p = power_laws.rate
    bounded = [sp.limit(p ** (sp.nsimplify(b) - 1), p, 0, "+") != sp.oo for b in exponents]
    return Evidence(
        symbolic(any(bounded)),
        note=f"A continuous density is bounded, $p^{{b-1}}$ is not for $b<1$, and the largest of "
        f"{len(exponents)} published exponents is {max(exponents):g}.",
    )


@evidence("power_laws.zipf_sum", "derived")
def _zipf_proof() -> Evidence:
    integral = power_laws.zipf_integral.doit(conds="none")
    return Evidence(
        (prove_equal(integral, power_laws.zipf_leading.expression), power_laws.zipf_leading.prove())
    )


@evidence("power_laws.zipf_sum", "simulated")
def _zipf_simulated(*, key) -> Evidence:
    kinds = np.arange(1.0, 2_000_001)
    cases = [(0.5, 1e3), (0.5, 1e4), (1.0, 1e3), (1.0, 1e4)]
    level, draws, found = joint_level(len(cases)), 2_000_000, []
    for (alpha, examples), case_key in zip(cases, jax.random.split(key, len(cases)), strict=True):
        first = 1 / float(sp.zeta(1 + alpha))
        theta = first * kinds ** -(1 + alpha)
        drawn = np.searchsorted(
            np.cumsum(theta), np.asarray(jax.random.uniform(case_key, (draws,), dtype=float))
        )
        # Kinds beyond the list are never among the examples.
        rate = np.append(theta, 0.0)[drawn]
        unseen = np.exp(examples * np.log1p(-rate))
        mean = Estimate.from_mean(unseen.mean(), unseen.std() / draws**0.5, draws, level=level)
        found.append(scaled(mean, 1 / power_laws.zipf_leading(examples, first, alpha)))
    return Evidence(stacked(found), note="Exponents 1/2 and 1, a thousand and ten thousand draws.")


# -- published fits ------------------------------------------------------------------------


@evidence("power_laws.fitted_exponent_is_tail_exponent", "simulated")
def _fitted_exponents(*, key) -> Evidence:
    tail, second = (
        _published(f"schaeffer.{x}_{{}}") for x in ("beta_shape", "beta_second_shape_pythia")
    )
    batches, units = 24, 20_000
    log_p = Beta(tail, second).sample_log_rate((batches * units, len(tail)), key=key)
    hazard = -np.log1p(-np.exp(np.asarray(log_p))).reshape(batches, units, len(tail))
    attempts = np.geomspace(1, 1e4, 13)
    solved = np.stack([-np.expm1(-x * hazard).mean(1) for x in attempts])
    level = np.log(-np.log(solved)).reshape(len(attempts), -1)
    slopes = -np.polyfit(np.log(attempts), level, 1)[0].reshape(batches, len(tail)) / tail
    return Evidence(
        Estimate.from_mean(
            slopes.mean(0), slopes.std(0, ddof=1) / batches**0.5, batches * units,
            level=joint_level(len(tail)),
        ),
        note="Beta populations fitted to the released counts of seven Pythia models; thirteen "
        "numbers of attempts from one to ten thousand.",
    )  # fmt: skip


@evidence("power_laws.brown_coefficients", "derived")
def _coefficients() -> Evidence:
    coefficient, observed = (
        _published("brown.coefficient_pythia_{}"),
        _published("schaeffer.coverage_1_pythia_{}"),
    )
    natural, decimal = np.exp(coefficient) / observed, 10.0**coefficient / observed
    return Evidence(
        symbolic(bool((natural < 2).all())),
        note=f"At one attempt the printed form gives {natural.min():.0f} to {natural.max():.0f} "
        f"times the share of successes in the released counts; ten instead of e gives "
        f"{decimal.min():.1f} to {decimal.max():.1f} times.",
    )


@evidence("power_laws.counts_show_an_atom", "simulated")
def _atom_distance(*, key) -> Evidence:
    attempts, problems = (
        int(constant("schaeffer.attempts").value),
        constant("schaeffer.problems").value,
    )
    tail = float(constant("schaeffer.beta_shape_160m").value)
    second = float(constant("schaeffer.beta_second_shape_pythia_160m").value)
    shapes, count = _nearest_with_atom(tail, second, attempts), np.arange(attempts + 1.0)
    ratio = _log_pmf(count, attempts, tail, second) - _with_atom(count, attempts, shapes)
    draw, sample = jax.random.split(key)
    rates = jnp.exp(Beta(tail, second).sample_log_rate((300_000,), key=draw))
    drawn = np.asarray(jax.random.binomial(sample, attempts, rates)).astype(int)
    values = ratio[drawn] * problems
    return Evidence(
        Estimate.from_mean(
            values.mean(), values.std(ddof=1) / len(values) ** 0.5, len(values), level=LEVEL
        ),
        note=f"Truth: beta population of Pythia 160M without impossible problems. Rival: a fifth "
        f"impossible, tail exponent {np.exp(shapes[0]):.2f} instead of {tail:g}.",
    )


_ATOM = 0.2


def _log_pmf(count: np.ndarray, attempts: int, a: float, b: float) -> np.ndarray:
    return np.asarray(jstats.betabinom.logpmf(count, float(attempts), a, b))


def _with_atom(count: np.ndarray, attempts: int, log_shapes: np.ndarray) -> np.ndarray:
    inside = _log_pmf(count, attempts, *np.exp(log_shapes)) + np.log1p(-_ATOM)
    return np.where(count == 0, np.logaddexp(inside, np.log(_ATOM)), inside)


def _nearest_with_atom(a: float, b: float, attempts: int) -> np.ndarray:
    """Log-shapes of the beta part, with an atom, closest to Beta(a, b) in Kullback divergence."""
    count = np.arange(attempts + 1.0)
    truth = _log_pmf(count, attempts, a, b)
    distance = lambda x: float(np.exp(truth) @ (truth - _with_atom(count, attempts, x)))
    return optimize.minimize(distance, np.log([a, b]), method="Nelder-Mead").x


# -- the curves of the traces --------------------------------------------------------------


@functools.cache
def _items(model: str):
    return load(f"answers-{model}").exact()


def _whole(model: str, starts: np.ndarray, *, key, **options) -> fit.CoverageSlopes:
    """Slopes of all items together, as one benchmark."""
    return fit.coverage_slopes(
        _items(model)["log_p"].to_numpy(), starts, key=key, resamples=2000, level=LEVEL, **options
    )


@traced("power_laws.cells_follow_power_laws")
def _cells(*, model: str, key) -> Evidence:
    starts = np.geomspace(1, 1e4, 17)
    groups = [
        rows["log_p"].to_numpy()
        for _, rows in _items(model).group_by("task", "level", maintain_order=True)
    ]
    # Asked: at least a twentieth unsolved after a hundred attempts, the first pair of decades.
    hard = [x for x in groups if np.exp(100 * np.log1p(-np.exp(x))).mean() >= 0.05]
    found = [
        fit.coverage_slopes(
            x, starts, key=cell_key, resamples=_RESAMPLES * len(hard), level=joint_level(len(hard))
        ).steadiest
        for x, cell_key in zip(hard, jax.random.split(key, len(hard)), strict=True)
    ]
    return Evidence(
        stacked(found),
        note=f"{len(hard)} of {len(groups)} combinations of task and level; the others are solved "
        "within a hundred attempts.",
    )


@traced("power_laws.benchmarks_have_straight_decades")
def _straight(*, model: str, key) -> Evidence:
    found = _whole(model, np.geomspace(1, 1e4, 17), key=key)
    best = int(np.abs(np.log(np.asarray(found.drift.value))).argmin())
    return Evidence(
        found.steadiest, note=f"The pair starts at about {found.attempts[best]:.0f} attempts."
    )


@traced("power_laws.straight_decades_continue")
def _continued(*, model: str, key) -> Evidence:
    found = _whole(model, np.array([100.0]), key=key, factor=100.0, floor=0.01)
    return Evidence(found.drift, note="All items as one benchmark.")


@traced("power_laws.either_quantity_will_do")
def _either(*, model: str, key) -> Evidence:
    found = _whole(model, np.array([100.0]), key=key, factor=100.0, floor=0.01)
    return Evidence(found.inflation, note="All items as one benchmark.")
