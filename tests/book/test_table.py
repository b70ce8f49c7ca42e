import numpy as np
import pytest

from simlib import Estimate
from simlib.book import table


def test_entries_are_rounded_like_the_prose():
    shown = table(
        {
            "task": ["copy", "sort <3"],
            "share": Estimate.from_counts([366, 10], 1000),
            "ratio": np.array([0.12345, 2.0]),
        },
        form={"ratio": ".2f"},
    )
    assert shown.rows == [["copy", "0.366 ± 0.015", "0.12"], ["sort <3", "0.010 ± 0.003", "2.00"]]
    html = shown._repr_html_()
    assert html.count('scope="col"') == 3
    assert html.count('scope="row"') == 2
    assert "sort &lt;3" in html


@pytest.mark.parametrize(
    ("columns", "form", "error", "message"),
    [
        ({"a": [1], "b": [1, 2]}, {}, ValueError, "one length"),
        ({"a": ["x"]}, {"b": ".2f"}, ValueError, "form names"),
        ({"a": [0.5]}, {}, TypeError, "form='.3f'"),
        ({}, {}, ValueError, "one length"),
    ],
)
def test_faults_are_named(columns, form, error, message):
    with pytest.raises(error, match=message):
        table(columns, form=form)
