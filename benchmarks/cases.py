"""What is measured, and against what.

Every reference does the same job with NumPy, SciPy or plain JAX as a practised user would write
it: vectorised, in chunks that fit the cache, without needless copies.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from first_errors import FIRST_ERROR_CASES
from fits import FIT_CASES
from forecasts import FORECAST_CASES
from jax.sharding import Mesh
from precision import PRECISION_CASES
from reduction import REDUCTION_CASES
from scipy import optimize, special
from timing import Case

from simlib import Beta, ConstantRate, Gamma, HeavyTailed, KeyTokens, PowerGrowth, Uniform
from simlib._levels import exponential_level
from simlib.mixing._log_gamma import log_gamma
from simlib.simulate import first_error, pass_at_k, survival, token_by_token

ERROR_RATE = 1e-3
LENGTHS = np.array([1, 10, 100, 200, 500, 1000])
CHUNK = 2**16
KEY = jax.random.key(0)


def chunks(n):
    return [min(CHUNK, n - start) for start in range(0, n, CHUNK)]


def engine(process, n, *, devices=None):
    mesh = Mesh(np.asarray(jax.devices()[:devices]), ("replicates",))
    return survival(process, LENGTHS, key=KEY, replicates=n, mesh=mesh).value


def single(function, process):
    """The same in single precision, with parameters to match."""

    def run(n):
        with jax.enable_x64(False):
            return function(jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), process), n)

    return run


def numpy_geometric(n):
    rng = np.random.default_rng(0)
    counts = np.zeros(LENGTHS.size, np.int64)
    for size in chunks(n):
        first = rng.geometric(ERROR_RATE, size)
        counts += [np.count_nonzero(first > length) for length in LENGTHS]
    return counts


def numpy_inversion(n):
    rng = np.random.default_rng(0)
    levels = -LENGTHS * np.log1p(-ERROR_RATE)
    counts = np.zeros(LENGTHS.size, np.int64)
    for size in chunks(n):
        drawn = rng.standard_exponential(size)
        counts += [np.count_nonzero(drawn > level) for level in levels]
    return counts


def numpy_tokens(n):
    rng = np.random.default_rng(0)
    counts = np.zeros(LENGTHS.size, np.int64)
    for size in (min(1024, n - start) for start in range(0, n, 1024)):
        wrong = rng.random((size, LENGTHS[-1]), dtype=np.float32) < ERROR_RATE
        first = np.where(wrong.any(1), wrong.argmax(1) + 1, LENGTHS[-1] + 1)
        counts += [np.count_nonzero(first > length) for length in LENGTHS]
    return counts


@partial(jax.jit, static_argnums=0)
def _jax_tokens(size, key):
    wrong = jax.random.uniform(key, (size, int(LENGTHS[-1])), jnp.float32) < ERROR_RATE
    first = jnp.where(wrong.any(1), wrong.argmax(1) + 1, LENGTHS[-1] + 1)
    return (first[:, None] > LENGTHS).sum(0)


def jax_tokens(n):
    size = min(1024, n)
    return [_jax_tokens(size, jax.random.fold_in(KEY, i)) for i in range(max(1, n // size))]


KEY_TOKENS = KeyTokens(0.01, PowerGrowth(3.0, 0.5))


def numpy_key_tokens(n):
    rng = np.random.default_rng(0)
    count = np.asarray(KEY_TOKENS.growth.count(np.arange(1.0, LENGTHS[-1] + 1)))
    hazard = -np.log1p(-0.01) * count
    counts = np.zeros(LENGTHS.size, np.int64)
    for size in chunks(n):
        first = np.searchsorted(hazard, rng.standard_exponential(size)) + 1
        counts += [np.count_nonzero(first > length) for length in LENGTHS]
    return counts


GAMMA = HeavyTailed(Gamma(mean=0.01, variance=2e-4))
BETA = HeavyTailed(Beta(0.3, 5.0), event="success")


def numpy_gamma(n):
    rng = np.random.default_rng(0)
    counts = np.zeros(LENGTHS.size, np.int64)
    for size in chunks(n):
        time = rng.standard_exponential(size) / rng.gamma(0.5, 0.02, size)
        counts += [np.count_nonzero(time > length) for length in LENGTHS]
    return counts


def numpy_beta(n):
    rng = np.random.default_rng(0)
    counts = np.zeros(LENGTHS.size, np.int64)
    for size in chunks(n):
        with np.errstate(divide="ignore"):
            time = rng.standard_exponential(size) / -np.log1p(-rng.beta(0.3, 5.0, size))
        counts += [np.count_nonzero(time > length) for length in LENGTHS]
    return counts


def attempts(n):
    return np.geomspace(1, 1e6, n)


def scipy_coverage(n):
    k = attempts(n)
    return -np.expm1(special.betaln(0.3, 5.0 + k) - special.betaln(0.3, 5.0))


_coverage = jax.jit(lambda process, k: process.coverage(k))
_horizon = jax.jit(lambda process, r: process.horizon(r))
# Non-key errors leave no closed-form inverse.
MIXED = KeyTokens(0.01, PowerGrowth(3.0, 0.5), ConstantRate(1e-4))


def scipy_horizon(n):
    rate, slope = -np.log1p(-0.01), -np.log1p(-1e-4)

    def excess(length, level):
        key = min(length, 2.25 + 3 * length**0.5 - 4.5) if length > 2.25 else length
        return rate * key + slope * (length - key) - level

    levels = -np.log(np.linspace(0.01, 0.99, n))
    return [optimize.brentq(excess, 0.0, 1e6, args=(level,)) for level in levels]


@partial(jax.jit, static_argnums=(0, 1))
def _draw(sampler, size, key):
    return sampler(key, size)


def draws(sampler):
    def run(n):
        return [
            _draw(sampler, CHUNK, jax.random.fold_in(KEY, i)) for i in range(max(1, n // CHUNK))
        ]

    return run


def _ours(key, size):
    return exponential_level(key, (size,))


def _jax_exponential(key, size):
    return jax.random.exponential(key, (size,), float)


def _log_gamma(key, size):
    return log_gamma(key, jnp.asarray(0.3), (size,))


def _jax_log_gamma(key, size):
    return jax.random.loggamma(key, 0.3, (size,), float)


def numpy_exponential(n):
    rng = np.random.default_rng(0)
    return [rng.standard_exponential(size) for size in chunks(n)][-1]


def numpy_log_gamma(n):
    rng = np.random.default_rng(0)
    with np.errstate(divide="ignore"):
        return [np.log(rng.standard_gamma(0.3, size)) for size in chunks(n)][-1]


UNIFORM = Uniform(ERROR_RATE)

CASES = [
    Case(
        "survival, uniform errors (rate 1e-3, six lengths up to 1000)",
        "sequences",
        {
            "engine, all devices": (partial(engine, UNIFORM), 2**27),
            "engine, one device": (partial(engine, UNIFORM, devices=1), 2**26),
            "engine, one device, single precision": (
                single(partial(engine, devices=1), UNIFORM),
                2**26,
            ),
            "NumPy geometric sampler": (numpy_geometric, 2**24),
            "NumPy exponential levels": (numpy_inversion, 2**24),
            "oracle: engine token by token": (
                lambda n: token_by_token(UNIFORM, LENGTHS, key=KEY, replicates=n).value,
                2**16,
            ),
            "NumPy, one uniform per token": (numpy_tokens, 2**16),
            "JAX, one uniform per token": (jax_tokens, 2**16),
        },
    ),
    Case(
        "survival, key tokens 3 sqrt(n)",
        "sequences",
        {
            "engine, one device": (partial(engine, KEY_TOKENS, devices=1), 2**26),
            "first errors, closed-form inverse": (
                lambda n: [first_error(KEY_TOKENS, key=KEY, shape=(c,)) for c in chunks(n)][-1],
                2**23,
            ),
            "NumPy searchsorted in the cumulative hazard": (numpy_key_tokens, 2**23),
        },
    ),
    Case(
        "survival, gamma frailty",
        "sequences",
        {
            "engine, one device": (partial(engine, GAMMA, devices=1), 2**22),
            "engine, one device, single precision": (
                single(partial(engine, devices=1), GAMMA),
                2**22,
            ),
            "NumPy gamma and exponential": (numpy_gamma, 2**22),
        },
    ),
    Case(
        "coverage of beta-distributed problems, simulated",
        "problems",
        {
            "engine, one device": (partial(engine, BETA, devices=1), 2**22),
            "NumPy beta and exponential": (numpy_beta, 2**22),
        },
    ),
    Case(
        "pass@k of attempts that share a latent (1000 tokens, four k)",
        "problems",
        {
            "engine, one device": (
                lambda n: pass_at_k(GAMMA, 1000, [1, 10, 100, 1000], key=KEY, problems=n).value,
                2**22,
            ),
        },
    ),
    Case(
        "coverage of beta-distributed problems, formula",
        "values",
        {
            "HeavyTailed.coverage": (lambda n: _coverage(BETA, attempts(n)), 2**18),
            "SciPy betaln": (scipy_coverage, 2**18),
        },
    ),
    Case(
        "horizon without closed form",
        "horizons",
        {
            "KeyTokens.horizon": (lambda n: _horizon(MIXED, np.linspace(0.01, 0.99, n)), 2**16),
            "SciPy brentq": (scipy_horizon, 2**10),
        },
    ),
    Case(
        "exponential levels",
        "draws",
        {
            "exponential_level": (draws(_ours), 2**25),
            "jax.random.exponential": (draws(_jax_exponential), 2**25),
            "NumPy standard_exponential": (numpy_exponential, 2**24),
        },
        notes="ours resolves 2^-64 in both tails, jax.random.exponential 2^-52 in one.",
    ),
    Case(
        "log of gamma draws (shape 0.3)",
        "draws",
        {
            "log_gamma": (draws(_log_gamma), 2**22),
            "jax.random.loggamma": (draws(_jax_log_gamma), 2**19),
            "NumPy log of standard_gamma": (numpy_log_gamma, 2**22),
        },
    ),
]

CASES = FIRST_ERROR_CASES + CASES + PRECISION_CASES + FIT_CASES + FORECAST_CASES
CASES += REDUCTION_CASES
