"""Results are built from only if they are whole, untouched, and those of their preset."""

import json
import os
import shutil

import pytest

from continuum.errors import BadInput
from paper import collect, ledger


def test_a_collected_run_is_whole(small):
    folder = small.collected()
    results = small.load()
    results.check()
    frame = results.table("gamma_sweep", "results")
    assert len(frame) == 2 * 3
    frame["gamma"] = 0.0  # a copy: others see the recorded rows
    assert results.table("gamma_sweep", "results")["gamma"].max() == 1.5
    assert results.seconds("gamma_sweep") > 0
    assert results.source("gamma_sweep", "results", "row 3") == "gamma_sweep/results.parquet, row 3"
    assert {path.name for path in folder.iterdir()} >= {"manifest.json", "results.parquet", "slice.parquet"}


def test_missing_results_name_the_command(empty):
    with pytest.raises(BadInput, match=r"python -m continuum\.exp gamma_sweep --preset paper"):
        empty.load().check()


def test_a_changed_preset_makes_results_stale(small):
    small.preset("tasks = ['iris']\nunits = 2\nseeds = 2\nepochs = 2\nwidths = [0.5, 1.0, 1.5]")
    with pytest.raises(BadInput, match=r"epochs differs; make it: .*gamma_sweep --preset paper"):
        small.load().check()


def test_flags_that_do_not_change_the_configuration_keep_results_fresh(small):
    small.preset("jobs = 1\ntasks = ['iris']\nunits = 2\nseeds = 2\nepochs = 1\nwidths = [1.5, 0.5, 1.0]")
    small.load().check()


def test_old_results_are_refused(small, monkeypatch):
    monkeypatch.setattr("continuum_experiments.gamma_sweep.RESULT_VERSION", 99)
    with pytest.raises(BadInput, match="results of version 99"):
        small.load().check()


def test_an_edited_table_is_refused(small):
    folder = small.collected()
    path = folder / "results.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(BadInput, match="other bytes"):
        small.load().check()


def test_an_edited_table_of_the_report_is_refused(small):
    folder = small.collected()
    (folder / "claims.csv").write_text("claim,verdict\ncoin,held\n")
    good = {"claims": collect.checksum_of((folder / "claims.csv").read_bytes())}
    (folder / "report.json").write_text(json.dumps(good))
    assert list(small.load().table("gamma_sweep", "claims")["verdict"]) == ["held"]
    (folder / "claims.csv").write_text("claim,verdict\ncoin,FAILED\n")
    with pytest.raises(BadInput, match="changed after it was collected"):
        small.load().check()


def test_a_run_that_was_not_made_is_not_collected(empty):
    with pytest.raises(BadInput, match="a run of the preset paper"):
        collect.collect(empty.wanted, empty.runs, empty.results)


def test_a_run_that_is_not_whole_leaves_what_was_recorded(small):
    before = {path.name: path.read_bytes() for path in small.collected().iterdir()}
    timings = small.runs / "gamma_sweep" / small.wanted.run_id() / "timings.parquet"
    content = timings.read_bytes()
    for spoil in (lambda: timings.write_bytes(content[:-40]), timings.unlink):
        spoil()
        with pytest.raises(
            BadInput, match=r"timings\.parquet: expected .*; make it: .*--preset paper --out "
        ) as refused:
            collect.collect(small.wanted, small.runs, small.results)
        assert str(small.runs) in str(refused.value)
        assert {path.name: path.read_bytes() for path in small.collected().iterdir()} == before
    assert [path.name for path in small.results.iterdir()] == ["gamma_sweep"]


def test_a_collection_that_is_stopped_leaves_what_was_recorded(small, sketched, monkeypatch):
    before = {path.name: path.read_bytes() for path in small.collected().iterdir()}
    rename, calls = os.rename, []

    def stopped(source, target):
        calls.append(target)
        if len(calls) == 2:  # what was recorded is out of the way, the new folder has no name yet
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(os, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        collect.collect(small.wanted, small.runs, small.results)
    assert {path.name: path.read_bytes() for path in small.collected().iterdir()} == before
    assert [path.name for path in small.results.iterdir()] == ["gamma_sweep"]


@pytest.mark.parametrize("name", ["results.parquet", "timings.parquet"])
@pytest.mark.parametrize("damaged", [True, False])
def test_a_damaged_table_names_the_command_that_records_it_anew(small, name, damaged):
    path = small.collected() / name
    content = path.read_bytes()
    path.unlink()
    if damaged:
        path.write_bytes(content[:-40])
    with pytest.raises(BadInput, match=rf"{name}: expected .*&& python -m paper\.build collect gamma_sweep"):
        small.load().check()


def test_timings_without_seconds_are_refused(small):
    (small.collected() / "timings.parquet").write_bytes((small.collected() / "results.parquet").read_bytes())
    with pytest.raises(BadInput, match=r"timings\.parquet: expected a table with the seconds"):
        small.load().check()


def test_an_unfinished_record_is_named_by_its_folder(small):
    manifest = small.collected() / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"complete"', '"interrupted"'))
    with pytest.raises(BadInput, match=rf"^{small.collected()}: .*'interrupted'; make it: .* collect gamma_sweep"):
        small.load().check()


@pytest.mark.parametrize("content", ["[1]", "null", "{"])
def test_a_record_of_the_report_that_is_none_is_refused(small, content):
    (small.collected() / "report.json").write_text(content)
    with pytest.raises(BadInput, match="collect again"):
        small.load().check()


def test_unknown_tables_are_named(small):
    with pytest.raises(BadInput, match="expected one of results, slice"):
        small.load().table("gamma_sweep", "claims")
    with pytest.raises(BadInput, match="gamma_sweep"):
        small.load().table("gamma_sweeps", "results")


def test_collecting_again_changes_nothing(small, sketched):
    before = {path.name: path.read_bytes() for path in small.collected().iterdir()}
    collect.collect(small.wanted, small.runs, small.results)
    assert {path.name: path.read_bytes() for path in small.collected().iterdir()} == before


def test_a_ledger_of_other_sources_is_stale(empty):
    assert empty.load().ledger[0]["id"] == "A01"
    empty.ledger.write_text(json.dumps({"sources": "others", "entries": []}))
    with pytest.raises(BadInput, match=r"python -m paper\.build ledger"):
        _ = empty.load().ledger
    empty.ledger.unlink()
    with pytest.raises(BadInput, match="recorded ledger"):
        _ = empty.load().ledger


@pytest.mark.parametrize(
    "content", ["[]", "{}", "null", '{"sources": "x"}', '{"sources": "x", "entries": [{"id": "A01"}]}']
)
def test_a_ledger_of_another_shape_is_refused(empty, content):
    empty.ledger.write_text(content)
    with pytest.raises(BadInput, match=r"another JSON; make it: python -m paper\.build ledger"):
        _ = empty.load().ledger


def test_a_ledger_without_statements_is_refused():
    with pytest.raises(BadInput, match=r"no \['title', "):
        ledger._kept({"id": "A01"})


def test_the_fingerprint_sees_every_entry(tmp_path):
    folder = tmp_path / "proofs_checks" / "entries"
    folder.mkdir(parents=True)
    (folder / "a01.py").write_text("verdict = 'holds'")
    before = ledger.fingerprint(tmp_path)
    assert ledger.fingerprint(tmp_path) == before
    (folder / "a01.py").write_text("verdict = 'false'")
    assert ledger.fingerprint(tmp_path) != before


def test_the_report_is_drawn_up_anew_from_what_is_recorded(small, sketched):
    """No run is at hand; what was measured keeps its bytes, and what stands in no report any more goes."""
    before = {path.name: path.read_bytes() for path in small.collected().iterdir()}
    (small.collected() / "old.csv").write_text("claim\nheld\n")
    shutil.rmtree(small.runs)
    folder = collect.report_anew(small.wanted, small.results)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    small.load().check()
    (folder / "results.parquet").write_bytes(before["results.parquet"] + b" ")
    with pytest.raises(BadInput, match="other bytes"):
        collect.report_anew(small.wanted, small.results)
    shutil.rmtree(folder)
    with pytest.raises(BadInput, match="expected recorded results, got none"):
        collect.report_anew(small.wanted, small.results)
