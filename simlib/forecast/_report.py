"""One self-contained HTML file with the forecasts of one or several benchmarks."""

import html
from collections.abc import Mapping
from io import BytesIO

import numpy as np

from ._counts import Counts
from ._forecast import Forecast
from ._nodes import NODES, STEP
from ._pass_at_k import pass_at_k

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --rule: #d1d9e0; --page: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9198a1; --rule: #3d444d; --page: #14181d; }
}
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1, h2 { line-height: 1.25; }
h2 { margin-top: 3rem; border-top: 1px solid var(--rule); padding-top: 1.5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid var(--rule); text-align: right; }
th:first-child, td:first-child { text-align: left; }
caption, figcaption, .soft { color: var(--soft); font-size: .92rem; text-align: left; }
figure { margin: 1.5rem 0; } svg { max-width: 100%; height: auto; }
"""
_NOT_KNOWN = (
    "The exponent of the curve for attempts without bound: fits with different exponents agree on "
    "all that was observed. A slope above holds for its window.",
    "How many problems are unsolvable: a problem that is solved once in a million attempts looks "
    "the same in all attempts made.",
    "Whether attempts are independent and the checker is right: both are assumed. A checker that "
    "passes wrong answers makes coverage rise where ability does not.",
    "Problems other than these: the intervals are for this set of problems.",
)


def report(forecasts: Mapping[str, Forecast]) -> str:
    """HTML with the curve and its band, the difficulty of the problems, and what is not known.

    Parameters
    ----------
    forecasts
        Forecasts by the name to show, such as model and benchmark.

    Raises
    ------
    ValueError
        Without any forecast.
    """
    if not forecasts:
        raise ValueError("forecasts is empty; give at least one.")
    body = "\n".join(_section(name, forecast) for name, forecast in forecasts.items())
    from .. import __version__

    unknown = "".join(f"<li>{text}</li>" for text in _NOT_KNOWN)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Forecast of coverage</title><style>{_STYLE}</style></head>
<body><main>
<h1>Forecast of coverage</h1>
<p>Coverage, or pass@k, is the share of problems that at least one of k attempts solves.
The forecast averages over many ways in which the difficulty of the problems may be distributed,
each weighted by how well it explains the counts.</p>
{body}
<h2>What these data do not determine</h2>
<ul>{unknown}</ul>
<p class="soft">simlib {__version__}</p>
</main></body></html>
"""


def _section(name: str, forecast: Forecast) -> str:
    counts = forecast.posterior.counts
    return f"""<h2>{html.escape(name)}</h2>
{_summary(counts)}
<figure>{_curve(name, forecast)}<figcaption>Forecast coverage with its {100 * forecast.level:g} %
interval (line and band), and the unbiased estimate where enough attempts were made (points).
{counts.n_problems} problems, {counts.n_attempts:,} attempts.</figcaption></figure>
{_table(forecast)}
{_targets(forecast)}
<figure>{_difficulty(name, forecast)}<figcaption>Posterior of the difficulty: share of solvable
problems by the probability that one attempt succeeds, per factor of ten of its odds, with the
pointwise {100 * forecast.level:g} % interval. {_families(forecast)}</figcaption></figure>"""


def _summary(counts: Counts) -> str:
    n, c = counts.attempts, counts.successes
    rows = {
        "problems": f"{counts.n_problems:,}",
        "attempts in all": f"{counts.n_attempts:,}",
        "attempts per problem": f"{n.min():,}"
        if n.min() == n.max()
        else f"{n.min():,} to {n.max():,}",
        "stop rule": counts.stop_rule.replace("_", " "),
        "problems never solved": f"{int((c == 0).sum()):,}",
        "problems always solved": f"{int(((c == n) & (n > 0)).sum()):,}",
    }
    cells = "".join(f"<tr><td>{key}</td><td>{value}</td></tr>" for key, value in rows.items())
    return (
        f'<div class="wide"><table><caption>The data</caption><tbody>{cells}</tbody></table></div>'
    )


def _table(forecast: Forecast) -> str:
    slope, left = forecast.slope(), forecast.never_solved()
    coverage = forecast.pass_at_k
    rows = ""
    for i, k in enumerate(forecast.k):
        start, end = forecast.windows[i]
        rows += (
            f"<tr><td>{k:,.0f}</td><td>{_interval(coverage, i)}</td><td>{_interval(slope, i)}</td>"
            f"<td>{start:,.3g} to {end:,.3g}</td><td>{_interval(left, i)}</td></tr>"
        )
    return f"""<div class="wide"><table>
<caption>Intervals at {100 * forecast.level:g} %. The slope is that of the logarithm of
&minus;ln pass@k in ln k, over the window beside it.</caption>
<thead><tr><th>k</th><th>pass@k</th><th>slope</th><th>window</th>
<th>unsolved so far that stay so</th></tr></thead><tbody>{rows}</tbody></table></div>"""


def _targets(forecast: Forecast) -> str:
    reached = float(np.mean(forecast.posterior.counts.successes > 0))
    targets = [t for t in (0.5, 0.8, 0.9, 0.95, 0.99) if t > reached - 0.3][:4]
    needed = forecast.attempts_for(targets)
    rows = "".join(
        f"<tr><td>{100 * target:g} %</td><td>{_large(needed.value[i])}</td>"
        f"<td>{_large(needed.lower[i])} to {_large(needed.upper[i])}</td></tr>"
        for i, target in enumerate(targets)
    )
    return f"""<div class="wide"><table><caption>Attempts at each problem for a target
coverage</caption><thead><tr><th>coverage</th><th>attempts (median)</th>
<th>{100 * forecast.level:g} % interval</th></tr></thead><tbody>{rows}</tbody></table></div>"""


def _families(forecast: Forecast) -> str:
    weights = forecast.posterior.family_weight.items()
    named = ", ".join(f"{html.escape(name)} {weight:.2f}" for name, weight in weights)
    some = 1 - forecast.posterior.atom_weight[0]
    return (
        f"Weights of the families: {named}. Probability of a share of at least "
        f"{100 * forecast.posterior.prior.atoms[1]:g} % unsolvable problems: {some:.2f}, to which "
        "the prior contributes much."
    )


def _interval(estimate, i: int) -> str:
    return f"{estimate.value[i]:.3g} ({estimate.lower[i]:.3g} to {estimate.upper[i]:.3g})"


def _large(number) -> str:
    return "more than 10<sup>15</sup>" if not np.isfinite(number) else f"{float(number):,.3g}"


def _curve(name: str, forecast: Forecast) -> str:
    counts = forecast.posterior.counts
    k = np.unique(np.round(np.geomspace(1, max(forecast.k.max(), 10), 31)))
    curve = forecast.at(k)
    figure, axes = _figure()
    axes.fill_between(k, curve.pass_at_k.lower, curve.pass_at_k.upper, color="#0072B2", alpha=0.25)
    axes.plot(k, curve.pass_at_k.value, color="#0072B2")
    fewest = int(counts.attempts[~counts.stopped].min(initial=0)) if not counts.stopped.all() else 0
    if fewest and not counts.stopped.any():
        seen = np.unique(np.round(np.geomspace(1, fewest, 12)))
        axes.plot(seen, pass_at_k(counts, seen).value, "o", color="#D55E00")
    axes.set(xscale="log", ylim=(0, 1), xlabel="attempts k", ylabel="pass@k")
    return _svg(figure, f"Coverage against attempts: {name}")


def _difficulty(name: str, forecast: Forecast) -> str:
    found = forecast.posterior
    weight = found.weight.sum(1)
    density = found.density / STEP * np.log(10)  # per factor of ten of the odds
    order = np.argsort(density, axis=0)
    cumulative = np.cumsum(weight[order], axis=0)
    tail = (1 - forecast.level) / 2
    ends = []
    for probability in (tail, 1 - tail):
        row = np.argmax(cumulative >= probability, axis=0)
        ends.append(np.take_along_axis(density, np.take_along_axis(order, row[None], 0), 0)[0])
    log_rate = -np.logaddexp(0.0, -NODES) / np.log(10)
    shown = (log_rate > -10) & (NODES < 7)
    figure, axes = _figure()
    axes.fill_between(log_rate[shown], ends[0][shown], ends[1][shown], color="#009E73", alpha=0.25)
    axes.plot(log_rate[shown], (weight @ density)[shown], color="#009E73")
    ceiling = 1.3 * float((weight @ density)[shown].max())
    axes.set(
        xlabel="success probability of one attempt, as a power of ten", ylabel="density",
        ylim=(0, ceiling),
    )  # fmt: skip
    return _svg(figure, f"Difficulty of the problems: {name}")


def _figure():
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.add_subplot()
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    for spine in axes.spines.values():
        spine.set_color("#808080")
    axes.tick_params(colors="#808080")
    axes.xaxis.label.set_color("#808080")
    axes.yaxis.label.set_color("#808080")
    axes.grid(alpha=0.25)
    return figure, axes


def _svg(figure, alternative: str) -> str:
    out = BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue().decode()
    label = html.escape(alternative, quote=True)
    return text[text.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
