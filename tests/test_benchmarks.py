"""The benchmarks run and are judged rightly; nothing here depends on how fast."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simlib.book._benchmarks import (
    Goal,
    Outcome,
    benchmark,
    benchmarks,
    outcomes,
    read_baseline,
    read_goals,
)

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RUN = BENCHMARKS / "run.py"


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, str(RUN), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "JAX_PLATFORMS": "cpu", **environment},
        timeout=600,
    )


@pytest.fixture(scope="module")
def scripts():
    """The modules beside `run.py`, as it imports them."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield {name: importlib.import_module(name) for name in ("timing", "store")}
    finally:
        sys.path.remove(str(BENCHMARKS))
        for name in ("timing", "store"):
            sys.modules.pop(name, None)


# -- the program ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def everything():
    done = run("--scale", "1e-5", "--repeat", "1", "--json", "-")
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout), done.stderr


def test_every_case_runs_and_reports_rates_and_ratios(everything):
    result, printed = everything
    assert result["machine"]["cores"] >= 1
    for name in ("jax", "numpy", "scipy", "simlib"):
        assert result["machine"][name][0].isdigit()
    assert len({case["name"] for case in result["cases"]}) == len(result["cases"]) >= 5
    for case in result["cases"]:
        first = case["ways"][0]
        assert first["ratio"] == 1.0
        for way in case["ways"]:
            assert way["rate"] > 0
            assert way["ratio"] == pytest.approx(first["rate"] / way["rate"], rel=2e-3)
            assert way["low"] <= way["ratio"] <= way["high"]
    assert "millions/s" in printed
    assert "goals reached" in printed


def test_every_goal_names_something_that_is_measured(everything):
    result, _ = everything
    cases = {c["name"]: {w["way"] for w in c["ways"]} | {*c["missing"]} for c in result["cases"]}
    figures = {figure["name"] for figure in result["figures"]}
    for goal in read_goals():
        if goal.name in cases:
            assert goal.on == "accelerator" or goal.way in cases[goal.name], goal
        else:
            assert goal.name in figures, goal


def test_a_missing_library_is_named_and_not_an_error(everything):
    result, printed = everything
    installed = {name for name in ("numba", "numpyro") if name in result["machine"]}
    skipped = {package for case in result["cases"] for package in case["missing"].values()}
    assert skipped == {"numba", "numpyro"} - installed
    for package in skipped:
        assert f"as {package} is not installed" in " ".join(printed.split())


def test_an_unknown_case_is_named():
    done = run("--only", "no such case")
    assert done.returncode == 2
    assert "survival, uniform errors" in done.stderr


def test_a_baseline_of_less_than_the_whole_work_is_refused():
    done = run("--only", "exponential levels", "--scale", "0.1", "--update")
    assert done.returncode == 2
    assert "--update needs the whole work" in done.stderr


# -- timings that were made up ----------------------------------------------------------------


def timing(scripts, **seconds):
    timing = scripts["timing"]
    case = timing.Case("demo", "items", {way: (lambda n: n, 100) for way in seconds})
    return timing.Timing(case, dict.fromkeys(seconds, 100), seconds)


def test_the_best_of_each_counts_and_the_range_is_within_repetitions(scripts):
    made_up = timing(scripts, ours=[1.0, 4.0], theirs=[8.0, 2.0])
    assert made_up.rates == {"ours": 100.0, "theirs": 50.0}
    assert made_up.ratio("theirs") == 2.0
    assert made_up.ratio_range("theirs") == (0.5, 8.0)
    assert made_up.scatter == {"ours": 3.0, "theirs": 3.0}


def test_a_way_without_its_library_is_skipped_and_named(scripts):
    module = scripts["timing"]
    case = module.Case(
        "demo", "items", {"ours": (lambda n: n, 8), "theirs": (module.Missing("absent"), 8)}
    )
    found = module.measure(case, scale=1.0, repeat=2)
    assert found.missing == {"theirs": "absent"}
    assert [*found.rates] == ["ours"]
    record = scripts["store"].case_record(found, date="2000-01-01")
    assert record["missing"] == {"theirs": "absent"}
    with pytest.raises(ModuleNotFoundError, match="absent is not installed"):
        case.ways["theirs"][0](8)


def way(ratio, low, high):
    return {"way": "w", "rate": 1.0, "ratio": ratio, "low": low, "high": high}


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (way(2.0, 1.8, 2.2), way(1.0, 0.9, 1.1), "worse"),
        (way(2.0, 1.8, 2.2), way(3.0, 2.9, 3.1), "better"),
        (way(2.0, 1.0, 2.2), way(1.5, 1.4, 1.6), "same"),  # the ranges overlap
        (way(2.0, 2.0, 2.0), way(1.96, 1.96, 1.96), "same"),  # two per cent are noise
        (way(2.0, 2.0, 2.0), way(1.5, 1.5, 1.5), "worse"),  # a single repetition
    ],
)
def test_only_changes_beyond_the_scatter_count(scripts, old, new, verdict):
    assert scripts["store"].change(old, new) == verdict


def test_of_a_figure_less_is_better(scripts):
    figure = lambda low, high: {"value": low, "low": low, "high": high}
    judge = scripts["store"].change_of_figure
    assert judge(figure(2.0, 2.1), figure(3.0, 3.1)) == "worse"
    assert judge(figure(2.0, 2.1), figure(1.0, 1.1)) == "better"
    assert judge(figure(2.0, 2.5), figure(2.4, 2.6)) == "same"
    assert judge(figure(0.0, 0.0), figure(1.0, 1.0)) == "worse"  # a compilation too many


def test_a_part_replaces_only_that_part(scripts):
    merged = scripts["store"].merged
    record = lambda name, rate: {"name": name, "ways": [{"rate": rate}]}
    old_machine, new_machine = {"processor": "old"}, {"processor": "new"}
    empty = {"machines": [], "cases": [], "figures": []}
    first = merged(
        empty, old_machine, [record("b", 1), record("a", 1)], [{"name": "f"}], order="abf"
    )
    assert [case["name"] for case in first["cases"]] == ["a", "b"]
    second = merged(first, new_machine, [record("b", 2)], [], order="abf")
    assert second["cases"][0] == first["cases"][0]
    assert second["cases"][1]["ways"] == [{"rate": 2}]
    names = [second["machines"][x["machine"]]["processor"] for x in second["cases"]]
    assert names == ["old", "new"]
    # A case that no longer exists goes, and its machine with it.
    third = merged(second, new_machine, [record("a", 3)], [{"name": "f"}], order="af")
    assert [case["name"] for case in third["cases"]] == ["a"]
    assert third["machines"] == [new_machine]
    assert {x["machine"] for x in third["cases"] + third["figures"]} == {0}


def test_a_baseline_is_written_whole(scripts, tmp_path):
    path = tmp_path / "benchmarks" / "baseline.json"
    scripts["store"].write(path, {"machines": [], "cases": [], "figures": []})
    before = path.read_text()
    with pytest.raises(ValueError, match="not JSON compliant"):
        scripts["store"].write(path, {"rate": float("nan")})
    assert path.read_text() == before
    assert [p.name for p in path.parent.iterdir()] == ["baseline.json"]


# -- goals ------------------------------------------------------------------------------------


def test_goals_are_bounds_from_below_or_above():
    fast = Goal("a", "w", 1.5, None, "speed")
    assert fast.reached(1.5)
    assert not fast.reached(1.49)
    small = Goal("f", "", None, 3.0, "seconds")
    assert small.reached(3.0)
    assert not small.reached(3.01)
    none = Goal("f", "", None, 0, "nothing")
    assert none.reached(0.0)
    assert not none.reached(1.0)


def test_a_goal_without_a_measurement_is_not_reached():
    assert Outcome(Goal("a", "w", 1.5, None, "speed")).verdict == "not measured"


def test_outcomes_find_ratios_figures_and_accelerators():
    def stored(rate):
        case = {
            "name": "a", "unit": "items per second", "date": "2000-01-01", "machine": 0,
            "ways": [way(1.0, 1.0, 1.0) | {"way": "ours", "rate": rate}, way(2.0, 1.9, 2.1)],
        }  # fmt: skip
        figure = {"name": "f", "unit": "s", "value": 2.0, "low": 2.0, "high": 2.5}
        return {"machines": [{"cores": 2}], "cases": [case], "figures": [figure]}

    goals = (
        Goal("a", "w", 1.5, None, "speed"),
        Goal("a", "gone", 1.5, None, "speed"),
        Goal("f", "", None, 1.0, "seconds"),
        Goal("a", "", 50.0, None, "device", on="accelerator"),
    )
    found = outcomes(goals, stored(10.0), stored(700.0))
    assert [x.verdict for x in found] == ["reached", "not measured", "missed", "reached"]
    assert [x.value for x in found] == [2.0, None, 2.0, 70.0]
    nothing = {"machines": [], "cases": [], "figures": []}
    assert outcomes(goals, stored(10.0), nothing)[3].verdict == "not measured"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('case = "a"\nway = "w"\nleast = 1\nmost = 2\nmeaning = "m"', "one of `least` and"),
        ('case = "a"\nleast = 1\nmeaning = "m"', "a case needs `way` or `on`"),
        ('figure = "f"\nway = "w"\nleast = 1\nmeaning = "m"', "a figure neither"),
        ('figure = "f"\nleast = 1\nmeaning = "m"\ngoal = 3', "'goal': 3"),
    ],
)
def test_a_malformed_goal_is_named(tmp_path, entry, message):
    path = tmp_path / "goals.toml"
    path.write_text(f"[[goal]]\n{entry}\n")
    with pytest.raises(ValueError, match=message):
        read_goals(path)


def test_two_goals_for_one_thing_are_refused(tmp_path):
    path = tmp_path / "goals.toml"
    path.write_text('[[goal]]\nfigure = "f"\nleast = 1\nmeaning = "m"\n' * 2)
    with pytest.raises(ValueError, match="two goals"):
        read_goals(path)


# -- what is committed ------------------------------------------------------------------------


def test_the_committed_baseline_is_sound():
    stored = read_baseline()
    for record in stored["cases"] + stored["figures"]:
        machine = stored["machines"][record["machine"]]
        assert machine["processor"]
        assert machine["jax"]
        assert record["date"] >= "2026-11-22"
    for x in benchmarks(stored):
        assert x.rate > 0
        assert x.low <= x.ratio <= x.high


def test_the_committed_baseline_answers_every_goal():
    """A goal on an accelerator may wait until one is at hand; the others may not."""
    found = outcomes(read_goals(), read_baseline(), read_baseline("benchmarks/accelerator.json"))
    waiting = [x.goal for x in found if x.verdict == "not measured" and not x.goal.on]
    assert waiting == []


def test_an_unknown_benchmark_is_named():
    with pytest.raises(KeyError, match="no benchmark 'sloth'"):
        benchmark("first errors, uniform (rate 1e-3)", "sloth")
