"""The evidence itself: the stored verdicts still hold, and a wrong formula is caught."""

from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

import simlib.claims._evidence as registry
from simlib import claims
from simlib.claims import Verdict, claim_key, compare, read_verdicts, run, verdicts_path
from simlib.claims._evidence import Evidence, evidence
from simlib.claims._run import check_complete
from simlib.claims.evidence import uniform as runners
from simlib.formulas import REGISTRY, error_rate, n, uniform

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ledger_run():
    return run()


def test_stored_verdicts_hold(ledger_run):
    changes = compare(read_verdicts(verdicts_path()), ledger_run)
    failing = [str(change) for change in changes if change.fails]
    assert not failing, (
        "\n".join(failing) + "\nIf this is meant: `simlib claims --update`, and commit the file."
    )


def test_every_claim_has_every_column(ledger_run):
    for entry in claims.ledger(ledger_run):
        assert {finding.column for finding in entry.findings} == set(claims.COLUMNS)


def test_definitions_point_to_things_that_exist():
    bibliography = (ROOT / "chapters/references.bib").read_text(encoding="utf-8")
    for claim in claims.claims():
        assert claim.formula in {"", *REGISTRY}, claim.id
        assert (ROOT / claim.page).is_file(), f"{claim.id}: no page {claim.page}"
        key = claim.source.key
        assert not key or f"{{{key}," in bibliography, f"{claim.id}: no reference {key}"


def test_runs_repeat_and_do_not_touch_the_global_precision():
    before = jax.config.read("jax_enable_x64")
    first = run(["uniform.concentration_never_helps"])
    with jax.enable_x64(False):
        second = run(["uniform.concentration_never_helps"])
        assert jnp.zeros(1).dtype == jnp.float32
    assert first == second
    assert jax.config.read("jax_enable_x64") == before


def test_progress_counts_every_runner():
    seen = []
    run(["uniform.union_bound"], progress=lambda done, total, label: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_keys_differ_between_claims_columns_and_models():
    slots = [
        ("uniform.horizon", "simulated", ""),
        ("uniform.union_bound", "simulated", ""),
        ("uniform.horizon", "traces", "smollm2"),
        ("uniform.horizon", "traces", "other"),
    ]
    keys = {tuple(jax.random.key_data(claim_key(*slot)).tolist()) for slot in slots}
    assert len(keys) == len(slots)


# -- wrong formulas ------------------------------------------------------------------------


class Wrong:
    """Two wrong geometric laws: one token too many, and the hazard put for the probability."""

    expression = (1 - error_rate) ** (n + 1)

    def __call__(self, length, rate):
        return jnp.exp(-jnp.asarray(length) * rate)

    def prove(self):
        return uniform.survival.prove()


def test_a_wrong_formula_turns_agreement_into_disagreement(monkeypatch):
    """exp(-ne) exceeds (1-e)^n by 5 % at e = 0.1, n = 10; the margin is 2 %."""
    honest = run(["uniform.geometric_law"])["uniform.geometric_law"]
    assert [x.verdict for x in honest] == [Verdict.AGREES, Verdict.AGREES]

    class Formulas:
        survival = Wrong()

    monkeypatch.setattr(runners, "uniform", Formulas)
    derived, simulated = run(["uniform.geometric_law"])["uniform.geometric_law"]
    assert derived.verdict is Verdict.DISAGREES  # S(0) = 1 is refuted
    assert simulated.verdict is Verdict.DISAGREES
    changed = compare({"uniform.geometric_law": honest}, run(["uniform.geometric_law"]))
    assert [change.kind for change in changed] == ["verdict", "verdict"]
    assert all(change.fails for change in changed)


# -- the registry of runners ---------------------------------------------------------------


@pytest.fixture
def runners_of_test(monkeypatch):
    monkeypatch.setattr(registry, "RUNNERS", dict(registry.RUNNERS))
    monkeypatch.setattr("simlib.claims._run.RUNNERS", registry.RUNNERS)
    return registry.RUNNERS


def test_silent_gaps_are_errors(runners_of_test):
    del runners_of_test["uniform.horizon", "simulated", ""]
    with pytest.raises(ValueError, match=r"uniform\.horizon: no evidence in column simulated"):
        run(["uniform"])
    run(["uniform.union_bound"])  # other claims can still be worked on


def test_runners_without_a_claim_are_errors(runners_of_test):
    evidence("uniform.no_such_claim", "derived")(lambda: Evidence(uniform.survival.prove()))
    with pytest.raises(ValueError, match=r"evidence for 'uniform\.no_such_claim'"):
        check_complete(claims.claims())


def test_a_reason_and_a_runner_exclude_each_other(runners_of_test):
    slot = ("uniform.geometric_law", "traces")
    evidence(*slot, model="smollm2")(lambda: Evidence(uniform.survival.prove()))
    with pytest.raises(ValueError, match="declared not applicable"):
        check_complete(claims.claims())


def test_faulty_runners_name_their_claim(runners_of_test):
    slot = ("uniform.union_bound", "simulated", "")
    runners_of_test[slot] = lambda: Evidence(uniform.survival.prove())
    with pytest.raises(TypeError, match="must be an Estimate") as caught:
        run(["uniform.union_bound"])
    assert "simulated evidence of uniform.union_bound" in caught.value.__notes__[0]


def _with_positional(key):
    return Evidence(None)


@pytest.mark.parametrize(
    ("arguments", "runner", "error"),
    [
        (("uniform.horizon", "guessed", ""), lambda: None, ValueError),
        (("uniform.horizon", "traces", ""), lambda: None, ValueError),
        (("uniform.horizon", "simulated", "smollm2"), lambda: None, ValueError),
        (("uniform.horizon", "simulated", ""), lambda: None, ValueError),  # taken
        (("uniform.horizon", "simulated", ""), _with_positional, TypeError),
    ],
)
def test_registration_is_checked(runners_of_test, arguments, runner, error):
    claim, column, model = arguments
    with pytest.raises((error, TypeError)):  # the hook of the test run may object first
        evidence(claim, column, model=model)(runner)
