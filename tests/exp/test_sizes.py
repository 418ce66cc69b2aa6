"""What is too much for one run is refused by counting, in no time."""

import time

import pytest

from continuum.exp import main

GIANTS = [
    ("gamma_sweep", "--seeds", 10**30),
    ("gamma_sweep", "--seeds", 10**6),
    ("gamma_sweep", "--jobs", 10**9),
    ("gamma_sweep", "--units", 10**9),
    ("gamma_sweep", "--units", 60_000),
    ("gamma_sweep", "--widths", 10**30),
    ("gamma_sweep", "--epochs", 10**400),
    ("gamma_sweep", "--lr", "inf"),
    ("gamma_sweep", "--kappa", "nan"),
    ("capacity_signal", "--seeds", 10**6),
    ("capacity_signal", "--lead-seeds", 10**6),
    ("capacity_signal", "--widths", 10**9),
    ("integer_crossing", "--draws", 10**9),
    ("integer_crossing", "--seed", 10**30),
    ("learned_width", "--seeds", 10**6),
    ("learned_width", "--splits", 10**9),
    ("learned_width", "--tasks", f"teacher_{'9' * 5000}"),
    ("recruitment", "--seeds", 10**30),
    ("recruitment", "--units", 10**9),
    ("recruitment", "--tasks", f"teacher_{'9' * 5000}"),
    ("soft_vs_fuzzy", "--seeds", 10**9),
    ("soft_vs_fuzzy", "--units", 10**6),
    ("soft_vs_fuzzy", "--tasks", f"teacher_{10**9}"),
]


@pytest.mark.parametrize(("name", "flag", "value"), GIANTS)
def test_giants_are_refused_at_once(name, flag, value, tmp_path, capsys):
    main([name, "--help"])  # what is imported is not what is measured
    capsys.readouterr()
    start = time.monotonic()
    assert main([name, flag, str(value), "--out", str(tmp_path / "runs")]) == 2
    assert time.monotonic() - start < 1
    assert capsys.readouterr().err.startswith(f"error: {flag.strip('-').replace('-', '_')}: expected ")
    assert not (tmp_path / "runs").exists()


def test_a_cross_product_is_counted_not_built(tmp_path, capsys):
    names = [f"t{number}" for number in range(1000)]
    assert main(["gamma_sweep", "--tasks", *names, "--seeds", "1000", "--out", str(tmp_path)]) == 2
    assert "got 1000 tasks x 1000 seeds; lower --" in capsys.readouterr().err


def test_what_a_run_may_have_is_not_refused():
    from continuum.exp.sizes import MOST_CELLS, check_cells

    check_cells(tasks=10, seeds=MOST_CELLS // 10)
