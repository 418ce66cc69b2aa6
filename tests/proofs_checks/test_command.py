"""``python -m proofs_checks``."""

import json
from dataclasses import replace

import pytest

from proofs_checks import pool, registry
from proofs_checks.__main__ import main
from tests.proofs_checks.sample import entry, witness


def test_only_checks_the_entries_that_are_named(capsys):
    assert main(["--only", "a03", "D02", "--json", "--processes", "1"]) == 0
    assert [report["id"] for report in json.loads(capsys.readouterr().out)] == ["A03", "D02"]


def test_worker_processes_report_the_same():
    (elsewhere,), (here,) = pool.proved(["D02"], 2), pool.proved(["D02"], 1)
    assert replace(elsewhere, seconds=0.0) == replace(here, seconds=0.0)


def test_entries_are_shared_out_among_no_more_processes_than_there_are_entries(monkeypatch, capsys):
    calls = []

    def proved(chosen, processes):
        calls.append((chosen, processes))
        yield from map(pool.prove_one, reversed(chosen))

    monkeypatch.setattr(pool, "proved", proved)
    main(["--only", "A03", "D02", "--markdown", "--processes", "7"])
    assert calls == [(["A03", "D02"], 2)]
    rows = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith(("| A03 | DFM |", "| D02 | Notes |"))
    ]
    assert [row[2:5] for row in rows] == ["A03", "D02"]


def test_show_prints_statement_proof_and_figures(capsys):
    assert main(["--show", "A03"]) == 0
    out = capsys.readouterr().out
    for part in ("## As printed", "## Verdict: corrected", "## Proof", "## Counterexamples", "rejected: "):
        assert part in out


@pytest.mark.parametrize("flag", ["--only", "--show"])
def test_an_unknown_entry_is_refused_with_the_nearest_and_a_count(flag, capsys):
    assert main([flag, "A99"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "expected one of A29, A19, A09, A01, A02" in said
    assert " more, got 'A99'; did you mean A29" in said


def test_a_failed_claim_and_an_entry_that_cannot_be_loaded_fail_the_command(monkeypatch, capsys):
    def load(key):
        if key == "A01":
            return entry(witnesses=(witness(claim=lambda x: 3 * x),))
        raise ImportError("no such module")

    monkeypatch.setattr(registry, "load", load)
    assert main(["--only", "A01", "A02", "--processes", "1"]) == 1
    err = " ".join(capsys.readouterr().err.split())
    assert "A01 FAILS: doubling" in err
    assert "A02 FAILS: ImportError: no such module" in err


def test_no_processes_are_refused(capsys):
    assert main(["--processes", "0"]) == 2
    assert "processes: expected an integer >= 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--show A03 --only A14", "leave out --show to use --only"),
        ("--show A03 --json", "leave out --show to use --json"),
        ("--json --markdown", "expected one form, got --json --markdown"),
    ],
)
def test_flags_that_would_go_unheeded_are_refused(flags, words, capsys):
    assert main(flags.split()) == 2
    assert words in capsys.readouterr().err


def test_an_entry_that_is_named_twice_counts_once(capsys):
    assert main(["--only", "A03", "a03", "--json", "--processes", "1"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 1
