"""From lines and bounds to estimates, and what to say where the data set no bound."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from .._estimate import Estimate
from ._process_families import Edges
from ._runs import Runs


class Report(NamedTuple):
    """What the estimates of one fit share: the box of its vector, and what they rest on."""

    box: list[tuple[float, float]]
    n: int
    level: float
    method: str

    def estimate(
        self,
        value: Callable[[float], float],
        edges: Edges,
        line: float,
        spread: float,
        ends: np.ndarray,
        vectors: Sequence[np.ndarray],
        unit: str = "",
    ) -> Estimate:
        """A number with its interval from its line.

        `vectors` are those of the estimate and of the two ends: where one lies on an edge of the
        box, `edges` says what that stands for.
        """
        with np.errstate(over="ignore"):
            centre, *found = (
                self._natural(value, edges, x, vector)
                for x, vector in zip((line, *ends), vectors, strict=True)
            )
            slope = 1.0
            if np.isfinite(line):
                near = 1e-6 * max(1.0, abs(line))
                slope = float(abs(value(line + near) - value(line - near)) / (2 * near))
        stderr = slope * spread if np.isfinite(spread) and np.isfinite(centre) else np.inf
        parts = (centre, stderr, min(*found, centre), max(*found, centre))
        return Estimate(
            *(jnp.asarray(x, dtype=float) for x in parts),
            level=self.level, n=self.n, method=self.method, unit=unit,
        )  # fmt: skip

    def _natural(self, value, edges: Edges, line, vector) -> float:
        for (i, side), limit in edges.items():
            low, high = self.box[i]
            distance = vector[i] - low if side < 0 else high - vector[i]
            if distance <= 1e-6 * (high - low):
                return limit
        return float(value(line))


def line_errors(
    slope: Float[np.ndarray, "numbers parameters"],
    information: Float[np.ndarray, "parameters parameters"],
) -> Float[np.ndarray, " numbers"]:
    """Standard errors by the delta method; infinite along flat directions."""
    values, vectors = np.linalg.eigh(np.where(np.isfinite(information), information, 0.0))
    flat = values <= 1e-8 * max(values.max(), 1e-300)
    along = (slope @ vectors) ** 2
    finite = (along[:, ~flat] / values[~flat]).sum(1)
    unbounded = (along[:, flat] > 1e-6 * np.maximum(along.sum(1), 1e-300)[:, None]).any(1)
    return np.where(unbounded, np.inf, np.sqrt(finite))


def notes_on(
    runs: Runs, parameters: Mapping[str, Estimate], horizons: Mapping[float, Estimate]
) -> tuple[str, ...]:
    """What these runs leave open, in words."""
    found = [f"{name} has no upper bound" for name, x in parameters.items() if x.upper == np.inf]
    unbounded = [f"{100 * r:g} %" for r, x in horizons.items() if x.upper == np.inf]
    if unbounded:
        found.append(f"no upper bound for the horizon at {', '.join(unbounded)}")
    far = [f"{100 * r:g} %" for r, x in horizons.items() if x.value > runs.longest]
    if far:
        found.append(
            f"the horizon at {', '.join(far)} lies beyond the longest run ({runs.longest} steps) "
            "and is extrapolated by the formula of the family"
        )
    return tuple(found)
