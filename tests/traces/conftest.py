"""Fixtures of the tests of traces."""

import pytest

from tests.traces.small_data import write_data


@pytest.fixture
def data(tmp_path):
    """A data folder with one intact data set, "tiny"."""
    write_data(tmp_path)
    return tmp_path
