"""The sample experiment, registered as any package would register its own: by an entry point."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from continuum.exp import main
from tests.exp.shortcuts import threads

HERE = Path(__file__).parent
SAMPLES = {"sample": "sample_experiment", "broken": "no_such_package.module"}


class Samples:
    """Runs the command on the sample experiment, here or in a process of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.out, self.log = root, root / "runs", root / "log.txt"
        self.environment = {"SAMPLE_LOG": str(self.log)}

    def arguments(self, *flags: object, out: Path | None = None, jobs: int = 2) -> list[str]:
        return ["sample", "--out", str(out or self.out), "--jobs", str(jobs), *map(str, flags)]

    def start(self, *flags: object, out: Path | None = None, jobs: int = 2, **environment: str) -> subprocess.Popen:
        path = os.pathsep.join([str(self.root), str(HERE), os.environ.get("PYTHONPATH", "")])
        settings = {f"SAMPLE_{name}": value for name, value in environment.items()}
        return subprocess.Popen(
            [sys.executable, "-m", "continuum.exp", *self.arguments(*flags, out=out, jobs=jobs)],
            env=os.environ | {"PYTHONPATH": path} | self.environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, *flags: object, **options) -> tuple[int, str, str]:
        process = self.start(*flags, **options)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    def folder(self, out: Path | None = None) -> Path:
        (folder,) = ((out or self.out) / "sample").iterdir()
        return folder

    def finished(self) -> set[str]:
        return {path.parent.name for path in self.out.glob("sample/*/cells/*/cell.json") if ".tmp-" not in str(path)}

    def computed(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.split("\t")[0] for line in lines]

    def pids(self) -> set[int]:
        return {int(line.split("\t")[1]) for line in self.log.read_text().splitlines()}

    def wait_for_cells(self, number: int) -> None:
        wait_until(lambda: len(self.finished()) >= number)


def wait_until(holds, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def samples(tmp_path, monkeypatch):
    info = tmp_path / "sample-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sample\nVersion: 0\n")
    points = "\n".join(f"{name} = {module}" for name, module in SAMPLES.items())
    (info / "entry_points.txt").write_text(f"[continuum.experiments]\n{points}\n")
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return Samples(tmp_path)


@pytest.fixture
def here(samples, monkeypatch):
    """Run the command in this process, its cells in a thread: quick, and open to monkeypatching."""
    monkeypatch.setenv("SAMPLE_LOG", str(samples.log))
    with threads():
        yield lambda *flags, **options: main(samples.arguments(*flags, **options))
