"""The file of verdicts and the comparison of two runs."""

import json
from dataclasses import replace

import pytest

from simlib.claims import Finding, Verdict, compare, read_verdicts, write_verdicts
from simlib.claims._store import to_json

PROVED = Finding("derived", Verdict.AGREES, method="proved symbolically")
MEASURED = Finding(
    "simulated", Verdict.AGREES, "", 1.001, 0.0012, 0.9979, 1.0041, 40_000, 1, "wilson", "a note"
)
TRACED = Finding("traces", Verdict.DISAGREES, "smollm2", 0.5, 0.01, 0.47, 0.53, 500)
VERDICTS = {"uniform.horizon": (PROVED, MEASURED), "survival.product": (TRACED,)}


def kinds(old, new):
    return [(change.kind, change.fails) for change in compare(old, new)]


def changed(**fields):
    return {**VERDICTS, "uniform.horizon": (PROVED, replace(MEASURED, **fields))}


def test_round_trip_is_exact_sorted_and_stable(tmp_path):
    path = tmp_path / "verdicts.json"
    write_verdicts(VERDICTS, path)
    assert read_verdicts(path) == VERDICTS
    text = path.read_text(encoding="utf-8")
    assert list(json.loads(text)["verdicts"]) == ["survival.product", "uniform.horizon"]
    shuffled = {"survival.product": (TRACED,), "uniform.horizon": (MEASURED, PROVED)}
    assert to_json(shuffled) == text
    assert list(tmp_path.iterdir()) == [path]  # no temporary file is left


def test_no_file_means_no_verdicts(tmp_path):
    assert read_verdicts(tmp_path / "verdicts.json") == {}


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: text.replace('"agrees"', '"agreed"'),
        lambda text: text.replace('"simulated"', '"guessed"'),
        lambda text: text.replace('"stderr"', '"sd"'),
        lambda text: text.replace('"level": 0.99', '"level": 0.95'),
    ],
)
def test_damaged_files_name_the_file_and_the_remedy(tmp_path, damage):
    path = tmp_path / "verdicts.json"
    path.write_text(damage(to_json(VERDICTS)), encoding="utf-8")
    with pytest.raises(ValueError, match=r"verdicts\.json .*simlib claims --update"):
        read_verdicts(path)


def test_nothing_changed():
    assert compare(VERDICTS, VERDICTS) == ()
    # The last digits of a sampled proof may differ between machines.
    assert compare(VERDICTS, changed(method="other")) == ()


def test_notes_are_printed_so_they_must_be_current():
    assert kinds(VERDICTS, changed(note="reworded")) == [("text", True)]


def test_reasons_belong_to_the_definitions(tmp_path):
    reason = Finding("traces", Verdict.NOT_APPLICABLE, note="a theorem")
    path = tmp_path / "verdicts.json"
    write_verdicts({"uniform.horizon": (PROVED, reason)}, path)
    assert read_verdicts(path) == {"uniform.horizon": (PROVED,)}
    assert compare({"uniform.horizon": (PROVED, reason)}, {"uniform.horizon": (PROVED,)}) == ()


def test_changed_verdicts_fail():
    assert kinds(VERDICTS, changed(verdict=Verdict.INCONCLUSIVE)) == [("verdict", True)]


def test_numbers_may_move_within_chance_but_not_beyond():
    assert kinds(VERDICTS, changed(value=1.003)) == [("noise", False)]
    assert kinds(VERDICTS, changed(value=1.010)) == [("number", True)]
    # An unchanged value with another precision or sample is another measurement.
    assert kinds(VERDICTS, changed(stderr=0.0030)) == [("number", True)]
    assert kinds(VERDICTS, changed(n=50_000)) == [("number", True)]


def test_exact_numbers_may_not_move():
    exact = Finding("derived", Verdict.AGREES, "", 0.321928, 0.0, 0.321928, 0.321928, 0)
    moved = replace(exact, value=0.322928, lower=0.322928, upper=0.322928)
    last_digit = replace(exact, value=0.321929, lower=0.321929, upper=0.321929)
    old = {"uniform.horizon": (exact,)}
    assert kinds(old, {"uniform.horizon": (moved,)}) == [("number", True)]
    assert kinds(old, {"uniform.horizon": (last_digit,)}) == [("noise", False)]


def test_added_and_removed_findings_fail():
    fewer = {"uniform.horizon": (PROVED, MEASURED)}
    assert kinds(VERDICTS, fewer) == [("removed", True)]
    assert kinds(fewer, VERDICTS) == [("added", True)]
    (change,) = compare(fewer, VERDICTS)
    assert str(change).startswith("survival.product, traces (smollm2): nothing → disagrees")
