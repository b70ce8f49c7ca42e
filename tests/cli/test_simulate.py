"""`simlib simulate`: numbers, repeatability, and messages for wrong use."""

import json
import os
import subprocess
import sys

import jax
import numpy as np
import pytest

from simlib import Uniform, cli
from simlib.cli._simulate import _family
from simlib.simulate import survival
from tests.statistics import assert_agrees

UNIFORM = ("simulate", "uniform", "--error-rate", "0.01", "--replicates", "1e5")


def run(*arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    streams = capsys.readouterr()
    return caught.value.code or 0, streams.out, streams.err


def test_json_is_the_library_result_whatever_the_devices(capsys):
    code, out, err = run(*UNIFORM, "--lengths", "1,1e2", "--seed", "5", "--json", capsys=capsys)
    assert code == 0
    result = json.loads(out)
    expected = survival(Uniform(0.01), [1, 100], key=jax.random.key(5), replicates=100_000)
    rows = result["survival"]
    assert [row["length"] for row in rows] == [1, 100]
    for name, field in (("simulated", "value"), ("lower", "lower"), ("upper", "upper")):
        np.testing.assert_array_equal([row[name] for row in rows], getattr(expected, field))
    assert result["process"] == "uniform"
    assert (result["replicates"], result["seed"], result["precision"]) == (100_000, 5, "double")
    assert "100,000 sequences" in err
    # The same command again gives the same result, but for the time it took.
    again = json.loads(
        run(*UNIFORM, "--lengths", "1,1e2", "--seed", "5", "--json", capsys=capsys)[1]
    )
    for each in (result, again):
        speed, seconds = each.pop("sequences_per_second"), each.pop("seconds")
        assert speed > 0
        # Seconds are printed to a thousandth, speed to four digits.
        assert abs(100_000 / speed - seconds) < 6e-4 + 6e-4 * seconds
        assert each.pop("devices") == len(jax.devices())
    assert again == result


def test_a_checkpoint_is_extended_and_refused_for_another_seed(tmp_path, capsys):
    file = tmp_path / "run.json"
    asked = (*UNIFORM[:-1], "3e5", "--lengths", "10", "--json")
    code, whole, _ = run(*asked, capsys=capsys)
    assert code == 0
    run(*UNIFORM, "--lengths", "10", "--checkpoint", str(file), capsys=capsys)
    code, out, err = run(*asked, "--checkpoint", str(file), capsys=capsys)
    assert (code, json.loads(out)["survival"]) == (0, json.loads(whole)["survival"])
    assert "200,000 sequences in" in err
    assert f"100,000 sequences were in {file}" in err.replace("\n", "")
    code, _, err = run(*asked, "--checkpoint", str(file), "--seed", "1", capsys=capsys)
    assert code == 2
    assert "has other key" in err


@pytest.mark.parametrize(
    ("arguments", "truth"),
    [
        (("uniform", "--error-rate", "0.01"), lambda n: 0.99**n),
        (
            ("key_tokens", "--key-error-rate", "0.02", "--growth", "linear:share=0.25",
             "--non-key", "constant:error_rate=0.001"),
            lambda n: 0.98 ** (n / 4) * 0.999 ** (3 * n / 4),
        ),
        (
            ("heavy_tailed", "--mixing", "kumaraswamy:a=1,b=1", "--atom", "0.2"),
            lambda n: 0.2 + 0.8 / (n + 1),
        ),
    ],
)  # fmt: skip
def test_simulation_and_formula_columns_are_both_right(arguments, truth, capsys):
    code, out, _ = run("simulate", *arguments, "--lengths", "1,10,100", "--json", "--single",
                       "--replicates", "2e5", capsys=capsys)  # fmt: skip
    assert code == 0
    rows = json.loads(out)["survival"]
    expected = truth(np.array([1, 10, 100]))
    np.testing.assert_allclose([row["formula"] for row in rows], expected, rtol=1e-4)
    counts = np.rint(np.array([row["simulated"] for row in rows]) * 200_000)
    assert_agrees(counts, expected, n=200_000, wrong={"is 2 % larger": expected * 0.98})
    z = (np.array([row["simulated"] for row in rows]) - expected) / np.sqrt(
        expected * (1 - expected) / 200_000
    )
    np.testing.assert_allclose([row["z"] for row in rows], z, atol=0.1)


def test_table_shows_every_length_and_nothing_else_on_stdout(capsys):
    code, out, err = run(*UNIFORM, "--lengths", "0,69,100000", capsys=capsys)
    assert code == 0
    for text in ("length", "formula", "simulated", "95 % interval", "100,000", "0.499837"):
        assert text in out
    assert "sequences in" not in out
    assert "sequences in" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*UNIFORM, "--lengths", "1,x"), "whole numbers such as 1000 or 1e6"),
        ((*UNIFORM, "--lengths", "-3"), "got '-3'"),
        ((*UNIFORM, "--replicates", "0"), "replicates must be a whole number >= 1"),
        ((*UNIFORM, "--replicates", "1.5"), "got '1.5'"),
        ((*UNIFORM, "--level", "95"), "must lie in (0, 1)"),
        ((*UNIFORM, "--seed", "-1"), "--seed"),
        (("simulate", "uniform", "--error-rate", "2"), "error_rate must lie in (0, 1)"),
        (
            ("simulate", "heavy_tailed", "--mixing", "beta:a=0.3"),
            "write beta:a=...,b=...",
        ),
        (("simulate", "heavy_tailed", "--mixing", "beta:a=x,b=1"), "'a=x' is no number"),
        (
            ("simulate", "key_tokens", "--key-error-rate", "0.1", "--growth", "cubic"),
            "knows linear, power, logarithmic, saturating; got 'cubic'",
        ),
        (
            ("simulate", "heavy_tailed", "--mixing", "beta:a=1,b=1", "--event", "luck"),
            "must be error or success",
        ),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_to_write(arguments, message, capsys):
    code, out, err = run(*arguments, capsys=capsys)
    assert code == 2
    assert out == ""
    unframed = " ".join(err.replace("│", " ").split())
    assert message in unframed


def test_family_without_parameters():
    assert _family("non-key", "none", {"none": lambda: 3}) == 3


def test_as_a_program_it_uses_every_processor_and_leaves_stdout_clean():
    done = subprocess.run(
        [sys.executable, "-m", "simlib.cli", *UNIFORM, "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["replicates"] == 100_000
    assert f"on {len(os.sched_getaffinity(0))} devices" in done.stderr


CHAIN = ("simulate", "recovery", "--break-rate", "0.05", "--repair-rate", "0.02")


@pytest.mark.parametrize(
    ("arguments", "right"),
    [
        (CHAIN, {10: 0.6314, 50: 0.3047}),
        ((*CHAIN, "--repair-shape", "0.5"), None),
        (
            ("simulate", "self_conditioning", "--error-rate", "0.05", "--feedback", "0"),
            {10: 0.95, 50: 0.95},
        ),
    ],
)
def test_runs_with_memory_have_two_definitions_of_success(arguments, right, capsys):
    code, out, _ = run(*arguments, "--lengths", "10,50", "--json", capsys=capsys)
    assert code == 0
    result = json.loads(out)
    clean = [row["formula"] for row in result["survival"]]
    np.testing.assert_allclose(clean, 0.95 ** np.array([10, 50]), rtol=1e-10)
    for name in ("survival", "right"):
        expected = np.array([row["formula"] for row in result[name]])
        counts = np.rint(np.array([row["simulated"] for row in result[name]]) * 100_000)
        assert_agrees(counts, expected, n=100_000, wrong={"is 5 % smaller": expected * 0.95})
    if right is not None:
        found = {row["length"]: row["formula"] for row in result["right"]}
        assert found == pytest.approx(right, abs=5e-5)


def test_runs_with_memory_refuse_the_impossible(capsys):
    code, out, err = run(*CHAIN[:3], "1.5", *CHAIN[4:], capsys=capsys)
    assert (code, out) == (2, "")
    assert "break_rate must lie in (0, 1)" in err
    code, _, err = run(
        "simulate", "self_conditioning", "--error-rate", "0.1", "--feedback", "1",
        "--dependence", "all", capsys=capsys,
    )  # fmt: skip
    assert code == 2
    assert "must be count or share" in err
