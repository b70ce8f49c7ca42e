"""The tables: every fault is found and named with file, row, column and remedy."""

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from simlib.traces import TABLES, DataError, validate, validate_links
from simlib.traces._files import parquet_bytes
from tests.traces.small_data import every_table, small_tables

ids = st.text(min_size=1, max_size=12)
log_probs = st.floats(-1e6, 0.0, width=32) | st.just(float("-inf"))


@st.composite
def steps_tables(draw):
    keys = draw(st.lists(st.tuples(ids, st.integers(0, 99)), unique=True, max_size=12))
    rows = [
        (
            name,
            draw(ids),
            draw(ids),
            position,
            draw(st.integers(0, 2**31 - 1)),
            draw(st.text(max_size=4)),
            draw(log_probs),
            draw(st.floats(0.0, 20.0, width=32)),
            draw(st.integers(1, 50000)),
            draw(st.floats(0.0, 1.0, width=32)),
            draw(st.none() | st.booleans()),
        )
        for name, position in keys
    ]
    return pl.DataFrame(rows, schema=TABLES["steps"].schema, orient="row")


@settings(deadline=None, max_examples=50)
@given(steps_tables())
def test_a_table_survives_the_round_trip_with_the_same_bytes(frame):
    content = parquet_bytes(frame)
    back = validate("steps", pl.read_parquet(content))
    assert back.equals(frame)
    assert parquet_bytes(back) == content


@settings(deadline=None)
@given(
    st.integers(1, 10**12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    st.floats(max_value=0.0, allow_nan=False),
)
def test_legal_attempts_pass(counts, log_p):
    rows = [("a", "m", 0, 0, "exact", log_p), ("a", "m", *counts, "fixed", None)]
    frame = pl.DataFrame(rows, schema=TABLES["attempts"].schema, orient="row")
    assert validate("attempts", frame) is frame


def changed(table, column, row, value):
    frame = every_table()[table]
    values = frame[column].to_list()
    values[row] = value
    return frame.with_columns(pl.Series(column, values, dtype=frame.schema[column]))


@pytest.mark.parametrize(
    ("table", "column", "row", "value", "says"),
    [
        ("items", "prompt", 1, None, "the value is missing"),
        ("items", "level", 0, -1, "below 0"),
        ("items", "item_id", 1, "answers/add-1/0000", "more than once"),
        ("attempts", "log_p", 0, 0.5, "above 0"),
        ("attempts", "log_p", 1, float("nan"), "is nan"),
        ("attempts", "log_p", 0, None, "an exact row has no value"),
        ("attempts", "n", 0, 3, "an exact row counts attempts"),
        ("attempts", "n", 2, 0, "no attempts"),
        ("attempts", "successes", 2, 11, "11 successes in 10 attempts"),
        ("attempts", "successes", 2, -1, "below 0"),
        ("attempts", "stop_rule", 2, "bored", "'bored'"),
        ("steps", "top_prob", 3, 1.5, "above 1"),
        ("steps", "rank", 3, 0, "below 1"),
        ("steps", "entropy", 2, float("inf"), "is inf"),
        ("steps", "log_prob", 2, float("nan"), "is nan"),
        ("steps", "position", 4, 1, "more than once"),
        ("votes", "count", 1, 0, "below 1"),
        ("votes", "answer", 3, "", "more than once"),
        ("votes", "correct", 0, None, "the value is missing"),
        ("chain_steps", "run", 1, -1, "below 0"),
        ("chain_steps", "errors", 2, None, "the value is missing"),
        ("chain_steps", "tokens", 0, -1, "below 0"),
        ("chain_steps", "log_prob", 0, 0.25, "above 0"),
        ("chain_steps", "log_mass", 1, float("nan"), "is nan"),
        ("chain_steps", "position", 5, 1, "more than once"),
        ("pivots", "rollouts", 0, 0, "below 1"),
        ("pivots", "all_right_b", 1, -1, "below 0"),
        ("pivots", "end_right_a", 0, 3, "3 is more than the 2 of 'rollouts'"),
        ("pivots", "all_right_b", 0, 2, "2 is more than the 1 of 'end_right_b'"),
        ("pivots", "position", 1, 1, "more than once"),
    ],
)
def test_a_bad_value_is_named_with_file_row_and_column(table, column, row, value, says):
    with pytest.raises(DataError) as caught:
        validate(table, changed(table, column, row, value), "some/file.parquet")
    message = str(caught.value)
    assert message.startswith("some/file.parquet, row ")
    assert says in message
    assert column in message
    assert message.count(";") >= 1, "no remedy"
    if "more than once" not in says:
        assert f"row {row}," in message


def test_first_success_runs_end_at_their_first_success():
    frame = changed("attempts", "stop_rule", 2, "first_success")
    with pytest.raises(DataError, match="ends at its first success"):
        validate("attempts", frame)


def test_one_answer_may_be_missing_and_a_step_may_have_no_probability():
    votes, steps = every_table()["votes"], every_table()["chain_steps"]
    assert votes["answer"].null_count() == 1
    assert validate("votes", votes) is votes
    assert steps["log_prob"].null_count() == steps["tokens"].null_count() == 3
    assert validate("chain_steps", steps) is steps
    # Two attempts rows of one item may differ in their rule alone, two votes in their answer alone.
    twice = pl.concat([votes, votes[3:]])
    with pytest.raises(DataError, match=r"row 3.*item_id, model, answer.*more than once"):
        validate("votes", twice)


@pytest.mark.parametrize("table", list(TABLES))
def test_missing_extra_reordered_and_wrong_typed_columns(table):
    frame = every_table()[table]
    name = frame.columns[1]
    with pytest.raises(DataError, match=f"column '{name}': the column is missing"):
        validate(table, frame.drop(name))
    with pytest.raises(DataError, match="column 'more': unknown column"):
        validate(table, frame.with_columns(more=1))
    with pytest.raises(DataError, match="in the order"):
        validate(table, frame.select(reversed(frame.columns)))
    for column in frame.columns:
        wrong = frame.with_columns(pl.lit(b"x").alias(column))
        with pytest.raises(DataError, match=f"'{column}': the type is Binary; cast it to"):
            validate(table, wrong)


def test_unknown_table_and_unknown_item():
    with pytest.raises(DataError, match="no table 'rows'"):
        validate("rows", pl.DataFrame())
    tables = small_tables()
    stray = changed("attempts", "item_id", 1, "answers/none/0000")
    assert validate_links(tables["items"], tables["steps"]) is tables["steps"]
    with pytest.raises(DataError, match="row 1, column 'item_id': there is no item"):
        validate_links(tables["items"], stray, "f")
