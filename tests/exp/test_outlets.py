"""Standard output that is closed, full or read by nobody: a code, no traceback, and whole files."""

import os
import subprocess
import sys

import pytest

from continuum.exp import outlets

from .conftest import HERE

FAULTS = {
    ">/dev/full": 5,
    ">&-": 5,
    "2>&-": 0,
    ">&- 2>&-": 5,
    "<&- >&- 2>&-": 5,
    ">/dev/full 2>/dev/full": 5,
    "2>/dev/full": 0,
}


def shell(samples, line):
    path = os.pathsep.join([str(samples.root), str(HERE), os.environ.get("PYTHONPATH", "")])
    settings = os.environ | samples.environment | {"PYTHONPATH": path, "PYTHON": sys.executable}
    return subprocess.run(["bash", "-c", line], env=settings, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("redirection", FAULTS)
def test_a_list_ends_with_a_code(samples, redirection):
    answer = shell(samples, f"$PYTHON -m continuum.exp {redirection}")
    assert answer.returncode == FAULTS[redirection]
    assert "Traceback" not in answer.stderr + answer.stdout
    assert len(answer.stderr.splitlines()) == (1 if answer.returncode and "2>" not in redirection else 0)


def test_a_pipe_that_nobody_reads(samples):
    answer = shell(samples, "$PYTHON -m continuum.exp | true; echo ${PIPESTATUS[0]}")
    assert answer.stdout in ("141\n", "0\n")  # 0 if all was written before the reader left
    assert answer.stderr == ""


@pytest.mark.parametrize("redirection", [">/dev/full", ">&- 2>&-"])
def test_a_run_goes_on_and_its_files_are_whole(samples, here, redirection):
    flags = " ".join(f"'{argument}'" for argument in samples.arguments("--numbers", 2, jobs=1))
    answer = shell(samples, f"$PYTHON -m continuum.exp {flags} {redirection}")
    assert answer.returncode == 5
    assert "Traceback" not in answer.stderr
    assert here("--numbers", 2) == 0
    assert len(samples.computed()) == 2


def test_letters_that_a_terminal_lacks_are_escaped(samples):
    line = "PYTHONIOENCODING=ascii $PYTHON -c \"from continuum.exp import outlets; outlets.install(); print('\\xe9')\""
    answer = shell(samples, line)
    assert (answer.returncode, answer.stdout) == (0, "\\xe9\n")


def test_an_outlet_keeps_its_first_fault():
    with open("/dev/full", "w") as full:
        outlet = outlets.Outlet(full)
        outlet.write("x" * 100_000)
        first = outlet.fault
        outlet.flush()
        outlet.write("more")
        assert outlet.fault is first is not None
