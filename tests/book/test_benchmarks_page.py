"""The page on benchmarks: what is stored is what it says."""

import re

import pytest

from simlib.book._benchmarks import Goal, Outcome, benchmark, read_baseline, read_goals
from simlib.book.sphinx_ext._benchmarks import cases_text, goals_text, machines_text

STORED = {
    "machines": [{"processor": "old", "jax": "1"}, {"processor": "new", "numba": "2"}],
    "cases": [
        {
            "name": "a|b", "unit": "items", "notes": "A note.", "machine": 1,
            "date": "2000-01-02", "load": 0.5, "missing": {"theirs": "absent"},
            "ways": [
                {"way": "ours", "rate": 4e6, "ratio": 1.0, "low": 1.0, "high": 1.0},
                {"way": "loop", "rate": 2e3, "ratio": 2000.0, "low": 1900.0, "high": 2100.0},
            ],
        }
    ],
    "figures": [
        {"name": "f", "unit": "s", "notes": "", "machine": 0, "date": "2000-01-01", "load": None,
         "value": 2.5, "low": 2.5, "high": 3.0}
    ],
}  # fmt: skip


def test_goals_are_counted_and_missed_ones_are_marked_and_explained():
    found = [
        Outcome(Goal("a", "w", 1.5, None, "speed"), 2.0, 1.9, 2.1),
        Outcome(Goal("b", "w", 100, None, "speed", why="Because."), 30.0, 30.0, 30.0),
        Outcome(Goal("c", "w", 1.5, None, "speed", why="Never shown."), 2.0),
        Outcome(Goal("f", "", None, 3.0, "patience"), 2.5, 2.5, 3.5, "s"),
        Outcome(Goal("a", "", 50, None, "device", on="accelerator")),
    ]
    text = goals_text(found)
    assert text.startswith("3 of 5 goals are reached, 1 missed, 1 not measured.")
    assert "| a, against w | ✓ reached | 2 × (1.9 to 2.1) | ≥ 1.5 × | speed |" in text
    assert "| b, against w | ✗ **missed** | 30 × | ≥ 100 × | speed |" in text
    assert "| f | ✓ reached | 2.5 s (2.5 to 3.5) | ≤ 3 s | patience |" in text
    assert (
        "| a, on an accelerator, against this processor | not measured |  | ≥ 50 × | device |"
        in text
    )
    assert "* b, against w: Because." in text
    assert "Never shown" not in text


def test_cases_say_what_when_where_and_what_was_left_out():
    text = cases_text(STORED)
    assert r"**A|b**" in text
    assert "| loop | 0.002 | 2,000 | 1,900 to 2,100 |" in text
    assert "A note. Not measured, as absent was not installed: theirs." in text
    assert "Measured on 2000-01-02 on machine 2, 0.5 programs running on average." in text
    assert "| f | 2.5 s |  |" in text


def test_machines_stand_side_by_side():
    text = machines_text(STORED)
    assert "|  | machine 1 | machine 2 |" in text
    assert "| processor | old | new |" in text
    assert "| numba |  | 2 |" in text
    assert machines_text({"machines": [], "cases": []}) == "Nothing has been measured yet."


def test_every_table_has_as_many_cells_in_each_row():
    stored = read_baseline()
    for text in (cases_text(stored), machines_text(stored)):
        for table in re.findall(r"(?:^\|.*\n?)+", text, re.M):
            cells = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(cells) == 1, table


def test_a_page_reads_one_measurement():
    goal = next(goal for goal in read_goals() if goal.way)
    found = benchmark(goal.name, goal.way)
    assert found.low <= found.ratio <= found.high
    assert found.machine["cores"] >= 1
    with pytest.raises(KeyError, match=r"no benchmark 'sloth' in case .* there are"):
        benchmark(goal.name, "sloth")
