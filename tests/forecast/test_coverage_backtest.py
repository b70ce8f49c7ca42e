"""The committed back-test is what the code gives, and its scores are what they are called."""

import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import polars as pl
import pytest
from scipy import stats

from simlib.forecast import Truth, backtest_table, draw_counts, log_loss_error

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


# In a process of its own: draws depend on the precision that JAX is set to.
AGAIN = """
import sys, backtest, polars
rows = backtest.rows_of((sys.argv[1], int(sys.argv[2])))
polars.DataFrame(rows, infer_schema_length=None).write_parquet(sys.argv[3])
"""


@pytest.mark.parametrize(
    ("name", "rep"), [("synthetic:inside, Weibull", 2), ("attempts:gemma3/mul-1", 0)]
)
def test_a_row_comes_out_again(tmp_path, name, rep):
    out = tmp_path / "again.parquet"
    command = [sys.executable, "-c", AGAIN, name, str(rep), str(out)]
    done = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    table = backtest_table().filter((pl.col("name") == name) & (pl.col("rep") == rep))
    assert len(table) > 100
    again = pl.read_parquet(out).with_columns(pl.col("seen", "k", "rep").cast(pl.Int32))
    keys = ["seen", "stopped", "k", "method"]
    both = table.join(again.select(*keys, "value", "truth"), on=keys, suffix="_again")
    assert len(both) == len(table) == len(again)
    np.testing.assert_allclose(both["truth"], both["truth_again"], rtol=1e-5)
    # The last digits of a posterior depend on the processor.
    np.testing.assert_allclose(both["value"], both["value_again"], rtol=2e-3, atol=1e-6)


def test_no_forecast_of_the_table_is_missing():
    table = backtest_table()
    assert table["value"].is_between(0, 1).all()
    ours = table.filter(pl.col("method") == "posterior")
    for percent in (50, 80, 90, 95):
        low, high = ours[f"lower_{percent}"], ours[f"upper_{percent}"]
        assert (low <= ours["value"] + 1e-6).all()
        assert (ours["value"] <= high + 1e-6).all()


def test_stopped_counts_are_geometric():
    # False alarm 1e-4; a first attempt counted as the zeroth is caught.
    truth = Truth("test", "one rate", np.full(4000, np.log(0.2)))
    counts = draw_counts(truth, 50, key=jax.random.key(3), stop=True)
    solved = counts.successes == 1
    assert counts.stopped.all()
    assert np.all(counts.attempts[~solved] == 50)
    seen = np.bincount(np.minimum(counts.attempts[solved], 11), minlength=12)[1:]
    inside = stats.geom.pmf(np.arange(1, 11), 0.2)
    expected = np.append(inside, 1 - inside.sum()) * solved.sum()
    assert stats.chisquare(seen, expected).pvalue > 1e-4
    shifted = np.append(expected[1:], expected[0])
    assert stats.chisquare(seen, shifted).pvalue < 1e-4


def test_the_error_is_that_of_the_log():
    assert log_loss_error(0.5, 0.25) == pytest.approx(0.5)
    assert np.isinf(log_loss_error(0.0, 0.25))
