"""Rare events: 1 / (squared relative error x seconds), next to counting.

A case here counts *precision*, one over the squared relative error of an estimate, in
millionths: a relative error of 1 % is 10^10 of them. The ratio of two ways is then the time that
one needs over that of the other for the same error. The sizes of the estimators were chosen to
give the relative error stated; this program measures it, and says what counting would need:

    python benchmarks/precision.py

The error of counting, which would hardly see an event, is the formula sqrt((1-p)/(pR)).
"""

import jax

jax.config.update("jax_enable_x64", True)

from timing import Case  # noqa: E402

from simlib import Gamma, HeavyTailed, KeyTokens, PowerGrowth, Uniform  # noqa: E402
from simlib.processes import SelfConditioning  # noqa: E402
from simlib.simulate import (  # noqa: E402
    gain_over_plain,
    histories,
    rare_errors,
    rare_survival,
    stratified_survival,
    survival,
)

KEY = jax.random.key(0)
UNIFORM, LONG = Uniform(0.01), 2062
KEY_TOKENS, LONGER = KeyTokens(0.05, PowerGrowth(2.0, 0.5)), 40_000
HEAVY, LONGEST = HeavyTailed(Gamma(0.01, 0.00007)), 3 * 10**8
RELIABLE = SelfConditioning(1e-6, 0.2, dependence="share")


def counted(process, length):
    return lambda n, key: survival(process, length, key=key, replicates=n)


# Name: the estimator, and the same event counted.
PRECISION = {
    "survival 1e-9, uniform: splitting": (
        lambda key: rare_survival(UNIFORM, LONG, key=key, particles=2**15),
        counted(UNIFORM, LONG),
    ),
    "survival 1e-9, key tokens: splitting": (
        lambda key: rare_survival(KEY_TOKENS, LONGER, key=key, particles=2**15),
        counted(KEY_TOKENS, LONGER),
    ),
    "survival 1e-9, gamma frailty: splitting": (
        lambda key: rare_survival(HEAVY, LONGEST, key=key),
        counted(HEAVY, LONGEST),
    ),
    "survival 1e-9, gamma frailty: stratified latents": (
        lambda key: stratified_survival(HEAVY, LONGEST, key=key),
        counted(HEAVY, LONGEST),
    ),
    "5 errors in 100 steps, self-conditioning at 1e-6: splitting": (
        lambda key: rare_errors(RELIABLE, 100, 5, tail="at least", key=key, particles=2**14),
        lambda n, key: histories(RELIABLE, [100], key=key, replicates=n).right[0],
    ),
}


def measured():
    """The gain of every estimator over counting, by name."""
    return {
        name: gain_over_plain(run, plain, key=KEY, replicates=2**20)
        for name, (run, plain) in PRECISION.items()
    }


# One per cent, in millionths of 1 / relative variance; and what the default stratification gives.
_PERCENT, _STRATIFIED = 10**10, 10**19


def _counting(plain, p):
    """Counting until the precision is that many millionths."""
    return lambda size: plain(max(1, round(size * 1e-6 * (1 - p) / p)), KEY).value


def _split(process, length, particles):
    """Splitting with particles in proportion to the precision wanted, but never too few to work."""
    number = lambda size: max(2**10, round(particles * size / _PERCENT))
    return lambda size: rare_survival(process, length, key=KEY, particles=number(size)).value


PRECISION_CASES = [
    Case(
        "survival of 1e-9, uniform errors",
        "millionths of 1 / relative variance",
        {
            "splitting, to 1 %": (_split(UNIFORM, LONG, 2**15), _PERCENT),
            "counting": (_counting(counted(UNIFORM, LONG), 1e-9), 1000),
        },
    ),
    Case(
        "survival of 1e-9, gamma frailty",
        "millionths of 1 / relative variance",
        {
            "stratified latents, to 3e-7": (
                lambda _: stratified_survival(HEAVY, LONGEST, key=KEY).value,
                _STRATIFIED,
            ),
            "splitting, to 1 %": (_split(HEAVY, LONGEST, 2**14), _PERCENT),
            "counting": (_counting(counted(HEAVY, LONGEST), 9.3e-10), 1000),
        },
        notes="The latent is one number; splitting does not need that its law can be tabulated.",
    ),
]


def main():
    for name, gain in measured().items():
        print(
            f"{name}\n  {gain.estimate}\n  {gain.seconds:.3g} s, relative error "
            f"{gain.relative_error:.2g}; counting would need {gain.at_equal_numbers:.2g} times the "
            f"numbers, {gain.at_equal_time:.2g} times the time"
        )


if __name__ == "__main__":
    main()
