"""Short contexts: every token is read once, with a context between K and 2 K - 1 tokens."""

from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.traces.collect._text_score import windows


@settings(deadline=None, max_examples=300)
@given(st.integers(1, 700), st.integers(1, 130))
def test_every_token_is_read_exactly_once_with_a_context_of_the_right_length(length, context):
    read = []
    for start, stop, first in windows(length, context):
        assert 0 <= start <= first < stop <= length
        assert stop - start <= 2 * context
        for token in range(first, stop):
            before = token - start
            assert before == token if token < context else context <= before < 2 * context
            read.append(token)
    assert read == list(range(length))


def test_known_windows():
    assert windows(3, 2) == [(0, 3, 0)]
    assert windows(4, 2) == [(0, 4, 0)]
    assert windows(5, 2) == [(0, 4, 0), (2, 5, 4)]
    assert windows(8, 2) == [(0, 4, 0), (2, 6, 4), (4, 8, 6)]
