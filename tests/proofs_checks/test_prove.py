"""The ledger fails loudly: on false claims, on wrong variants that pass, and on checks that break."""

import pytest
import sympy as sp
import torch
from hypothesis import strategies as st

from proofs_checks.derivation import BrokenStep, Derivation
from proofs_checks.identity import Absent, Asymptote, Verdict
from proofs_checks.prove import prove
from tests.proofs_checks.sample import entry, example, rate, witness

X = sp.Symbol("x")


def test_a_sound_entry_passes():
    report = prove(entry(rates=(rate(),), counterexamples=(example(),)))
    assert report.sound
    assert (report.symbolic, report.witness) == ("none", "pass")
    assert report.rejected == report.falsifiers == 3
    assert report.figures["second order"] == pytest.approx(2)


def test_a_wrong_variant_is_refuted_where_it_is_wrong_at_one_point_alone():
    rare = {"at 77": lambda x: 2 * x + (x == 77)}
    report = prove(entry(witnesses=(witness(wrong=rare, given={"number": st.integers(0, 99)}),)))
    assert report.sound, report.faults


def zero_division(_):
    return 1 / 0


UNSOUND = {
    "false claim": ({"witnesses": (witness(claim=lambda x: 3 * x),)}, "doubling: AssertionError"),
    "wrong variant passes": ({"witnesses": (witness(wrong={"same": lambda x: 2 * x}),)}, "'same' passed"),
    "wrong variant crashes": ({"witnesses": (witness(wrong={"crash": zero_division}),)}, "'crash' broke the check"),
    "claim crashes": ({"witnesses": (witness(claim=zero_division),)}, "ZeroDivisionError"),
    "false order": ({"rates": (rate(claim=Asymptote(1.9)),)}, "order 2.0000, claimed 1.9"),
    "false constant": ({"rates": (rate(claim=Asymptote(2, 2.9)),)}, "constant 3, claimed 2.9"),
    "wrong order passes": ({"rates": (rate(wrong={"near": Asymptote(2.01)}),)}, "'near' passed"),
    "errors vanish": ({"rates": (rate(error=lambda _: 0.0),)}, "second order"),
    "false figure": ({"counterexamples": (example(numbers={"sum": 3.0}),)}, "sum is 2, the text says 3"),
    "nan figure": ({"counterexamples": (example(compute=lambda: {"sum": float("nan")}),)}, "sum is nan"),
    "other figures": ({"counterexamples": (example(compute=dict),)}, "are not those stated"),
    "false step": ({"symbolic": lambda: [Derivation("chain", X).rewrite(X + 1, "hope")]}, "hope: x is not x + 1"),
}


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(("changes", "fault"), UNSOUND.values(), ids=UNSOUND)
def test_an_unsound_entry_fails_and_says_why(changes, fault):
    report = prove(entry(**changes))
    assert not report.sound
    assert any(fault in line for line in report.faults), report.faults


def test_what_waits_for_code_is_pending_and_never_passes():
    report = prove(entry(witnesses=Absent("needs a room", pending=True), counterexamples=(example(),)))
    assert report.witness == "pending"
    assert report.sound


def test_an_entry_leaves_the_default_dtype_alone():
    prove(entry(witnesses=(witness(claim=zero_division),)))
    assert torch.get_default_dtype() == torch.float32


INCOMPLETE = {
    "falsifier": ({"witnesses": (witness(wrong={}),)}, "wrong variant"),
    "counterexample": ({"verdict": Verdict.FALSE}, "counterexample"),
    "modules": ({"covers": ()}, "modules"),
    "source": ({"source": "000"}, "source must be one of"),
    "proof": ({"proof": ""}, "proof"),
    "witness": ({"witnesses": ()}, "Absent"),
}


@pytest.mark.parametrize(("changes", "fault"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_an_entry_without_evidence_cannot_be_made(changes, fault):
    with pytest.raises(ValueError, match=f"A01: .*{fault}"):
        entry(**changes)


def test_a_derivation_rejects_a_wrong_claim_that_is_the_right_one():
    with pytest.raises(BrokenStep, match="the wrong claim 'shifted' passed"):
        Derivation("chain", X).claims(X, wrong={"shifted": X + 1 - 1})


def test_a_derivation_compares_matrices_entry_by_entry():
    rotation = sp.Matrix([[sp.cos(X), -sp.sin(X)], [sp.sin(X), sp.cos(X)]])
    chain = Derivation("rotation", rotation).apply(lambda m: m * m.T, sp.eye(2), "orthogonal")
    with pytest.raises(BrokenStep):
        chain.rewrite(sp.eye(3), "another shape")
