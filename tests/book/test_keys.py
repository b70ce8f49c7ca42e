"""Keys of pages: stable, distinct, independent of the precision."""

import jax
import numpy as np
import pytest

from simlib.book import page_key


def data(topic):
    return np.asarray(jax.random.key_data(page_key(topic))).tolist()


def test_a_page_keeps_its_key():
    # Written down once: a change would change every simulated number of the book.
    assert data("uniform") == [2387229396, 3852171578]


def test_pages_have_different_keys():
    topics = [f"page {i}" for i in range(500)]
    assert len({tuple(data(topic)) for topic in topics}) == len(topics)


def test_the_key_does_not_depend_on_precision():
    with jax.enable_x64(False):
        single = data("heavy_tailed")
    assert single == data("heavy_tailed")


def test_a_page_needs_a_name():
    with pytest.raises(ValueError, match="topic must name the page"):
        page_key("")
