"""Brute force: all 2^n patterns of right and wrong trials, for n up to 12.

The oracle knows the error rate of every position (or, for mixed difficulty, the exact
probability of every pattern) from formulas written out here, and nothing of the library.
"""

from itertools import product

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from simlib.processes import AbstractErrorProcess
from tests.processes.registry import CASES, GROWTHS, MEMORY, PAIRS

LONGEST = 12
POSITIONS = np.arange(0, LONGEST + 1)


def density(count):
    """Key tokens added by each position, given k(0), k(1), ..."""
    return np.diff(count)


def rates(e_key, count, non_key):
    """Error rate of each position from the two clocks."""
    others = non_key(POSITIONS - count)
    return 1 - (1 - e_key) ** density(count) * np.exp(-np.diff(others))


def constant(e):
    return lambda m: -m * np.log(1 - e)


def decaying(h, g):
    if g == 1:
        return lambda m: h * np.log(1 + m)
    return lambda m: h * ((1 + m) ** (1 - g) - 1) / (1 - g)


def log_count(c):
    with np.errstate(divide="ignore"):
        nominal = c * np.log(POSITIONS)
    return np.clip(nominal, 0, np.maximum(POSITIONS - 1.0, 0))


def saturating(limit, scale):
    return np.minimum(limit * (1 - np.exp(-POSITIONS / scale)), POSITIONS)


COUNTS = {
    "share": lambda s: s * POSITIONS,
    "power": lambda c, a: np.minimum(c * POSITIONS**a, POSITIONS),
    # Denser than one key token per token only far beyond 12.
    "power above one": lambda c, a: c * POSITIONS**a,
    "logarithm": log_count,
    "saturating": saturating,
}
OTHERS = {
    "": lambda: lambda m: 0 * m,
    " and constant": constant,
    " and decaying": decaying,
    " and decaying as 1/m": decaying,
    " and decaying fast": decaying,
}


def oracle(growth, non_key):
    split = 1 + len(GROWTHS[growth][1])
    return lambda *x: rates(x[0], COUNTS[growth](*x[1:split]), OTHERS[non_key](*x[split:]))


def in_segments(first, second, coefficient, exponent, border):
    late = np.maximum(POSITIONS - border, 0)
    hazard = -np.log(1 - first) * np.minimum(POSITIONS, border)
    hazard -= np.log(1 - second) * np.minimum(coefficient * late**exponent, late)
    return 1 - np.exp(-np.diff(hazard))


ORACLES = {
    "uniform": lambda e: np.full(LONGEST, e),
    "segments": in_segments,
    "positional": lambda *e: np.pad(e, (0, LONGEST - len(e)), mode="edge"),
    **{name: lambda e, _: np.full(LONGEST, e) for name in MEMORY},
} | {growth + non_key: oracle(growth, non_key) for growth, non_key in PAIRS}


def patterns(n):
    return np.array(list(product([0, 1], repeat=n)))


def probabilities(error_rates, n):
    """The probability of each pattern of n trials (1 is an error)."""
    wrong = patterns(n)
    return np.prod(np.where(wrong, error_rates[:n], 1 - error_rates[:n]), axis=1)


def first_error(wrong):
    """Number of right trials before the first error; n without one."""
    n = wrong.shape[1]
    return np.where(wrong.any(1), wrong.argmax(1), n)


def check(process: AbstractErrorProcess, error_rates):
    wrong = patterns(LONGEST)
    p = probabilities(error_rates, LONGEST)
    assert p.sum() == pytest.approx(1)
    run = first_error(wrong)
    lengths = np.arange(1, LONGEST + 1)
    survival = np.array([p[run >= n].sum() for n in lengths])
    assert process.survival(lengths) == pytest.approx(survival, rel=1e-11)
    # The first error is at trial n with probability S(n-1) e_n.
    ends = np.array([p[run == n - 1].sum() for n in lengths])
    before = np.concatenate([[1.0], survival[:-1]])
    assert process.hazard(lengths) == pytest.approx(ends / before, rel=1e-9, abs=1e-12)
    assert float(process.mean_run_length(LONGEST)) == pytest.approx(p @ run, rel=1e-11)
    # Two independent attempts of 5 trials: all pairs of patterns.
    short = probabilities(error_rates, 5)
    clean = ~patterns(5).any(1)
    either = np.outer(short, short)[clean[:, None] | clean[None, :]].sum()
    assert float(process.pass_probability(5, 2)) == pytest.approx(either, rel=1e-11)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.independent])
def test_all_patterns(name):
    case = CASES[name]
    check(case.build(), ORACLES[name](*case.parameters))


def test_oracle_sees_a_wrong_position():
    # One trial with a rate 1 % too large must be noticed.
    case = CASES["power and constant"]
    wrong = ORACLES["power and constant"](*case.parameters)
    wrong[7] *= 1.01
    with pytest.raises(AssertionError):
        check(case.build(), wrong)


def test_all_patterns_of_a_beta_mixture():
    # E[p^x (1-p)^(n-x)] = B(a+x, b+n-x) / B(a, b) for x errors.
    a, b = CASES["beta"].parameters
    process = CASES["beta"].build()
    wrong = patterns(LONGEST)
    x = wrong.sum(1)
    p = np.exp(special.betaln(a + x, b + LONGEST - x) - special.betaln(a, b))
    assert p.sum() == pytest.approx(1)
    run = first_error(wrong)
    lengths = np.arange(1, LONGEST + 1)
    survival = np.array([p[run >= n].sum() for n in lengths])
    assert process.survival(lengths) == pytest.approx(survival, rel=1e-10)
    assert float(process.mean_run_length(LONGEST)) == pytest.approx(p @ run, rel=1e-10)
    # Two attempts of 5 trials share the rate: the patterns of 10 trials, cut in half.
    ten = patterns(10)
    x = ten.sum(1)
    p = np.exp(special.betaln(a + x, b + 10 - x) - special.betaln(a, b))
    either = p[~ten[:, :5].any(1) | ~ten[:, 5:].any(1)].sum()
    assert float(process.pass_probability(5, 2)) == pytest.approx(either, rel=1e-8)


def test_every_independent_process_has_an_oracle():
    assert set(ORACLES) == {name for name, case in CASES.items() if case.independent}


def test_lists_of_error_rates():
    from simlib.formulas import survival

    error_rates = np.random.default_rng(3).uniform(0, 0.4, LONGEST)
    p, run = probabilities(error_rates, LONGEST), first_error(patterns(LONGEST))
    expected = [p[run >= n].sum() for n in range(1, LONGEST + 1)]
    found = jnp.exp(survival.log_survival_of(jnp.asarray(error_rates)))
    assert found == pytest.approx(np.array(expected), rel=1e-12)
