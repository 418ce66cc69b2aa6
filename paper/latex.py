"""From ``main.tex`` to the PDF, by latexmk."""

import os
import shutil
import subprocess
from pathlib import Path

from continuum.errors import ContinuumError
from paper import check

HERE = Path(__file__).parent
WORK = HERE / ".latex"
PACKAGES = "latexmk lmodern texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended texlive-science"


class NoLatex(ContinuumError):
    """latexmk is not installed."""


class BadPage(ContinuumError):
    """LaTeX refused the text, or the page has faults."""


def typeset(name: str, epoch: int) -> Path:
    """Typeset ``main.tex`` as ``paper/NAME.pdf``, dated ``epoch`` (seconds); raise ``BadPage`` if anything is wrong."""
    if shutil.which("latexmk") is None:
        raise NoLatex(
            "latexmk: expected it on the path, got none; install it: apt-get install --no-install-recommends "
            f"{PACKAGES}; figures, tables and results.md are in {HERE / 'generated'}"
        )
    target = HERE / f"{name}.pdf"
    target.unlink(missing_ok=True)  # a stale one must not look valid
    # The widths of a longtable settle over several runs; -g: a run that failed before is not taken for done.
    command = ["latexmk", "-g", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
    command += ["-e", "$max_repeat = 9"]
    answer = subprocess.run(
        [*command, f"-jobname={name}", f"-outdir={WORK.name}", "main.tex"],
        cwd=HERE, env=os.environ | _environment(epoch), capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    log = WORK / f"{name}.log"
    faults = list(check.faults(log.read_text(encoding="utf-8", errors="replace"))) if log.exists() else []
    if answer.returncode and not faults:
        notes = [line for line in answer.stdout.splitlines() if line.startswith("Latexmk:")]
        faults = [f"latexmk ended with {answer.returncode}", *notes[-5:]]
    if faults:
        raise BadPage("the page: expected no faults, got\n  " + "\n  ".join(faults) + f"\nthe log is {log}")
    shutil.copyfile(WORK / f"{name}.pdf", target)
    return target


def pages(name: str) -> int:
    """Return how many pages the log counts."""
    log = (WORK / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    return int(log.rpartition("Output written on")[2].partition("(")[2].split()[0])


def _environment(epoch: int) -> dict[str, str]:
    # Long lines, so that no warning is cut; a date that is that of the results, so that it does not change.
    return {"max_print_line": "10000", "SOURCE_DATE_EPOCH": str(epoch), "FORCE_SOURCE_DATE": "1"}
