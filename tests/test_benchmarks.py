"""The benchmarks run; nothing here depends on how fast."""

import json
import os
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parents[1] / "benchmarks" / "run.py"


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(RUN), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        timeout=600,
    )


def test_every_case_runs_and_reports_rates_and_ratios():
    done = run("--scale", "1e-4", "--repeat", "1", "--json", "-")
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert result["machine"]["cores"] >= 1
    for name in ("jax", "numpy", "scipy", "simlib"):
        assert result["machine"][name][0].isdigit()
    assert len({case["name"] for case in result["cases"]}) == len(result["cases"]) >= 5
    for case in result["cases"]:
        first = case["ways"][0]
        assert first["first_is_faster_by"] == 1.0
        for way in case["ways"]:
            assert way["rate"] > 0
            assert way["first_is_faster_by"] == first["rate"] / way["rate"]
    assert "millions/s" in done.stderr


def test_an_unknown_case_is_named():
    done = run("--only", "no such case")
    assert done.returncode == 2
    assert "survival, uniform errors" in done.stderr
