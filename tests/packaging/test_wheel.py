"""The wheel works outside the clone: built, installed into an empty environment elsewhere, and run there."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def call(*command: object, cwd: Path) -> str:
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "CONTINUUM_UCI")}
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_wheel_in_an_empty_environment(tmp_path: Path) -> None:
    call(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "dist", ROOT, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    call(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel, cwd=tmp_path)

    where = call(python, "-c", "import continuum; print(continuum.__file__)", cwd=tmp_path)
    package = Path(where.strip()).parent
    assert tmp_path in package.parents
    assert (package / "py.typed").exists()
    assert "gamma_sweep" in call(python, "-m", "continuum.exp", cwd=tmp_path)
    call(python, "-m", "continuum.exp", "gamma_sweep", "--quick", "--out", tmp_path / "runs", cwd=tmp_path)
    (folder,) = (tmp_path / "runs" / "gamma_sweep").iterdir()
    assert (folder / "results.parquet").exists()
    assert len(list((folder / "figures").iterdir())) == 10
