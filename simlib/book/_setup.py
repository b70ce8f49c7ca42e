"""The visible first cell of every page."""

import jax
import matplotlib as mpl

from ._style import rc_settings


def setup(*, x64: bool = True, style: bool = True) -> None:
    """Prepare a page: double precision in JAX, plot style, crisp figures.

    Importing `simlib` changes no global setting; this function is the one place that does, and
    each page calls it where the reader can see it.

    Parameters
    ----------
    x64
        Compute in double precision.
    style
        Use the plot style of the book. Figures have no background and mid-grey axes, so that they
        can be read on a light and on a dark page.

    Examples
    --------
    >>> from simlib import book
    >>> book.setup()
    """
    jax.config.update("jax_enable_x64", x64)
    if style:
        mpl.rcParams.update(rc_settings())  # type: ignore[arg-type, call-overload]
        _use_svg()


def _use_svg() -> None:
    """Let notebooks draw figures as SVG; does nothing outside a notebook."""
    try:
        from IPython.core.getipython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        # No creation date: the same figure gives the same bytes.
        set_matplotlib_formats("svg", metadata={"Date": None})
