"""Proofs accept true identities and refute false ones."""

import pytest
import sympy as sp

from simlib.formulas import (
    QUANTITIES,
    REGISTRY,
    Formula,
    error_rate,
    exprel,
    k,
    log1p,
    log1pmx,
    log_beta_ratio,
    n,
    prove_equal,
    quantity,
    reliability,
)


@pytest.fixture
def scratch():
    before, formulas = dict(QUANTITIES), dict(REGISTRY)
    yield
    for store, kept in ((QUANTITIES, before), (REGISTRY, formulas)):
        store.clear()
        store.update(kept)


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_stable_form_is_proved(name):
    proof = REGISTRY[name].prove()
    assert proof, str(proof)


# Every stable form, with one thing wrong.
MUTANTS = {
    "adds to the whole": lambda form: form + sp.Rational(1, 10**9),
    "scales": lambda form: form * (1 + sp.Rational(1, 10**9)),
}


@pytest.mark.parametrize("fault", MUTANTS)
@pytest.mark.parametrize("name", sorted(x for x in REGISTRY if REGISTRY[x].stable is not None))
def test_a_wrong_stable_form_is_refuted(name, fault):
    formula = REGISTRY[name]
    proof = prove_equal(formula.expression, MUTANTS[fault](formula.stable))
    assert not proof.holds
    assert proof.counterexample
    assert str(proof).startswith("refuted at")


SUBTLE = {
    "first order only": ((1 - error_rate) ** n, 1 - n * error_rate),
    "hazard for rate": ((1 - error_rate) ** n, sp.exp(-n * error_rate)),
    "one trial too many": (n * sp.log(1 - error_rate), (n + 1) * log1p(-error_rate)),
    "wrong sign inside": (sp.log(1 - error_rate), log1p(error_rate)),
    "exprel without its factor": (sp.exp(n) - 1, exprel(n)),
    "log1pmx with the term kept": (sp.log(1 + n), log1pmx(n)),
    "asymptote for the ratio": (log_beta_ratio(k, 2, n), -k * sp.log(n)),
    "swapped arguments": (reliability**k, k**reliability),
}


@pytest.mark.parametrize("name", SUBTLE)
def test_a_subtle_fault_is_refuted(name):
    left, right = SUBTLE[name]
    assert not prove_equal(left, right).holds


def test_a_rule_that_holds_for_positive_numbers_only_is_caught_by_the_spot_check(scratch):
    # SymPy's forced simplification makes sqrt(w^2) equal w; at negative w it is not.
    w = quantity("w", "w", "test", "1", low=-10, high=10, scale="linear", reach=(-10, 10))
    assert not prove_equal(sp.sqrt(w**2), w).holds
    assert prove_equal(sp.sqrt(w**2), sp.Abs(w)).holds


def test_symbolic_and_sampled_proofs_say_which_they_are():
    symbolic = prove_equal(sp.exp(n * sp.log(1 - error_rate)), (1 - error_rate) ** n)
    assert str(symbolic) == "proved symbolically"
    sampled = prove_equal(sp.gamma(k + 1), k * sp.exp(sp.loggamma(k)))
    assert sampled.holds
    if sampled.method == "sampled":
        assert sampled.points == 64
        assert "equal at 64 points" in str(sampled)


def test_the_same_proof_every_time():
    pair = ((1 - error_rate) ** n, sp.exp(-n * error_rate))
    assert prove_equal(*pair) == prove_equal(*pair)


def test_points_outside_the_domain_do_not_count():
    # Real only where reliability > error_rate: about half of the points.
    left = sp.log(reliability - error_rate)
    proof = prove_equal(left, sp.log((reliability**2 - error_rate**2) / (reliability + error_rate)))
    assert proof
    assert not prove_equal(left, sp.log(reliability - error_rate) + sp.Rational(1, 10**9))
    # A right side that is real where the left is must still agree there.
    assert not prove_equal(left, sp.log(sp.Abs(reliability - error_rate)) * 2)


def test_an_identity_with_no_real_point_is_an_error():
    with pytest.raises(ValueError, match="only 0 of 64 points"):
        prove_equal(sp.log(-1 - n), sp.log(-1 - n) + sp.Rational(1, 7))


def test_an_undeclared_symbol_is_an_error():
    with pytest.raises(KeyError, match="not registered"):
        prove_equal(sp.Symbol("w"), sp.Symbol("w") + 1)


def test_a_formula_with_a_wrong_stable_form_says_so(scratch):
    wrong = Formula(
        name="scratch.wrong", left="S", expression=(1 - error_rate) ** n, arguments=(n, error_rate),
        description="Test.", source="test", stable=sp.exp(-n * error_rate),
    )  # fmt: skip
    assert not wrong.prove()
