"""Numbers that carry their uncertainty."""

import math
from collections.abc import Callable, Iterator
from typing import Literal

import equinox as eqx
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from scipy import stats

from ._checks import check_level
from ._types import Numbers

_COUNT_METHODS = ("wilson", "clopper-pearson")


#: Method of intervals that allow for small samples.
STUDENT = "Student's t"


class Estimate(eqx.Module):
    r"""A value (or an array of values) with standard error and interval.

    Parameters
    ----------
    value, stderr, lower, upper
        Arrays of one common shape. `lower <= value <= upper` wherever the value is finite.
    level
        Coverage of each interval on its own, in (0, 1); not adjusted for the number of entries.
    n
        What the estimate rests on: replicates, items or attempts. May exceed $2^{31}$;
        0 for an exact value.
    method
        How value and interval were obtained.
    unit
        Unit of the value, for labels; empty for a pure number.
    """

    value: Float[Array, "*shape"]
    stderr: Float[Array, "*shape"]
    lower: Float[Array, "*shape"]
    upper: Float[Array, "*shape"]
    level: float = eqx.field(static=True)
    n: int = eqx.field(static=True)
    method: str = eqx.field(static=True)
    unit: str = eqx.field(static=True, default="")

    def __check_init__(self):
        check_level(self.level)
        shapes = {jnp.shape(x) for x in (self.value, self.stderr, self.lower, self.upper)}
        if len(shapes) != 1:
            raise ValueError(
                f"value, stderr, lower and upper must share one shape, got {sorted(shapes)}; "
                "broadcast them first."
            )
        if not any(isinstance(x, jax.core.Tracer) for x in (self.value, self.lower, self.upper)):
            value, lower, upper = map(np.asarray, (self.value, self.lower, self.upper))
            outside = (value < lower) | (value > upper)
            if outside.any():
                raise ValueError(
                    f"value must lie between lower and upper, got {value[outside].flat[0]} outside "
                    f"{lower[outside].flat[0]} to {upper[outside].flat[0]}; were they swapped?"
                )

    # -- construction ---------------------------------------------------------------------

    @staticmethod
    def from_counts(
        successes: Numbers,
        n: int,
        *,
        level: float = 0.95,
        method: Literal["wilson", "clopper-pearson"] = "wilson",
        unit: str = "",
    ) -> "Estimate":
        r"""Binomial proportion from integer counts.

        Parameters
        ----------
        successes
            Counts of any shape, each between 0 and `n`.
        n
            Number of independent trials behind every count.
        method
            `"wilson"` (Wilson 1927; good average coverage) or `"clopper-pearson"`
            (Clopper and Pearson 1934; coverage never below `level`).

        Raises
        ------
        ValueError
            If a count is not in `[0, n]`, `n < 1`, or the method is unknown.

        Examples
        --------
        >>> Estimate.from_counts(366, 1000)
        Estimate(0.366 ± 0.015; 95 % interval 0.337 to 0.396; n = 1000, wilson)
        """
        counts = np.asarray(successes, dtype=np.float64)
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}; nothing was observed.")
        if np.any(~np.isfinite(counts)) or np.any(counts < 0) or np.any(counts > n):
            raise ValueError(
                f"successes must lie between 0 and n = {n}, got values from "
                f"{counts.min()} to {counts.max()}; check which column holds the attempts."
            )
        rate = counts / n
        if method == "wilson":
            z = stats.norm.ppf(0.5 + level / 2)
            centre = (counts + z * z / 2) / (n + z * z)
            half = z / (n + z * z) * np.sqrt(counts * (n - counts) / n + z * z / 4)
            lower, upper = np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
        elif method == "clopper-pearson":
            tail = (1 - level) / 2
            with np.errstate(invalid="ignore"):
                lower = np.where(counts == 0, 0.0, stats.beta.ppf(tail, counts, n - counts + 1))
                upper = np.where(counts == n, 1.0, stats.beta.isf(tail, counts + 1, n - counts))
        else:
            raise ValueError(f"method must be one of {_COUNT_METHODS}, got {method!r}.")
        # The exact end points: rounding must not push an interval past its own estimate.
        lower, upper = np.minimum(lower, rate), np.maximum(upper, rate)
        stderr = np.sqrt(rate * (1 - rate) / n)
        return _make(rate, stderr, lower, upper, level, n, method, unit)

    @staticmethod
    def from_mean(
        mean: Numbers,
        stderr: Numbers,
        n: int,
        *,
        level: float = 0.95,
        method: str = "normal",
        unit: str = "",
    ) -> "Estimate":
        """Mean with its standard error and the normal interval `mean ± z * stderr`.

        Raises
        ------
        ValueError
            If a standard error is negative.

        Examples
        --------
        >>> Estimate.from_mean(6.0, 0.5, n=400)
        Estimate(6.0 ± 0.5; 95 % interval 5.0 to 7.0; n = 400, normal)
        """
        mean, stderr = np.broadcast_arrays(
            np.asarray(mean, dtype=np.float64), np.asarray(stderr, dtype=np.float64)
        )
        if np.any(stderr < 0):
            raise ValueError(f"stderr must not be negative, got {stderr.min()}.")
        half = stats.norm.ppf(0.5 + level / 2) * stderr
        return _make(mean, stderr, mean - half, mean + half, level, n, method, unit)

    @staticmethod
    def from_sample(
        values: Numbers, *, axis: int = 0, level: float = 0.95, unit: str = ""
    ) -> "Estimate":
        r"""Mean of a sample of independent units, with Student's interval.

        $\bar x\pm t_{n-1}\,s/\sqrt n$: exact for normal values, and honest about few of them, as
        when the units are a dozen items. With hundreds it is the interval of `from_mean`.

        Parameters
        ----------
        values
            One value per unit along `axis`; at least two.

        Raises
        ------
        ValueError
            With fewer than two values.

        Examples
        --------
        >>> Estimate.from_sample([1.0, 2.0, 3.0, 2.0])
        Estimate(2.0 ± 0.4; 95 % interval 0.7 to 3.3; n = 4, Student's t)
        """
        values = np.moveaxis(np.asarray(values, dtype=np.float64), axis, 0)
        n = len(values)
        if n < 2:
            raise ValueError(f"values must hold at least 2 units along axis {axis}, got {n}.")
        mean, stderr = values.mean(0), values.std(0, ddof=1) / np.sqrt(n)
        half = stats.t.ppf(0.5 + level / 2, n - 1) * stderr
        return _make(mean, stderr, mean - half, mean + half, level, n, STUDENT, unit)

    @staticmethod
    def from_draws(
        draws: Numbers,
        *,
        value: Numbers | None = None,
        n: int | None = None,
        level: float = 0.95,
        axis: int = 0,
        method: str = "bootstrap",
        unit: str = "",
    ) -> "Estimate":
        """Percentile interval from bootstrap or posterior draws along `axis`.

        Parameters
        ----------
        value
            Point estimate; the mean of the draws when omitted. The interval is widened to
            contain it.
        n
            Observations behind the draws; the number of draws when omitted.

        Raises
        ------
        ValueError
            With fewer than two draws, or if any draw is not a number.
        """
        draws = np.asarray(draws, dtype=np.float64)
        if draws.ndim == 0 or draws.shape[axis] < 2:
            raise ValueError(f"draws needs at least 2 entries along axis {axis}.")
        if np.isnan(draws).any():
            raise ValueError("draws contains NaN; find out which replicate failed and why.")
        tail = (1 - level) / 2
        lower, upper = np.quantile(draws, [tail, 1 - tail], axis=axis)
        centre = draws.mean(axis) if value is None else np.asarray(value, dtype=np.float64)
        return _make(
            centre,
            draws.std(axis, ddof=1),
            np.minimum(lower, centre),
            np.maximum(upper, centre),
            level,
            draws.shape[axis] if n is None else n,
            method,
            unit,
        )

    @staticmethod
    def exact(value: Numbers, *, method: str = "exact", unit: str = "") -> "Estimate":
        """A value without uncertainty, for instance from a closed form."""
        value = np.asarray(value, dtype=np.float64)
        return _make(value, np.zeros_like(value), value, value, 0.95, 0, method, unit)

    # -- questions ------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return jnp.shape(self.value)

    @property
    def is_exact(self) -> bool:
        return self.n == 0 and bool(jnp.all(self.lower == self.upper))

    def contains(self, truth: Numbers) -> Bool[np.ndarray, "..."]:
        """Whether each interval contains `truth` (end points included)."""
        truth = np.asarray(truth)
        inside = (np.asarray(self.lower) <= truth) & (truth <= np.asarray(self.upper))
        return np.asarray(inside)

    def overlaps(self, other: "Estimate") -> Bool[np.ndarray, "..."]:
        """Whether the intervals of both share a point. Not a test of equality: two estimates
        can differ significantly although their intervals overlap."""
        lower = np.maximum(np.asarray(self.lower), np.asarray(other.lower))
        return lower <= np.minimum(np.asarray(self.upper), np.asarray(other.upper))

    def z_score(self, truth: Numbers) -> Float[np.ndarray, "..."]:
        """`(value - truth) / stderr`; 0 where both agree exactly, infinite if stderr is 0."""
        difference = np.asarray(self.value) - np.asarray(truth)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = difference / np.asarray(self.stderr)
        return np.where(difference == 0, 0.0, z)

    # -- transformation -------------------------------------------------------------------

    def map(self, function: Callable, *, unit: str = "") -> "Estimate":
        """The estimate of `function(value)` for a monotone elementwise JAX function.

        The interval is transformed end point by end point, so its coverage is kept; the
        standard error follows by the delta method.
        """
        slope = jax.vmap(jax.grad(function))(jnp.ravel(self.value)).reshape(self.shape)
        ends = jnp.stack([function(self.lower), function(self.upper)])
        return Estimate(
            value=function(self.value),
            stderr=jnp.abs(slope) * self.stderr,
            lower=ends.min(0),
            upper=ends.max(0),
            level=self.level,
            n=self.n,
            method=self.method,
            unit=unit,
        )

    def __getitem__(self, index) -> "Estimate":
        return jax.tree.map(lambda leaf: leaf[index], self)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a scalar Estimate has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator["Estimate"]:
        return (self[i] for i in range(len(self)))

    # -- display --------------------------------------------------------------------------

    def text(self, style: Literal["plain", "interval"] = "plain") -> str:
        """The scalar estimate, rounded to its standard error.

        `"plain"` gives `0.366 ± 0.015`; `"interval"` adds level, interval and `n`. Where the
        standard error is 0 although the value is uncertain (no success among `n`), the plain
        form shows the interval instead.
        """
        if self.shape:
            raise ValueError(f"text() needs a scalar Estimate, got shape {self.shape}; index it.")
        show = _rounder(float(self.value), float(self.stderr))
        unit = f" {self.unit}" if self.unit else ""
        value = f"{show(float(self.value))}{unit}"
        if self.is_exact:
            return value if style == "plain" else f"{value} (exact)"
        interval = f"{100 * self.level:g} % interval {self._ends(show)}"
        if style == "interval":
            return f"{value} ({interval}, n = {self.n})"
        if self.stderr == 0:
            return f"{value} ({interval})"
        return f"{show(float(self.value))} ± {show(float(self.stderr))}{unit}"

    def _ends(self, show: Callable[[float], str]) -> str:
        # An end that is worlds away from the value would get all its digits.
        far = 1e4 * (abs(float(self.value)) + float(self.stderr)) or math.inf
        ends = (float(self.lower), float(self.upper))
        return " to ".join(f"{x:.1e}" if far < abs(x) < math.inf else show(x) for x in ends)

    def __format__(self, spec: str) -> str:
        return self.text() if not spec else format(self.text(), spec)

    def __repr__(self) -> str:
        if self.shape:
            return f"Estimate(shape={self.shape}, level={self.level:g}, n={self.n}, {self.method})"
        if self.is_exact:
            return f"Estimate({self.text()}; {self.method})"
        show = _rounder(float(self.value), float(self.stderr))
        value = show(float(self.value)) if self.stderr == 0 else self.text()
        interval = f"{100 * self.level:g} % interval {self._ends(show)}"
        return f"Estimate({value}; {interval}; n = {self.n}, {self.method})"


def _make(value, stderr, lower, upper, level, n, method, unit) -> Estimate:
    value, stderr, lower, upper = (
        jnp.asarray(x, dtype=float) for x in np.broadcast_arrays(value, stderr, lower, upper)
    )
    return Estimate(value, stderr, lower, upper, float(level), int(n), method, unit)


def _rounder(value: float, error: float) -> Callable[[float], str]:
    """A formatter that keeps the standard error to one digit (two if that digit is 1).

    Four significant digits where there is no standard error to round to.
    """
    if not (0 < error < math.inf and math.isfinite(value)):
        return lambda x: f"{x:.4g}"
    exponent = math.floor(math.log10(error))
    if error / 10.0**exponent < 2.0:
        exponent -= 1
    magnitude = max(abs(value), error)
    if not 1e-4 <= magnitude < 1e6:
        power = math.floor(math.log10(magnitude))
        digits = min(max(power - exponent, 0), 15)
        return lambda x: f"{x / 10.0**power:.{digits}f}e{power:+03d}"
    digits = max(-exponent, 0)
    return lambda x: f"{round(x, -exponent):.{digits}f}"
