"""How many runs of which length tell two processes apart."""

import math

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float
from scipy import stats

from ..processes import AbstractErrorProcess
from ._process_families import ProcessFamily, find_process_family
from ._process_fit import locate, pairs_under, run_log_likelihood
from ._runs import Runs

_LONGEST = 10**7


class Distinguishability(eqx.Module):
    r"""How different two processes look in runs that are cut at some length.

    Attributes
    ----------
    divergence
        Kullback-Leibler divergence $D$ per run, in nats: the mean log-likelihood ratio if the
        first process is true.
    spread
        Standard deviation $\sigma$ of the log-likelihood ratio of a run.
    runs
        Runs needed: the number at which the paired test finds a difference with the wanted
        power. Infinite where the two have the same law up to the cut.
    excluded
        Probability that one run shows what the second process excludes.
    alternative
        The second process: the one given, or the member of the family that comes nearest; None
        if no process of the family does.
    """

    divergence: float = eqx.field(static=True)
    spread: float = eqx.field(static=True)
    runs: float = eqx.field(static=True)
    excluded: float = eqx.field(static=True)
    alternative: AbstractErrorProcess


def distinguish(
    truth: AbstractErrorProcess,
    alternative: AbstractErrorProcess | str | ProcessFamily,
    *,
    length: int,
    level: float = 0.95,
    power: float = 0.8,
) -> Distinguishability:
    r"""Runs of a given length that would tell two processes apart.

    The log-likelihood ratio of a run has mean $D$ (the divergence) and standard deviation
    $\sigma$ under the truth, both sums over all lengths up to the cut, without simulation. The
    mean over $m$ runs differs from 0 beyond the interval of `level` with probability `power` at

    $$m=\frac{(z_{(1+\text{level})/2}+z_{\text{power}})^2\,\sigma^2}{D^2}.$$

    Parameters
    ----------
    truth
        The process that makes the runs.
    alternative
        Another process, or a family, of which the member nearest to the truth is taken.
    length
        Steps at which every run is cut, up to ten million.
    level, power
        Of the test.

    Raises
    ------
    ValueError
        If the length is out of range, level or power is not in (0, 1), or the family excludes
        what the truth produces.

    Source: Vuong (1989), Econometrica 57, 307, for the paired test.

    Examples
    --------
    >>> from simlib.processes import Uniform
    >>> found = distinguish(Uniform(0.01), Uniform(0.02), length=100)
    >>> 30 < found.runs < 50
    True
    """
    if not 1 <= length <= _LONGEST:
        raise ValueError(f"length must lie between 1 and {_LONGEST}, got {length}.")
    for name, value in (("level", level), ("power", power)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie in (0, 1), got {value}.")
    runs = _every_outcome(length)
    with jax.enable_x64(True):
        log_p = run_log_likelihood(truth, runs)
        p = np.exp(log_p)
        if isinstance(alternative, AbstractErrorProcess):
            other, log_q = alternative, run_log_likelihood(alternative, runs)
        else:
            other, log_q = _nearest(find_process_family(alternative), runs, p)
    seen = p > 0
    excluded = float(p[seen & ~np.isfinite(log_q)].sum())
    if excluded > 0:
        needed = math.log1p(-power) / math.log1p(-excluded) if excluded < 1 else 1.0
        return Distinguishability(math.inf, math.inf, max(needed, 1.0), excluded, other)
    ratio = np.where(seen, log_p - log_q, 0.0)
    divergence = max(float(p @ ratio), 0.0)
    spread = math.sqrt(max(float(p @ ratio**2) - divergence**2, 0.0))
    z = stats.norm.ppf((1 + level) / 2) + stats.norm.ppf(power)
    # Below this the difference is rounding.
    same = divergence < 1e-13 * max(1.0, float(np.abs(p @ np.where(seen, log_p, 0.0))))
    needed = math.inf if same else float(max((z * spread / divergence) ** 2, 1.0))
    return Distinguishability(divergence, spread, needed, 0.0, other)


def _every_outcome(length: int) -> Runs:
    """An error at each step, or none up to the cut."""
    steps = np.append(np.arange(1, length + 1), length)
    error = np.append(np.ones(length, dtype=np.int64), 0)
    return Runs(steps, error, np.ones_like(steps), np.arange(length + 1))


def _nearest(
    family: ProcessFamily, runs: Runs, p: Float[np.ndarray, " pairs"]
) -> tuple[AbstractErrorProcess, np.ndarray]:
    """The member with the least divergence: maximum likelihood of infinitely many runs."""
    if p[0] > 0 and (reason := family.refuses(runs)):
        raise ValueError(f"the family {family.name} excludes what the truth produces: {reason}.")
    scale = float(p @ runs.length)
    optimum = locate(family, runs, p, scale)
    process = family.build(jax.numpy.asarray(optimum.vector), jax.numpy.asarray(scale))
    return process, pairs_under(family, runs, optimum.vector, scale)
