"""Docstrings as Sphinx reads them."""

import pytest

from simlib.book.sphinx_ext._docstrings import to_rst


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`x` and $y^2$", "``x`` and :math:`y^2`"),
        ("two `Estimate`s", r"two ``Estimate``\ s"),
        ("the $n$-th", "the :math:`n`-th"),
        ("``done`` and :func:`f` stay", "``done`` and :func:`f` stay"),
        ("code `a$b` and $c$", "code ``a$b`` and :math:`c`"),
        ("a line\n    $a +\n    b$ broken", "a line\n    :math:`a + b` broken"),
        (r"a price of \$5", r"a price of \$5"),
        ("before\n\n    $$a =\n    b.$$\n\nafter", "before\n\n\n    .. math:: a = b.\n\n\nafter"),
        ("Raises\n\nSource: a,\nb.\n\nc", "Raises\n\nSource\n------\na,\nb.\n\nc"),
    ],
)
def test_translation(text, expected):
    assert to_rst(text) == expected


def test_examples_are_left_alone():
    text = "Uses `x`.\n\n>>> print(`1`)\n'$a$'\n\nMore `y`."
    assert to_rst(text) == "Uses ``x``.\n\n>>> print(`1`)\n'$a$'\n\nMore ``y``."
