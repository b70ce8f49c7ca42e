"""First errors, drawn one by one and kept: uniform, any hazard, heavy-tailed, with memory."""

from functools import partial

import jax
import numpy as np
from references import (
    conditioning_loop,
    first_error_loop,
    hazard_loop,
    numpyro_geometric,
    numpyro_tokens,
    of_size,
    recovery_loop,
    scipy_geometric,
)
from timing import Case

from simlib import (
    Beta,
    Gamma,
    HeavyTailed,
    KeyTokens,
    Kumaraswamy,
    LogitNormal,
    PowerGrowth,
    Uniform,
)
from simlib.mixing import Tabulated
from simlib.processes import ConstantRepair, PositionalHazard, Recoverable, SelfConditioning
from simlib.simulate import first_error, histories

ERROR_RATE, LENGTH = 1e-3, 1000
LENGTHS = np.array([1, 10, 100, 200, 500, LENGTH])
KEY = jax.random.key(0)
# As many at once as fit a core's cache, both for us and for NumPy.
CHUNK = 2**16
UNIFORM = Uniform(ERROR_RATE)


def in_chunks(draw):
    """A way to run: `draw(chunk number, size)` until there are enough."""

    def run(n):
        starts = range(0, n, CHUNK)
        return [draw(i, min(CHUNK, n - start)) for i, start in enumerate(starts)][-1]

    return run


def with_numpy(draw):
    """The same with `draw(rng, size)`, one generator for all chunks."""

    def run(n):
        rng = np.random.default_rng(0)
        return in_chunks(lambda _, size: draw(rng, size))(n)

    return run


def ours(process):
    return in_chunks(
        lambda i, size: first_error(process, key=jax.random.fold_in(KEY, i), shape=(size,))
    )


_UNIFORM_WAY = {"uniform process, same run": (ours(UNIFORM), 2**23)}

UNIFORM_CASE = Case(
    "first errors, uniform (rate 1e-3)",
    "sequences",
    {
        "first_error": (ours(UNIFORM), 2**23),
        "NumPy geometric sampler": (with_numpy(lambda r, n: r.geometric(ERROR_RATE, n)), 2**23),
        "SciPy geom.rvs": (in_chunks(lambda _, n: scipy_geometric(n, ERROR_RATE)), 2**22),
        "numpyro Predictive, geometric": (numpyro_geometric(ERROR_RATE), 2**20),
        "numba token loop, stops at the error": (
            of_size(first_error_loop, ERROR_RATE, LENGTH),
            2**17,
        ),
        "numpyro Predictive, one Bernoulli per token": (
            numpyro_tokens(ERROR_RATE, LENGTH),
            2**13,
        ),
    },
    notes="The loops over tokens give up at 1,000 tokens; the others have no limit.",
)

# -- heavy tails ------------------------------------------------------------------------------

_MIXINGS = {
    "gamma": (Gamma(mean=1e-3, variance=2e-6), lambda r, n: r.gamma(0.5, 2e-3, n)),
    "beta": (Beta(0.5, 500.0), lambda r, n: -np.log1p(-r.beta(0.5, 500.0, n))),
    "logit-normal": (
        LogitNormal(-7.0, 1.5),
        lambda r, n: np.logaddexp(0.0, r.normal(-7.0, 1.5, n)),
    ),
    "Kumaraswamy": (
        Kumaraswamy(0.5, 30.0),
        # p = (1 - u^(1/b))^(1/a) with u uniform, and x = -ln(1 - p).
        lambda r, n: -np.log1p(-((-np.expm1(-r.standard_exponential(n) / 30.0)) ** 2)),
    ),
}


def _numpy_mixture(rates, rng, size):
    with np.errstate(divide="ignore"):
        return np.ceil(rng.standard_exponential(size) / rates(rng, size))


def _mixture_case(name):
    mixing, rates = _MIXINGS[name]
    return Case(
        f"first errors, heavy-tailed ({name})",
        "sequences",
        {
            "first_error, rates from a table": (ours(HeavyTailed(Tabulated(mixing))), 2**22),
            **_UNIFORM_WAY,
            "first_error, rates drawn exactly": (ours(HeavyTailed(mixing)), 2**20),
            "NumPy, a rate and a level": (with_numpy(partial(_numpy_mixture, rates)), 2**21),
        },
    )


# -- memory -----------------------------------------------------------------------------------

# An error doubles the rate (count); half of the share of errors is added to the rate (share).
_MEMORY = {
    "count": SelfConditioning(ERROR_RATE, 1e-3, dependence="count"),
    "share": SelfConditioning(ERROR_RATE, 0.5, dependence="share"),
}
_REPAIR = 0.05


def _right(process):
    return lambda n: histories(process, LENGTHS, key=KEY, replicates=n).right.value


def _numpy_conditioning(process, n):
    rng, right = np.random.default_rng(0), np.zeros(LENGTHS.size, np.int64)
    by_share, feedback = process.dependence == "share", float(process.feedback)
    free = 1 - ERROR_RATE
    for size in (min(2**12, n - start) for start in range(0, n, 2**12)):
        errors = np.zeros(size)
        for step in range(1, LENGTH + 1):
            x = errors / max(step - 1, 1) if by_share else errors
            wrong = rng.random(size) >= free * np.exp(-feedback * x)
            errors += wrong
            right += (step == LENGTHS) * np.count_nonzero(~wrong)
    return right


def _numpy_recovery(n):
    rng, right = np.random.default_rng(0), np.zeros(LENGTHS.size, np.int64)
    for size in (min(2**12, n - start) for start in range(0, n, 2**12)):
        wrong = np.zeros(size, bool)
        for step in range(1, LENGTH + 1):
            wrong = rng.random(size) < np.where(wrong, 1 - _REPAIR, ERROR_RATE)
            right += (step == LENGTHS) * np.count_nonzero(~wrong)
    return right


def _conditioning_case(name):
    process = _MEMORY[name]
    loop = of_size(conditioning_loop, ERROR_RATE, float(process.feedback), LENGTHS, name == "share")
    return Case(
        f"histories, self-conditioning on the {name} (rate 1e-3, 1000 steps)",
        "sequences",
        {
            "histories": (_right(process), 2**18),
            "numba token loop": (loop, 2**15),
            "NumPy, all sequences token by token": (partial(_numpy_conditioning, process), 2**13),
        },
    )


_RECOVERY_CASE = Case(
    "histories, recovery (rate 1e-3, repair 0.05, 1000 steps)",
    "sequences",
    {
        "histories": (_right(Recoverable(ERROR_RATE, ConstantRepair(_REPAIR))), 2**18),
        "numba token loop": (of_size(recovery_loop, ERROR_RATE, _REPAIR, LENGTHS), 2**16),
        "NumPy, all sequences token by token": (_numpy_recovery, 2**14),
    },
)

# -- any hazard -------------------------------------------------------------------------------

POSITIONS = 10**5


# A rate for each position: a slow wave around 1e-3.
WAVE = PositionalHazard(ERROR_RATE * np.exp(np.sin(np.arange(POSITIONS) / 300.0)))


def _hazard_case(name, process):
    """A process whose hazard depends on the position, next to a table of 100,000 positions."""
    trials = np.arange(1.0, POSITIONS + 1)
    cumulated = np.asarray(process.cumulative_hazard(trials))
    rates = np.asarray(process.hazard(trials))

    def search(rng, size):
        return np.searchsorted(cumulated, rng.standard_exponential(size)) + 1

    return Case(
        f"first errors, {name}",
        "sequences",
        {
            "first_error": (ours(process), 2**22),
            **_UNIFORM_WAY,
            "NumPy searchsorted in the cumulated hazard": (with_numpy(search), 2**21),
            "numba token loop, stops at the error": (of_size(hazard_loop, rates), 2**14),
        },
    )


FIRST_ERROR_CASES = [
    UNIFORM_CASE,
    _hazard_case("key tokens 3 sqrt(n)", KeyTokens(0.01, PowerGrowth(3.0, 0.5))),
    _hazard_case("a rate for each of 100,000 positions", WAVE),
    *(_mixture_case(name) for name in _MIXINGS),
    *(_conditioning_case(name) for name in _MEMORY),
    _RECOVERY_CASE,
]
