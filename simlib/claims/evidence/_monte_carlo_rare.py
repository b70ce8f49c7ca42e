"""Evidence on rare events: splitting."""

import jax
import sympy as sp

from ...formulas import monte_carlo
from ...mixing import Gamma
from ...processes import HeavyTailed, KeyTokens, PowerGrowth, Uniform
from ...simulate import rare_survival
from .._evidence import Evidence, evidence
from .._finding import joint_level
from ._effects import scaled, stacked
from ._survival_tools import zero


@evidence("monte_carlo.splitting_is_unbiased", "derived")
def _splitting_proof() -> Evidence:
    """Moments of the product of independent proportions, from those of the binomial law."""
    q, p, r, k = sp.symbols("q p R K", positive=True)
    # A proportion among R is a mean of R indicators: each pair of different ones has mean q^2.
    square = (r * q + r * (r - 1) * q**2) / r**2
    relative = sp.simplify(square / q**2)
    variance = relative.subs(q, p ** (1 / k)) ** k - 1
    formula = monte_carlo.splitting_variance
    names = dict(zip(formula.arguments, (p, k, r), strict=True))
    return Evidence(
        (
            zero(relative - (1 + (1 / q - 1) / r)),
            zero(sp.powsimp(variance - formula.expression.xreplace(names), force=True)),
            formula.prove(),
        ),
        note="Means of independent proportions multiply, so the product has no bias; and so do "
        "their second moments.",
    )


@evidence("monte_carlo.splitting_is_unbiased", "simulated")
def _splitting_simulated(*, key) -> Evidence:
    cases = (
        (Uniform(0.01), 2062, 2**15),
        (KeyTokens(0.05, PowerGrowth(2.0, 0.5)), 40_000, 2**15),
        (HeavyTailed(Gamma(0.01, 0.00007)), 3 * 10**8, 2**14),
    )
    level = joint_level(len(cases))
    keys = jax.random.split(key, len(cases))
    found = [
        scaled(
            rare_survival(process, length, key=k, particles=particles, level=level),
            1 / float(process.survival(length)),
        )
        for (process, length, particles), k in zip(cases, keys, strict=True)
    ]
    return Evidence(
        stacked(found),
        note="Uniform errors, key tokens and gamma frailty, each at a survival near 1e-9.",
    )
