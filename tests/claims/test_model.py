"""Definitions in TOML: what is accepted, and what each fault is told."""

import pytest

from simlib.claims import claims, read_claims

GOOD = """
[[claim]]
id = "uniform.geometric_law"
statement = "Survival is geometric."
source = { key = "arbuzov2025", where = "formula 1" }
formula = "uniform.survival"
page = "chapters/processes/uniform.md"
margin = { lower = 0.9, upper = 1.1, effect = "ratio", unit = "1", why = "a tenth" }
[claim.not_applicable]
traces = "a consequence"
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="uniform.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_definition_is_read_as_written(write):
    (claim,) = read_claims(write(GOOD))
    assert claim.id == "uniform.geometric_law"
    assert claim.topic == "uniform"
    assert claim.source.key == "arbuzov2025"
    assert claim.margin is not None
    assert (claim.margin.lower, claim.margin.upper) == (0.9, 1.1)
    assert dict(claim.not_applicable) == {"traces": "a consequence"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[claim]]", "[[claim", "not valid TOML"),
        ("[[claim]]", "[[claims]]", "nothing else"),
        ('id = "uniform.geometric_law"', "", "'id' is missing"),
        ("uniform.geometric_law", "uniform.Geometric", "topic.snake_name"),
        ("uniform.geometric_law", "survival.law", "belongs in survival.toml"),
        ("statement =", "statment =", r"'statement' is missing \(did you mean it by 'statment'"),
        ('"Survival is geometric."', '""', "statement is empty"),
        ('"Survival is geometric."', "3", "statement must be str, got int 3"),
        ("page =", 'pages = "x"\npage =', "unknown field 'pages'"),
        ("upper = 1.1", "upper = 0.9", "lower < upper"),
        ("lower = 0.9, upper = 1.1", "lower = -inf, upper = inf", "at least one finite end"),
        ("lower = 0.9", "lower = nan", "lower is NaN"),
        ("lower = 0.9", "lower = true", "lower must be int or float, got bool"),
        ('why = "a tenth"', 'reason = "a tenth"', "'why' is missing"),
        ("traces =", "trace =", "not_applicable names"),
        (', where = "formula 1"', "", "'where' is missing"),
        ("margin = {", "# {", "need a margin"),
    ],
)
def test_faults_name_file_claim_field_and_remedy(write, old, new, message):
    assert old in GOOD
    path = write(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=message) as caught:
        read_claims(path)
    assert "uniform.toml" in str(caught.value)


def test_repeated_ids_and_claims_without_any_evidence_are_refused(write):
    with pytest.raises(ValueError, match="defined twice"):
        read_claims(write(GOOD + GOOD))
    nothing = 'traces = "a"\nderived = "b"\nsimulated = "c"'
    with pytest.raises(ValueError, match="no column is applicable"):
        read_claims(write(GOOD.replace('traces = "a consequence"', nothing)))


def test_unknown_ids_name_their_neighbours():
    with pytest.raises(KeyError, match=r"uniform\.horizon"):
        claims(["uniform.horizn"])
    with pytest.raises(KeyError, match="'uniform'"):
        claims(["unifrom"])
    with pytest.raises(KeyError, match="topics are"):
        claims(["zzz"])


def test_a_topic_selects_its_claims():
    assert {claim.topic for claim in claims(["uniform"])} == {"uniform"}
    assert len(claims(["uniform.horizon", "uniform.horizon"])) == 1


def test_a_missing_data_folder_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMLIB_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="SIMLIB_DATA"):
        claims()
