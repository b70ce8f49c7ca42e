"""Numbers as the prose prints them."""

import sys
from ast import literal_eval

import jax.numpy as jnp
import numpy as np
import pytest

from simlib import Estimate
from simlib.book import format_number, glue, glue_figure
from simlib.book._glue import _Text


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (Estimate.from_counts(366, 1000), None, "0.366 ± 0.015"),
        (Estimate.from_counts(366, 1000), "value", "0.366"),
        (
            Estimate.from_counts(366, 1000),
            "interval",
            "0.366 (95 % interval 0.337 to 0.396, n = 1000)",
        ),
        (12_000, None, "12,000"),
        (np.int64(7), None, "7"),
        (jnp.asarray(3), None, "3"),
        (0.3, ".2f", "0.30"),
        (1.26e-6, ".1e", "1.3 × 10⁻⁶"),
        (3e10, ".0e", "3 × 10¹⁰"),
        (-0.5, ".1f", "−0.5"),
        (0.123, ".1%", "12.3%"),
        ("a word", None, "a word"),
        (True, None, "yes"),
    ],
)
def test_text(value, form, text):
    assert format_number(value, form) == text


def test_a_bare_float_is_refused_because_its_precision_is_unknown():
    with pytest.raises(TypeError, match=r"pass an Estimate, or form="):
        format_number(0.123456)


def test_an_array_is_refused():
    with pytest.raises(TypeError, match="one number, got shape"):
        format_number(np.ones(3), ".1f")


def test_an_unknown_form_of_an_estimate_is_refused():
    with pytest.raises(ValueError, match="form must be one of"):
        format_number(Estimate.from_counts(1, 10), ".2f")


def test_trailing_zeros_survive_the_role():
    # `{glue:text}` evaluates the plain text as a Python literal before printing it.
    assert literal_eval(repr(_Text("0.30"))) == "0.30"
    assert _Text("0.30")._repr_html_() == '<span class="glued">0.30</span>'


def test_outside_a_notebook_the_value_is_only_checked():
    glue("name", Estimate.from_counts(1, 10))
    glue_figure("name", object())
    with pytest.raises(TypeError):
        glue("name", 0.5)


def test_without_the_book_tools_the_value_is_only_checked(monkeypatch):
    monkeypatch.setitem(sys.modules, "myst_nb", None)
    glue("name", 3)


def test_hyphens_inside_words_stay():
    assert format_number("pass-at-1") == "pass-at-1"
    assert format_number(Estimate.from_mean(-2.0, 0.5, n=10)) == "−2.0 ± 0.5"
