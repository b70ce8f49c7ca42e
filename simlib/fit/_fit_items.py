"""Frailty against falling hazard: repeated runs of an item tell them apart."""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import stats

from .._estimate import Estimate
from ..formulas._special import exprel
from ..mixing import Gamma
from ..processes import AbstractErrorProcess, Frailty
from ._laws import PowerHazard, log1p_ratio
from ._optimum import Optimum, evaluate, maximise
from ._process_families import find_process_family, lines
from ._process_fit import HORIZONS, check_fit
from ._profile import likelihood_bounds
from ._report import Report, line_errors, notes_on
from ._runs import Runs

NODES = 32  # of the quadrature over the frailty of an item with errors
_LEAST = 1e-6  # frailty variance at which the quadrature still has a width


class ItemFit(eqx.Module):
    r"""Gamma frailty per item over a hazard that is a power of the length.

    `parameters` holds `exponent` (below 1: the hazard of every item falls), `frailty_variance`
    (0: items do not differ) and `scale`, with profile-likelihood intervals. `gain` says by how
    many nats the log-likelihood falls without frailty and without a change of the hazard, with
    the p-values of the likelihood-ratio tests. `log_likelihood` has one number per item.
    """

    process: AbstractErrorProcess
    parameters: dict[str, Estimate]
    horizons: dict[float, Estimate]
    gain: dict[str, float] = eqx.field(static=True)
    p_value: dict[str, float] = eqx.field(static=True)
    log_likelihood: Float[np.ndarray, " items"]
    optimum: Optimum
    notes: tuple[str, ...] = eqx.field(static=True)


def fit_items(
    runs: Runs, *, level: float = 0.95, horizons: tuple[float, ...] = HORIZONS
) -> ItemFit:
    r"""Does the hazard fall along each item, or do items differ? Both, with intervals.

    Item $i$ has the cumulative hazard $Z_i(n/s)^{a}$, with $Z_i$ gamma distributed over items
    (mean 1, variance $\theta$), and all runs of an item share its $Z_i$. Uniform errors
    ($a=1,\theta=0$), a pure power hazard ($\theta=0$) and pure frailty ($a=1$) are special cases.
    The likelihood of an item with runs of lengths $L_j$ is

    $$\mathbb E_Z\prod_{j:\,\text{error}}\big(e^{-Z\Lambda(L_j-1)}-e^{-Z\Lambda(L_j)}\big)
      \prod_{j:\,\text{none}}e^{-Z\Lambda(L_j)},$$

    exact for counted steps: a gamma integral times a mean of
    $\prod_j(1-e^{-Z\Delta_j})/(Z\Delta_j)$ with $\Delta_j=\Lambda(L_j)-\Lambda(L_j-1)$, which is
    done by quadrature to better than 1e-5 nats per item.

    Parameters
    ----------
    runs
        Runs with items, of which some have two runs or more.
    level
        Coverage of each interval.
    horizons
        Reliabilities at which horizons of a new item are wanted.

    Raises
    ------
    ValueError
        If items are not known or none has two runs: then frailty and falling hazard give the
        same law and cannot be told apart; or for the reasons of `fit_process`.

    Source: gamma frailty shared within groups, Clayton (1978), Biometrika 65, 141; Hougaard
    (2000), *Analysis of Multivariate Survival Data*.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = np.repeat(rng.gamma(1.0, 1.0, 100), 6)
    >>> n = np.ceil(rng.exponential(size=600) / (0.05 * z)).clip(max=50)
    >>> runs = Runs.from_columns(n, (n < 50).astype(int), item=np.repeat(np.arange(100), 6))
    >>> found = fit_items(runs)
    >>> bool(found.parameters["frailty_variance"].contains(1.0))
    True
    """
    reliabilities = check_fit(runs, level, horizons)
    if not runs.has_repeats:
        raise ValueError(
            f"none of {runs.items} items has two runs: frailty of items and a falling hazard have "
            "the same law and cannot be told apart; repeat some items, or use fit_process."
        )
    with jax.enable_x64(True):
        return _fit(runs, level, reliabilities)


class _Items(NamedTuple):
    """Runs of items side by side; places without a run have length 0."""

    length: Float[Array, "items repeats"]
    error: Float[Array, "items repeats"]
    scale: Float[Array, ""]


def item_log_likelihood(data: _Items, vector: Float[Array, " 3"]) -> Float[Array, " items"]:
    r"""Log-probability of all runs of each item.

    `vector` holds $\ln\Lambda$ at the scale, $\ln a$ and $\theta$.
    """
    rate, exponent, theta = vector[0], jnp.exp(vector[1]), vector[2] + _LEAST

    def cumulative(n):
        at = jnp.where(n > 0, n, 1.0)
        value = jnp.exp(rate + exponent * (jnp.log(at) - jnp.log(data.scale)))
        return jnp.where(n > 0, value, 0.0)

    failed = data.error > 0
    end = cumulative(data.length)
    before = jnp.where(failed, cumulative(jnp.where(failed, data.length - 1, 0.0)), end)
    step = jnp.where(failed, end - before, 1.0)
    errors, seen = data.error.sum(1), before.sum(1)
    # Without the last factor: a gamma integral, smooth down to a variance of 0.
    order = jnp.arange(data.error.shape[1], dtype=data.error.dtype)
    rising = jnp.where(order < errors[:, None], jnp.log1p(order * theta), 0.0).sum(1)
    base = rising - seen * log1p_ratio(theta * seen) - errors * jnp.log1p(theta * seen)
    base = base + jnp.where(failed, jnp.log(step), 0.0).sum(1)
    # The frailty of an item with errors is gamma with this shape and mean; nodes in its cube root.
    shape = (1 + errors * theta) / theta
    mean = (1 + errors * theta) / (1 + seen * theta)
    width = 1 / (3 * jnp.sqrt(shape))
    centre = 1 - 1 / (9 * shape)
    low = jnp.maximum(centre - 7 * width, 1e-9)
    root = low + (centre + 7 * width - low) * jnp.linspace(0.0, 1.0, NODES)[:, None]
    log_weight = (3 * shape - 1) * jnp.log(root) - shape * (root**3 - 1)
    frailty = mean * root**3

    def add(total, column):
        step, failed = column
        factor = jnp.log(exprel(-frailty * jnp.where(failed, step, 0.0)))
        return total + factor, None

    total, _ = jax.lax.scan(add, jnp.zeros_like(root), (step.T, failed.T))
    rest = jax.nn.logsumexp(log_weight + total, axis=0) - jax.nn.logsumexp(log_weight, axis=0)
    return base + jnp.where(errors > 0, rest, 0.0)


def _fit(runs: Runs, level: float, reliabilities: np.ndarray) -> ItemFit:
    family = find_process_family("frail_power")
    scale = runs.steps / runs.runs
    data = side_by_side(runs, scale)
    weight = jnp.asarray(np.bincount(runs.unit(), minlength=len(data.length)) > 0, dtype=float)
    items = float(weight.sum())
    log_rate = float(np.log(runs.errors / runs.steps * scale))
    box = family.box(log_rate, scale)
    starts = [[log_rate, *shape] for shape in family.starts]
    optimum = maximise(item_log_likelihood, data, weight, starts, box)
    mean, each, _ = evaluate(item_log_likelihood, optimum.vector, data, weight)
    held = {}
    for name, place, value in (("no frailty", 2, 0.0), ("constant hazard", 1, 0.0)):
        # A range of no width holds a coordinate.
        narrow = [b if i != place else (value, value) for i, b in enumerate(box)]
        start = [value if i == place else x for i, x in enumerate(optimum.vector)]
        inside = [float(np.clip(x, *b)) for x, b in zip(start, narrow, strict=True)]
        kept = maximise(item_log_likelihood, data, weight, [inside], narrow)
        lower, *_ = evaluate(item_log_likelihood, kept.vector, data, weight)
        held[name] = max((mean - lower) * items, 0.0)
    levels = jnp.asarray(-np.log(reliabilities))
    at = jnp.asarray(scale)

    def numbers(vector):
        value, slope = _numbers(jnp.asarray(vector), at, levels)
        return np.asarray(value), np.asarray(slope)

    def log_likelihood(vector):
        mean, _, slope = evaluate(item_log_likelihood, vector, data, weight)
        return mean * items, slope * items

    bounds = likelihood_bounds(
        log_likelihood, numbers, best=optimum.vector, information=optimum.information,
        drop=float(stats.chi2.ppf(level, 1)) / 2, box=box,
    )  # fmt: skip
    value, slope = numbers(optimum.vector)
    report = Report(box, runs.items, level, "maximum likelihood over items, profile likelihood")
    spread = line_errors(slope, optimum.information)
    found = [
        report.estimate(
            p.value, p.edges, value[i], spread[i], bounds.value[i],
            (optimum.vector, *bounds.vector[i]),
        )
        for i, p in enumerate(family.parameters)
    ]  # fmt: skip
    parameters = {p.name: x for p, x in zip(family.parameters, found, strict=True)}
    later = {
        r: report.estimate(
            np.exp, {}, value[i], spread[i], bounds.value[i], (optimum.vector,) * 3, unit="steps"
        )
        for i, r in enumerate(reliabilities.tolist(), len(found))
    }
    exponent, variance = (float(parameters[x].value) for x in ("exponent", "frailty_variance"))
    base = PowerHazard(float(parameters["scale"].value), exponent)
    p_values = {
        # The variance cannot be negative: half of the mass of its test lies at 0.
        "no frailty": float(stats.chi2.sf(2 * held["no frailty"], 1)) / 2
        if held["no frailty"] > 0
        else 1.0,
        "constant hazard": float(stats.chi2.sf(2 * held["constant hazard"], 1)),
    }
    return ItemFit(
        process=base if variance == 0 else Frailty(base, Gamma(1.0, variance)),
        parameters=parameters,
        horizons=later,
        gain=held,
        p_value=p_values,
        log_likelihood=each,
        optimum=optimum,
        notes=notes_on(runs, parameters, later),
    )


_numbers = jax.jit(
    lambda v, s, x: (
        (value := partial(lines, find_process_family("frail_power")))(v, s, x),
        jax.jacfwd(value)(v, s, x),
    )
)


def side_by_side(runs: Runs, scale: float) -> _Items:
    """Runs of each item in a row, for `item_log_likelihood`."""
    item = runs.unit()
    order = np.argsort(item, kind="stable")
    sizes = np.bincount(item)
    place = np.arange(runs.runs) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    # Sizes that are powers of 2, so that few are ever compiled.
    rows, columns = (1 << int(x - 1).bit_length() for x in (len(sizes), sizes.max()))
    length, error = np.zeros((rows, columns)), np.zeros((rows, columns))
    pair = runs.pair[order]
    length[item[order], place] = runs.length[pair]
    error[item[order], place] = runs.error[pair]
    return _Items(jnp.asarray(length), jnp.asarray(error), jnp.asarray(scale))
