"""The same jobs done with SciPy, numba and numpyro; the last two are optional.

A loop over tokens in a compiled language is what most people would write first. numba compiles
it as C would be, with one uniform number per token from a generator of NumPy (PCG64), which is
several times faster there than numba's own.
"""

from functools import cache, partial
from typing import Any

import jax
import numpy as np
from scipy import stats
from timing import Missing

try:
    import numba
except ImportError:
    numba: Any = None
try:
    import numpyro
    from numpyro import distributions
    from numpyro.infer import Predictive
except ImportError:
    numpyro: Any = None


def compiled(function):
    """The function compiled by numba; where numba is missing, a note that says so."""
    return Missing("numba") if numba is None else numba.njit(function)


def of_size(loop, *arguments):
    """A way to run: the compiled loop as a function of the number of sequences."""
    if isinstance(loop, Missing):
        return loop
    return lambda size: loop(size, np.random.default_rng(0), *arguments)


@compiled
def first_error_loop(size, rng, error_rate, longest):
    """First error of each sequence, token by token, stopped there or at the longest length."""
    first = np.empty(size, np.int32)
    for i in range(size):
        n = 1
        while n <= longest and rng.random() >= error_rate:
            n += 1
        first[i] = n
    return first


@compiled
def hazard_loop(size, rng, error_rates):
    """The same with an error rate for each position."""
    first = np.empty(size, np.int32)
    for i in range(size):
        n = 0
        while n < error_rates.size and rng.random() >= error_rates[n]:
            n += 1
        first[i] = n + 1
    return first


@compiled
def conditioning_loop(size, rng, error_rate, feedback, lengths, by_share):
    """Right steps at each length where errors breed errors; every step is drawn."""
    right = np.zeros(lengths.size, np.int64)
    # exp(-feedback) once: the count raises the hazard in equal parts.
    factor = np.exp(-feedback)
    for _ in range(size):
        errors, at, free = 0, 0, 1.0 - error_rate
        for step in range(1, lengths[-1] + 1):
            if by_share and errors and step > 1:
                free = (1.0 - error_rate) * np.exp(-feedback * errors / (step - 1))
            wrong = rng.random() >= free
            if wrong:
                errors += 1
                if not by_share:
                    free *= factor
            if step == lengths[at]:
                right[at] += not wrong
                at += 1
    return right


@compiled
def recovery_loop(size, rng, break_rate, repair_rate, lengths):
    """Right steps at each length of a chain that breaks and is repaired; every step is drawn."""
    right = np.zeros(lengths.size, np.int64)
    for _ in range(size):
        wrong, at = False, 0
        for step in range(1, lengths[-1] + 1):
            drawn = rng.random()
            wrong = drawn >= repair_rate if wrong else drawn < break_rate
            if step == lengths[at]:
                right[at] += not wrong
                at += 1
    return right


def scipy_geometric(size, error_rate):
    return stats.geom.rvs(error_rate, size=size, random_state=np.random.default_rng(0))


def numpyro_geometric(error_rate):
    """`Predictive` of a model with one geometric site, compiled."""
    if numpyro is None:
        return Missing("numpyro")

    def model():
        numpyro.sample("first", distributions.GeometricProbs(error_rate))

    return partial(_predict, model)


def numpyro_tokens(error_rate, length):
    """`Predictive` of a model with one Bernoulli site per token, compiled."""
    if numpyro is None:
        return Missing("numpyro")

    def model():
        numpyro.sample("wrong", distributions.Bernoulli(error_rate).expand([length]))

    return partial(_predict, model)


def _predict(model, size):
    return _compiled_predictive(model, size)(jax.random.key(0))


@cache
def _compiled_predictive(model, size):
    return jax.jit(Predictive(model, num_samples=size, parallel=True))
