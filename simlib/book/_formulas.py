"""Several formulas as one aligned display."""

from collections.abc import Mapping

import sympy as sp

from ..formulas import QUANTITIES, Formula


class FormulaList:
    """Formulas that notebooks and pages show as one display, with a name each.

    Made by `formula_list`.
    """

    def __init__(self, named: Mapping[str, Formula | sp.Expr]):
        self.named = dict(named)

    def _repr_latex_(self) -> str:
        lines = [rf"&\text{{{name}}} & {_aligned(shown)}" for name, shown in self.named.items()]
        body = r" \\[0.6em] ".join(lines)
        return rf"$$\begin{{aligned}} {body} \end{{aligned}}$$"

    def __repr__(self) -> str:
        return "\n".join(
            f"{name}: {getattr(shown, 'expression', shown)}" for name, shown in self.named.items()
        )


def formula_list(named: Mapping[str, Formula | sp.Expr]) -> FormulaList:
    r"""Formulas and results of SymPy as one display, in the notation of the book.

    Parameters
    ----------
    named
        Name and formula, or name and SymPy expression, in the order in which they are shown.
        Formulas are aligned at their equality signs.

    Returns
    -------
    FormulaList
        Shown as $\LaTeX$ by notebooks and pages.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> from simlib.formulas import uniform
    >>> formula_list({"survival": uniform.survival})
    survival: (1 - error_rate)**n
    """
    if not named:
        raise ValueError("named must hold at least one formula.")
    return FormulaList(named)


def _aligned(shown: Formula | sp.Expr) -> str:
    """LaTeX of one line, with the mark of alignment in front of what is on the right."""
    if isinstance(shown, Formula):
        return shown.latex().replace(" = ", " &= ", 1)
    names = {quantity.symbol: quantity.latex for quantity in QUANTITIES.values()}
    return f"& {sp.latex(shown, symbol_names=names, ln_notation=True)}"
