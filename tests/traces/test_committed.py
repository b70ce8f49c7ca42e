"""The data folder as a whole: every family for every model, and every file intact."""

import pytest

from simlib.traces import load, registry, verify
from simlib.traces.collect import MODELS
from simlib.traces.collect._texts import FAMILIES
from tests.traces.committed import of_family

LOCAL = sorted({entry.family for entry in registry().values()})


def test_families_are_known():
    assert {"answers", "attempts", "chains"} <= set(LOCAL) <= set(FAMILIES) - {"server"}


def test_every_registered_file_is_intact():
    checks = verify()
    assert [check.message for check in checks if not check.ok] == []
    assert {check.dataset for check in checks} == set(registry())


@pytest.mark.parametrize("family", LOCAL)
def test_every_family_was_collected_from_every_model(family):
    assert sorted(of_family(family)) == sorted(f"{family}-{model}" for model in MODELS)


@pytest.mark.parametrize("family", LOCAL)
def test_both_models_were_asked_the_same(family):
    names = of_family(family)
    assert len(names) == len(MODELS)
    first, *others = map(load, names)
    for other in others:
        assert other.prompts == first.prompts
        assert other.entry.sampling["entropy"] == first.entry.sampling["entropy"]
        columns = ("item_id", "task", "answer")
        assert other.items.select(columns).equals(first.items.select(columns))
        for a, b in zip(first.items["prompt"], other.items["prompt"], strict=True):
            # Long texts may be cut at different lengths.
            assert a == b or (family == "surprisal" and (a.startswith(b) or b.startswith(a)))


@pytest.mark.parametrize("name", list(registry()))
def test_every_row_names_the_model_of_the_entry(name):
    traces = load(name)
    assert set(traces.items["family"]) <= {traces.entry.family, "answers"}
    tables = (traces.attempts, traces.votes, traces.steps, traces.chain_steps, traces.pivots)
    for table in tables:
        assert table["model"].unique().to_list() in ([], [traces.entry.model["name"]])
