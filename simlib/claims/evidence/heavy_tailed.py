"""Evidence on heavy-tailed difficulty: transforms, power laws, and the items of the traces."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import sympy as sp

from ... import fit, simulate
from ..._estimate import Estimate
from ...formulas import Proof, heavy_tailed, k, key_tokens, n, prove_equal
from ...mixing import Beta, Gamma, PositiveStable
from ...processes import HeavyTailed, KeyTokens, PowerGrowth
from ...traces import load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL, joint_level
from ._effects import difference, scaled, stacked

_REPLICATES = 1_000_000
_RESAMPLES = 30_000


@functools.cache
def _groups(model: str) -> list[tuple[str, np.ndarray]]:
    items = load(f"answers-{model}").exact()
    return [
        (f"{task} {level}", rows["log_p"].to_numpy())
        for (task, level), rows in items.group_by("task", "level", maintain_order=True)
    ]


def _survival(process: HeavyTailed, lengths, *, key, level: float) -> Estimate:
    return simulate.survival(
        process, jnp.asarray(lengths), key=key, replicates=_REPLICATES, level=level
    )


# -- transforms ----------------------------------------------------------------------------


@evidence("heavy_tailed.laplace_transform", "derived")
def _transform_proofs() -> Evidence:
    integral = heavy_tailed.gamma_frailty_integral.doit(conds="none")
    logistic = heavy_tailed.log_logistic_integral.doit(conds="none")
    return Evidence(
        (
            prove_equal(sp.simplify(integral), heavy_tailed.gamma_frailty.expression),
            prove_equal(logistic, heavy_tailed.log_logistic.expression),
            heavy_tailed.gamma_frailty.prove(),
            heavy_tailed.beta_mixture.prove(),
        ),
        note="SymPy evaluates the integrals over the mixing distribution.",
    )


@evidence("heavy_tailed.laplace_transform", "simulated")
def _transform_simulated(*, key) -> Evidence:
    cases = [(Gamma(0.01, 2e-4), 100), (Beta(0.3, 5.0), 50), (PositiveStable(0.6, 0.02), 30)]
    ratios = []
    for (mixing, length), case_key in zip(cases, jax.random.split(key, len(cases)), strict=True):
        process = HeavyTailed(mixing)
        # Units and trials drawn one by one: the definition at work, not the transform.
        found = simulate.token_by_token(
            process, jnp.array([length]), key=case_key, replicates=_REPLICATES // 2,
            level=joint_level(len(cases)),
        )[0]  # fmt: skip
        ratios.append(scaled(found, 1 / process.survival(length)))
    return Evidence(stacked(ratios), note="Gamma, beta and stable mixtures, token by token.")


@evidence("heavy_tailed.falling_hazard", "derived")
def _hazard_falls() -> Evidence:
    log_survival = heavy_tailed.gamma_log_laplace.expression
    slope = sp.factor(sp.diff(-log_survival, n, 2))
    theta = heavy_tailed.hazard_variance / heavy_tailed.mean_hazard**2
    marginal = heavy_tailed.gamma_marginal_hazard.expression.subs(
        {
            heavy_tailed.frailty_variance: theta,
            heavy_tailed.unit_hazard: heavy_tailed.mean_hazard,
            heavy_tailed.cumulative_hazard: heavy_tailed.mean_hazard * n,
        },
        simultaneous=True,
    )
    return Evidence(
        (symbolic(slope.is_negative), prove_equal(sp.diff(-log_survival, n), marginal)),
        note="Sign of the derivative of the marginal hazard under gamma frailty.",
    )


@evidence("heavy_tailed.falling_hazard", "simulated")
def _hazard_falls_simulated(*, key) -> Evidence:
    process = HeavyTailed(Gamma(0.01, 1e-4))
    early_late = simulate.hazard(
        process, jnp.array([1, 20, 21, 400]), key=key, replicates=_REPLICATES, level=LEVEL
    )
    early, late = early_late[0], early_late[-1]
    return Evidence(
        scaled(difference(late, early, level=LEVEL), 1 / early.value),
        note="Gamma frailty of variance one; hazard of token 1 and of tokens up to 400.",
    )


@evidence("heavy_tailed.imitates_key_tokens", "derived")
def _imitation_proof() -> Evidence:
    stable = heavy_tailed.stable_frailty
    # Same curve: lambda_key c n^a with lambda_key c = unit_hazard^a.
    power = sp.exp(-(heavy_tailed.unit_hazard**heavy_tailed.stable_index) * (
        n**heavy_tailed.stable_index
    ))  # fmt: skip
    return Evidence(
        (prove_equal(stable.expression, power), stable.prove(), key_tokens.power_survival.prove()),
        note="The key-token law with $\\lambda c$ equal to the power of the unit hazard.",
    )


@evidence("heavy_tailed.imitates_key_tokens", "simulated")
def _imitation_simulated(*, key) -> Evidence:
    key_rate, index = 0.01, 0.5
    keyed = KeyTokens(key_rate, PowerGrowth(3.0, index))
    scale = (-np.log1p(-key_rate) * 3.0) ** (1 / index)
    mixed = HeavyTailed(PositiveStable(index, scale))
    lengths = np.array([100, 1000, 4000])
    found = _survival(mixed, lengths, key=key, level=joint_level(len(lengths)))
    return Evidence(
        scaled(found, 1 / np.asarray(keyed.survival(lengths))),
        note="Frailty simulated, key tokens computed; neither was fitted to the other.",
    )


# -- power laws ----------------------------------------------------------------------------


@evidence("heavy_tailed.power_law", "derived")
def _watson_proofs() -> Evidence:
    watson = heavy_tailed.watson_integral.doit(conds="none")
    a, b, attempts = heavy_tailed.shape_a, heavy_tailed.shape_b, sp.Symbol("K", positive=True)

    def stirling(z):
        return (z - sp.Rational(1, 2)) * sp.log(z) - z

    # ln [Gamma(b+k) k^a / Gamma(a+b+k)] -> 0, by Stirling's series (remainders are O(1/k)).
    remainder = sp.limit(
        stirling(b + attempts) - stirling(a + b + attempts) + a * sp.log(attempts), attempts, sp.oo
    )
    return Evidence(
        (
            prove_equal(watson, heavy_tailed.watson_leading.expression),
            symbolic(sp.simplify(remainder) == 0),
            heavy_tailed.beta_asymptote.prove(),
        ),
        note="Watson's integral, and the limit of the exact beta mixture.",
    )


@evidence("heavy_tailed.power_law", "simulated")
def _watson_simulated(*, key) -> Evidence:
    cases = [(0.3, 5.0, 3_000), (0.7, 2.0, 1_000), (0.9, 3.0, 400)]
    level = joint_level(len(cases))
    ratios = []
    for (a, b, attempts), case_key in zip(cases, jax.random.split(key, len(cases)), strict=True):
        found = simulate.conditional_survival(
            HeavyTailed(Beta(a, b), event="success"), np.array([attempts]), key=case_key,
            replicates=1_500_000, level=level,
        )[0]  # fmt: skip
        ratios.append(scaled(found, 1 / heavy_tailed.beta_asymptote(attempts, a, b)))
    return Evidence(stacked(ratios), note="Beta populations, success rates drawn.")


@evidence("heavy_tailed.light_mass_suffices", "derived")
def _light_mass_proof() -> Evidence:
    five = [(heavy_tailed.shape_a, sp.Integer(5)), (heavy_tailed.shape_b, sp.Integer(5))]
    exact = sp.gammasimp(heavy_tailed.beta_mixture.expression.subs(five))
    constant = sp.limit(exact * k**5, k, sp.oo)
    return Evidence(
        (
            symbolic(sp.simplify(constant - sp.gamma(10) / sp.gamma(5)) == 0),
            symbolic(sp.limit((1 - k) ** 4 * k**4, k, 0) == 0),
        ),
        note="Exact rational function of k; its limit times the fifth power.",
    )


@evidence("heavy_tailed.power_law_forces_density", "derived")
def _counterexample() -> Evidence:
    # Density proportional to p^(b-1) (2 + sin(1/p)) near 0, b = 3/2: continuous on [0, delta].
    b = mpmath.mpf("1.5")

    def oscillating(attempts: int) -> Any:
        # Exact transform of the oscillating part, relative to Gamma(b) k^-b.
        z = mpmath.mpc(0, -1) / attempts
        value = 2 * mpmath.im(z ** (b / 2) * mpmath.besselk(b, 2 * mpmath.sqrt(-1j * attempts)))
        return abs(value) / (mpmath.gamma(b) * mpmath.mpf(attempts) ** -b)

    with mpmath.workdps(50):
        shares = [oscillating(10**j) for j in (1, 2, 3)]
        clean_power_law = shares[2] < 1e-15 and shares[2] < shares[1] < shares[0]
        # Along p = 1/(2 pi m + pi/2) the ratio is 3/2, along p = 1/(2 pi m - pi/2) it is 1/2.
        ratios = [
            (2 + mpmath.sin(2 * mpmath.pi * 10**6 + sign * mpmath.pi / 2)) / 2 for sign in (1, -1)
        ]
    no_limit = abs(ratios[0] - ratios[1]) > 0.9
    if not (clean_power_law and no_limit):
        return Evidence(None, note="The counterexample could not be confirmed.")
    refuted = Proof(
        holds=False,
        method="sampled",
        points=3,
        largest=float(abs(ratios[0] - 1)),
        counterexample=(("tail_exponent", float(b)),),
    )
    return Evidence(
        refuted,
        note="Density $p^{b-1}(2+\\sin(1/p))$, $b=3/2$: coverage is a clean power law, the density "
        "has no limit. Karamata's theorem gives the distribution function only.",
    )


@evidence("heavy_tailed.exponent_inflation", "derived")
def _inflation_proof() -> Evidence:
    unsolved = heavy_tailed.all_fail
    # d ln(-ln(1-I)) / d ln I
    factor = sp.diff(sp.log(-sp.log(1 - unsolved)), unsolved) * unsolved
    formula = heavy_tailed.slope_inflation
    return Evidence((prove_equal(formula.expression, factor), formula.prove()))


@evidence("heavy_tailed.exponent_inflation", "simulated")
def _inflation_simulated(*, key) -> Evidence:
    attempts = np.array([4, 5])
    process = HeavyTailed(Beta(0.3, 5.0), event="success")
    found = simulate.conditional_survival(
        process, attempts, key=key, replicates=4_000_000, level=LEVEL
    )
    middle = np.sqrt(np.prod(np.asarray(found.value)))

    # Both exponents from the same draws: their errors cancel except for the curvature of g, so
    # the interval follows from moving both values together by their standard errors.
    def ratio(values):
        outer = np.diff(np.log(-np.log1p(-values)))[0]
        return outer / np.diff(np.log(values))[0] / heavy_tailed.slope_inflation(middle)

    values = np.asarray(found.value)
    shifts = [float(ratio(values * (1 + s * np.asarray(found.stderr) / values))) for s in (-1, 1)]
    stderr = abs(shifts[1] - shifts[0]) / 2
    return Evidence(
        Estimate.from_mean(float(ratio(values)), stderr, found.n, level=LEVEL),
        note="Beta population between four and five attempts.",
    )


# -- the items of the traces ---------------------------------------------------------------


@traced("heavy_tailed.beta_fits")
def _beta_against_ex_gaussian(*, model: str) -> Evidence:
    groups = _groups(model)
    level = joint_level(len(groups))
    gains = [
        fit.log_likelihood_gain(
            fit.fit_mixing(log_p, "beta"), fit.fit_mixing(log_p, "exGaussian"), level=level
        )
        for _, log_p in groups
    ]
    return Evidence(stacked(gains), note=f"{len(groups)} combinations of task and level.")


@traced("heavy_tailed.one_exponent")
def _steepening(*, model: str, key) -> Evidence:
    groups = _groups(model)
    level = joint_level(len(groups))
    found = [
        fit.tail_exponent(
            log_p, np.array([0.05, 0.2]), key=k_, level=level, resamples=_RESAMPLES
        ).steepening
        for (_, log_p), k_ in zip(groups, jax.random.split(key, len(groups)), strict=True)
    ]
    return Evidence(stacked(found), note=f"{len(groups)} combinations of task and level.")


@traced("heavy_tailed.no_gap_at_zero")
def _smallest_rates(*, model: str) -> Evidence:
    log_p = np.concatenate([x for _, x in _groups(model)])
    tiny = int((log_p < np.log(1e-12)).sum())
    return Evidence(
        Estimate.from_counts(tiny, len(log_p), level=LEVEL, method="clopper-pearson"),
        note="All items together.",
    )
