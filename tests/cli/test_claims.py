"""`simlib claims`: table, JSON, --check, --update and their exit codes."""

import json
import shutil

import pytest

from simlib import cli
from simlib.claims import claims_directory, read_verdicts

CLAIM = "uniform.union_bound"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder with the real claims on uniform errors and no verdicts yet."""
    target = tmp_path / "claims"
    target.mkdir()
    shutil.copy(claims_directory() / "uniform.toml", target)
    monkeypatch.setenv("SIMLIB_DATA", str(tmp_path))
    return target


@pytest.fixture
def call(capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as caught:
            cli.main(["claims", *arguments])
        streams = capsys.readouterr()
        return caught.value.code or 0, streams.out, streams.err

    return call


def test_update_then_check_then_show(folder, call):
    code, out, _ = call(CLAIM)
    assert code == 0
    assert "not run yet" in out

    code, out, _ = call("--update", CLAIM)
    assert code == 0
    assert "1 claims run, 2 changes stored" in out
    stored = read_verdicts(folder / "verdicts.json")
    assert [x.verdict for x in stored[CLAIM]] == ["agrees", "agrees"]

    code, out, _ = call("--check", CLAIM)
    assert (code, out) == (0, "1 claims run; every verdict stands.\n")

    code, out, _ = call(CLAIM)
    assert code == 0
    assert "simulated ✓ agrees: 0.9" in out
    assert "margin: 0 to 1" in out

    code, out, _ = call("uniform")
    assert code == 0
    assert out.count("✓ agrees") == 2


def test_a_changed_verdict_fails_the_check_and_says_how_to_accept_it(folder, call):
    call("--update", CLAIM)
    path = folder / "verdicts.json"
    text = path.read_text(encoding="utf-8").replace('"agrees"', '"inconclusive"')
    path.write_text(text, encoding="utf-8")
    code, out, err = call("--check", CLAIM)
    assert code == 1
    assert f"{CLAIM}, derived: inconclusive → agrees (verdict)" in out
    assert "simlib claims --update" in err
    assert path.read_text(encoding="utf-8") == text  # checking never writes

    code, out, _ = call("--check", "--json", CLAIM)
    report = json.loads(out)
    assert (code, report["ok"]) == (1, False)
    assert [change["kind"] for change in report["changes"]] == ["verdict", "verdict"]


def test_a_new_margin_is_a_new_verdict(folder, call):
    """The ratio is about 0.95 and 0.63; a margin that ends at 0.9 contradicts the first."""
    call("--update", CLAIM)
    path = folder / "uniform.toml"
    text = path.read_text(encoding="utf-8")
    assert "lower = 0.0, upper = 1.0" in text
    path.write_text(text.replace("lower = 0.0, upper = 1.0", "lower = 0.0, upper = 0.9"), "utf-8")
    code, out, _ = call("--check", CLAIM)
    assert code == 1
    assert f"{CLAIM}, simulated: agrees" in out
    assert "→ disagrees" in out


def test_update_of_one_claim_keeps_the_others(folder, call):
    call("--update", CLAIM)
    call("--update", "uniform.horizon_ratio")
    assert set(read_verdicts(folder / "verdicts.json")) == {CLAIM, "uniform.horizon_ratio"}


def test_json_is_alone_on_stdout(folder, call):
    code, out, err = call("--json", "uniform")
    assert (code, err) == (0, "")
    entries = json.loads(out)
    assert CLAIM in {entry["id"] for entry in entries}
    (inequality,) = [x for x in entries if x["id"] == "uniform.heterogeneity_helps"]
    assert inequality["margin"]["upper"] is None  # infinity has no JSON number

    code, out, err = call("--update", "--json", CLAIM)
    assert code == 0
    assert json.loads(out)["ok"] is True


def test_wrong_use(folder, call):
    assert call("--check", "--update")[0] == 2
    code, out, err = call("uniform.unoin_bound")
    assert (code, out) == (2, "")
    assert "uniform.union_bound" in err


def test_damaged_verdicts_are_the_users_to_fix(folder, call):
    (folder / "verdicts.json").write_text("{", encoding="utf-8")
    code, _, err = call("uniform")
    assert code == 2
    assert "simlib claims --update" in err
