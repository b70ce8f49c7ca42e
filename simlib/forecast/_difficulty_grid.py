r"""Expectations over a scaled mixing distribution, $p=sq$ with $q$ from a family, on fixed nodes.

The nodes lie in $t=\operatorname{logit}q$ and serve every parameter of the family: what is costly,
the likelihood of each count at each node, is computed once per data set. A trapezoidal sum in $u$
with $t=\sinh u$: near 0 as fine as the likelihoods of the largest number of attempts ask for, and
wide enough to the left and right for densities that fall like $p^{1/1000}$.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Integer

from ..fit._families import FamilyName, find_family
from ..mixing._coordinates import log_hazard_from_logit, log_rate

# |t| up to 1e5; a density of exponent 0.001 has lost all its mass there.
_REACH = 12.2
# Likelihoods are Gaussian in t with standard deviations of at least 2/sqrt(n).
_STEPS_PER_ROOT = 1.1
_WIDEST_STEP = 0.02


class DifficultyGrid:
    """Nodes, and the expectation of what is known at them under a family of distributions."""

    def __init__(self, family: FamilyName, attempts: int, scale: float = 1.0):
        step = min(_WIDEST_STEP, _STEPS_PER_ROOT / max(attempts, 1) ** 0.5)
        # One compilation serves many data sets.
        count = 512 * -(-int(2 * _REACH / step) // 512)
        u = np.linspace(-_REACH, _REACH, count)
        t = np.sinh(u)
        self.family: FamilyName = family
        self.scale = scale
        self._t = t
        self._log_step = np.log(np.cosh(u) * (u[1] - u[0]))
        log_q, log_other = -np.logaddexp(0.0, -t), -np.logaddexp(0.0, t)
        self.log_p = np.log(scale) + log_q
        # 1 - p = (1 - q) + q (1 - scale): a sum, so nothing cancels.
        rest = np.log1p(-scale) if scale < 1 else -np.inf
        self.log_miss = np.logaddexp(log_other, rest + log_q)

    def weights(
        self, vector: Float[np.ndarray, "parameters"]
    ) -> tuple[Float[np.ndarray, "nodes"], Float[np.ndarray, "nodes parameters"]]:
        """Log-weights of the nodes and their derivatives in the unconstrained parameters."""
        with jax.enable_x64(True):
            value, slope = _log_density_and_slope(self.family, jnp.asarray(vector), self._t)
            return np.asarray(value) + self._log_step, np.asarray(slope)

    def pass_at_k(
        self, vector: Float[np.ndarray, "parameters"], k: Float[np.ndarray, " k"]
    ) -> Float[np.ndarray, " k"]:
        """E[1 - (1-p)^k], from whichever of it and its complement is small."""
        weight = np.exp(self.weights(vector)[0])
        weight /= weight.sum()
        exponent = k[:, None] * self.log_miss
        solved, failed = -np.expm1(exponent) @ weight, np.exp(exponent) @ weight
        return np.where(solved < 0.5, solved, 1 - failed)


class CountLikelihood:
    r"""$\ln\mathbb E\,p^c(1-p)^{n-c}$ of each distinct pair of counts, with its slope."""

    def __init__(
        self,
        grid: DifficultyGrid,
        attempts: Integer[np.ndarray, "distinct"],
        successes: Integer[np.ndarray, "distinct"],
    ):
        self.grid = grid
        c, m = successes[:, None].astype(float), (attempts - successes)[:, None].astype(float)
        self._log = c * grid.log_p + np.where(m > 0, m * grid.log_miss, 0.0)
        self._peak = self._log.max(1)
        self._relative = np.exp(self._log - self._peak[:, None])

    def __call__(
        self, vector: Float[np.ndarray, "parameters"]
    ) -> tuple[Float[np.ndarray, "distinct"], Float[np.ndarray, "distinct parameters"]]:
        log_weight, slope = self.grid.weights(vector)
        top = log_weight.max()
        weight = np.exp(log_weight - top)
        sums = self._relative @ np.column_stack([weight, weight[:, None] * slope])
        total, change = sums[:, 0], sums[:, 1:]
        far = total < 1e-250  # density and likelihood hardly overlap: their product underflows
        if far.any():
            joint = self._log[far] + log_weight
            best = joint.max(1)
            product = np.exp(joint - best[:, None])
            value = np.empty(len(total))
            value[far] = best + np.log(product.sum(1))
            total = np.where(far, 1.0, total)
            change[far] = product @ slope / product.sum(1)[:, None]
            value[~far] = (self._peak + top + np.log(total))[~far]
        else:
            value = self._peak + top + np.log(total)
        return value, change / total[:, None]


@partial(jax.jit, static_argnums=0)
def _log_density_and_slope(family, vector, t):
    def log_density(vector):
        y = log_hazard_from_logit(t)
        # dy / d logit q = q / X
        return find_family(family).mixing(vector).log_density_log_hazard(y) + log_rate(y) - y

    return log_density(vector), jax.jacfwd(log_density)(vector)
