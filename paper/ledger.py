"""The ledger as the paper knows it: what ``python -m proofs_checks --json`` printed, and for which sources."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from continuum.errors import BadInput, ContinuumError
from continuum.storage import storing, write_whole

ROOT = Path(__file__).resolve().parents[1]
FILE = Path(__file__).parent / "results" / "ledger.json"
COMMAND = "python -m paper.build ledger"
#: What the paper uses of an entry; times are left out, for they differ from run to run.
FIELDS = (
    "id", "title", "source", "place", "printed", "precise", "document", "verdict",
    "symbolic", "witness", "steps", "falsifiers", "rejected", "sound",
)  # fmt: skip


class Unsound(ContinuumError):
    """The ledger fails: there is nothing to build a paper on."""


def fingerprint(root: Path = ROOT) -> str:
    """Return a hash of the entries: statements, verdicts, variants. That they pass is for ``make proofs`` to say."""
    paths = sorted((root / "proofs_checks" / "entries").glob("*.py"))
    sums = [f"{path.relative_to(root).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths]
    return hashlib.sha256("\n".join(sums).encode()).hexdigest()


def record(path: Path = FILE) -> list[dict[str, Any]]:
    """Run the ledger (minutes) and keep what it printed; return the entries."""
    before = fingerprint()
    answer = subprocess.run(
        [sys.executable, "-m", "proofs_checks", "--json"], cwd=ROOT, stdout=subprocess.PIPE, check=False
    )
    if answer.returncode:
        raise Unsound("the ledger: expected sound entries, got faults; make proofs shows them")
    entries = [_kept(entry) for entry in json.loads(answer.stdout)]
    keep(entries, before, path)
    return entries


def keep(entries: list[dict[str, Any]], sources: str, path: Path = FILE) -> None:
    """Write the entries, and the hash of the sources that they come from."""
    content = json.dumps({"sources": sources, "entries": entries}, indent=1, ensure_ascii=False) + "\n"
    with storing(path, option=""):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content.encode())


def read(path: Path = FILE) -> list[dict[str, Any]]:
    """Return the recorded entries; raise ``BadInput`` if there are none, or of other sources than these."""
    try:
        recorded = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        remedy = f"make it: {COMMAND}"
        raise BadInput(str(path), expected="the recorded ledger", came=str(error), remedy=remedy) from None
    if not _recorded(recorded):
        expected = f"the recorded ledger: sources, and entries with {', '.join(FIELDS)}"
        raise BadInput(str(path), expected=expected, came="another JSON", remedy=f"make it: {COMMAND}")
    if recorded["sources"] != fingerprint():
        came = "that of other sources"
        raise BadInput(str(path), expected="the ledger of these entries", came=came, remedy=f"make it: {COMMAND}")
    return list(recorded["entries"])


def _recorded(recorded: Any) -> bool:
    """Whether this is of the shape that ``keep`` writes."""
    if not isinstance(recorded, dict) or "sources" not in recorded or not isinstance(recorded.get("entries"), list):
        return False
    return all(isinstance(entry, dict) and entry.keys() >= {*FIELDS} for entry in recorded["entries"])


def _kept(entry: dict[str, Any]) -> dict[str, Any]:
    missing = [name for name in FIELDS if name not in entry]
    if missing:
        remedy = "proofs_checks --json must print them"
        raise BadInput("the ledger", expected=f"entries with {', '.join(FIELDS)}", came=f"no {missing}", remedy=remedy)
    return {name: entry[name] for name in FIELDS}
