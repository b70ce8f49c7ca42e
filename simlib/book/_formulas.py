"""Several formulas as one aligned display."""

from collections.abc import Mapping

from ..formulas import Formula


class FormulaList:
    """Formulas that notebooks and pages show as one display, with a name each.

    Made by `formula_list`.
    """

    def __init__(self, named: Mapping[str, Formula]):
        self.named = dict(named)

    def _repr_latex_(self) -> str:
        lines = [
            rf"&\text{{{name}}} && {formula.latex().replace(' = ', ' &&= ', 1)}"
            for name, formula in self.named.items()
        ]
        body = r" \\[0.6em] ".join(lines)
        return rf"$$\begin{{aligned}} {body} \end{{aligned}}$$"

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {formula.expression}" for name, formula in self.named.items())


def formula_list(named: Mapping[str, Formula]) -> FormulaList:
    r"""Formulas of `simlib.formulas` as one display, aligned at their equality signs.

    Parameters
    ----------
    named
        Name and formula, in the order in which they are shown.

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
