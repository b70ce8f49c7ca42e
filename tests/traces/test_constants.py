"""Numbers from the literature: all have a source, and a faulty file is refused."""

import re

import pytest

from simlib.traces import DataError, constant, constants

GOOD = """
[work.number]
value = 0.5
unit = "1"
meaning = "a share"
source = "arXiv:2501.00001"
section = "abstract"
verified = "paper"
"""


def test_the_committed_constants_are_complete():
    found = constants()
    assert len(found) > 20
    for name, entry in found.items():
        assert entry.id == name
        assert re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+", name), name
        for text in (entry.unit, entry.meaning, entry.source, entry.section):
            assert text.strip() == text, name
            assert text, name
        assert float(entry) == entry.value
        assert entry.is_fact == (entry.verified in ("paper", "computed"))


def test_look_up():
    assert constant("longppl.key_share").value == 0.09
    assert constant("longppl.key_share").source == "arXiv:2410.23771"
    with pytest.raises(KeyError, match=r"no constant 'longppl.share'.*longppl.key_share"):
        constant("longppl.share")
    with pytest.raises(KeyError, match="there are arbuzov"):
        constant("nobody.knows")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('verified = "paper"', 'verified = "hearsay"', "verified is 'hearsay'"),
        ("value = 0.5", 'value = "half"', "value is 'half'"),
        ("value = 0.5", "value = true", "value is True"),
        ('unit = "1"\n', "", "unit"),
        ("[work.number]", "[work.number", "not TOML"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path, old, new, says):
    path = tmp_path / "constants.toml"
    path.write_text(GOOD)
    assert constant("work.number", directory=tmp_path).value == 0.5
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(DataError, match=says):
        constants(directory=tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"constants\.toml: the file is missing"):
        constants(directory=tmp_path)
