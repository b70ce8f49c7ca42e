"""Numbers and figures that the prose quotes.

Prose never holds a typed result: a cell glues the number under a name and the text quotes it with
the role ``{glue:text}`name` ``. The text is rounded here, in one place, and to what is known.
"""

from typing import Any

import numpy as np

from .._estimate import Estimate
from ._text import polish

_ESTIMATE_FORMS = ("plain", "interval", "value")


def format_number(value: Any, form: str | None = None) -> str:
    """Text of a number as the book prints it.

    Parameters
    ----------
    value
        A scalar `Estimate`, an integer, a string, or a floating number with an explicit `form`.
    form
        For an `Estimate`: `"plain"` (default; value ± standard error, rounded to the latter),
        `"interval"` (value, interval, level and n) or `"value"` (the rounded value alone).
        For a number: a format specification such as `".2f"` or `".1%"`.

    Returns
    -------
    str
        With powers of ten written out and a true minus sign.

    Raises
    ------
    TypeError
        If a floating number comes without `form`: how many of its digits are known?
    ValueError
        If `form` is unknown for an `Estimate`.

    Examples
    --------
    >>> format_number(Estimate.from_counts(366, 1000))
    '0.366 ± 0.015'
    >>> format_number(1.26e-6, ".1e"), format_number(12_000), format_number(-0.5, ".1f")
    ('1.3 × 10⁻⁶', '12,000', '−0.5')
    """
    if isinstance(value, Estimate):
        return polish(_estimate_text(value, form or "plain"))
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    number = np.asarray(value)
    if number.shape:
        raise TypeError(f"value must be one number, got shape {number.shape}; index it.")
    if form is None:
        if np.issubdtype(number.dtype, np.integer):
            return polish(f"{int(number):,}")
        raise TypeError(
            f"value is a {type(value).__name__} without known precision; pass an Estimate, "
            "or form='.3f' (any format specification) if the number is exact."
        )
    return polish(format(number.item(), form))


def glue(name: str, value: Any, form: str | None = None) -> None:
    """Store a number under a name for the prose to quote.

    Works without the book's tools too (in Colab, say): then it only formats the value, so that
    the same errors appear.

    Parameters
    ----------
    name
        Unique within the page; quote it with ``{glue:text}`name` ``.
    value, form
        See `format_number`.

    Raises
    ------
    TypeError, ValueError
        See `format_number`.
    """
    text = format_number(value, form)
    paste = _paster()
    if paste is not None:
        paste(name, _Text(text), display=False)


def glue_figure(name: str, figure: Any) -> None:
    """Store a figure under a name, to be placed with ``{glue:figure}``, caption and alt text.

    Parameters
    ----------
    name
        Unique within the page.
    figure
        A Matplotlib figure (it is closed, so that the cell does not show it a second time).
    """
    paste = _paster()
    if paste is None:
        return
    paste(name, figure, display=False)
    import matplotlib.pyplot as plt

    plt.close(figure)


class _Text:
    """A string that notebooks show without quotes and that `{glue:text}` leaves untouched."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        # The role evaluates the plain text as a literal: the quotes keep 0.30 from becoming 0.3.
        return repr(self.text)

    def _repr_html_(self) -> str:
        return f'<span class="glued">{self.text}</span>'


def _paster() -> Any:
    """The glue function of MyST-NB, or None where it or a notebook is missing."""
    try:
        from IPython.core.getipython import get_ipython
        from myst_nb import glue as paste
    except ImportError:
        return None
    return paste if get_ipython() is not None else None


def _estimate_text(value: Estimate, form: str) -> str:
    if form == "value":
        return value.text("plain").split(" ± ")[0]
    if form not in _ESTIMATE_FORMS:
        raise ValueError(f"form must be one of {_ESTIMATE_FORMS} for an Estimate, got {form!r}.")
    return value.text(form)  # type: ignore[arg-type]
