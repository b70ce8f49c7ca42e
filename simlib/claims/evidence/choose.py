"""Evidence on how much an experiment must hold before a question has an answer."""

import jax
import numpy as np
import sympy as sp

from ..._estimate import Estimate
from ...fit import FrailPower, distinguish
from ...formulas import choose, error_rate, n, prove_equal
from .._evidence import Evidence, evidence
from .._finding import LEVEL, joint_level
from ._effects import stacked


@evidence("choose.no_errors", "derived")
def _no_errors_proof() -> Evidence:
    bound = choose.no_error_bound.expression
    return Evidence(
        (
            prove_equal((1 - bound) ** n, 1 - choose.confidence),
            choose.no_error_bound.prove(),
        ),
        note="At the bound n steps without error have probability one minus the confidence.",
    )


@evidence("choose.no_errors", "simulated")
def _no_errors_simulated(*, key) -> Evidence:
    steps, confidence, size = 500, 0.95, 2_000_000
    rate = float(choose.no_error_bound(float(steps), confidence))
    clean = np.asarray(jax.random.geometric(key, rate, (size,))) > steps
    share = Estimate.from_counts(clean.sum(), size, level=LEVEL)
    return Evidence(
        share.map(lambda x: x / (1 - confidence)), note=f"Experiments of {steps} steps."
    )


@evidence("choose.errors_count", "derived")
def _errors_count_proof() -> Evidence:
    wrong, log_rate = sp.symbols("w x", real=True)
    each = wrong * log_rate + (1 - wrong) * sp.log(1 - sp.exp(log_rate))
    # Linear in `wrong`, whose mean is the error rate.
    information = sp.diff(-each, log_rate, 2).subs(wrong, error_rate)
    information = sp.simplify(information.subs(log_rate, sp.log(error_rate)))
    return Evidence(
        prove_equal(information, error_rate / (1 - error_rate)),
        note="Per step the information on the logarithm of the rate is e/(1-e): the number of "
        "errors, but for a factor 1/(1-e) that is near one.",
    )


@evidence("choose.errors_count", "simulated")
def _errors_count_simulated(*, key) -> Evidence:
    size, mean = 100_000, 100
    found = []
    for k, rate in zip(jax.random.split(key, 3), (1e-4, 1e-3, 1e-2), strict=True):
        steps = round(mean / rate)
        errors = np.asarray(jax.random.binomial(k, steps, rate, (size,)))
        spread = np.log(np.maximum(errors, 1)).std(ddof=1) * np.sqrt(mean)
        # A standard deviation has this relative standard error for nearly normal values.
        found.append(
            Estimate.from_mean(spread, spread / np.sqrt(2 * size), size, level=joint_level(3))
        )
    return Evidence(stacked(found), note="A hundred errors on average at three error rates.")


@evidence("choose.family_decides_the_end", "simulated")
def _family_decides_the_end() -> Evidence:
    truth, length = FrailPower(60.0, 0.9, 0.8), 100
    families = ("power", "heavy_tailed", "log_logistic")
    nearest = [distinguish(truth, name, length=length).alternative for name in families]
    half = [float(process.horizon(0.5)) for process in nearest]
    if max(half) / min(half) > 1.1:
        raise RuntimeError(f"half-lives differ by more than a tenth: {half}.")
    far = [float(process.horizon(0.99)) for process in nearest]
    return Evidence(
        Estimate.exact(max(far) / min(far)),
        note=f"Nearest members of {', '.join(families)} to a Burr law in runs of {length} steps, "
        "without sampling error.",
    )
