"""The wheel works outside the clone: built, installed elsewhere, and run there; it holds all that it needs, no more."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Folders of the clone that the wheel installs, and under which names.
INSTALLED = {"continuum": "continuum", "experiments": "continuum_experiments"}
TINY = "gamma_sweep --tasks wine --widths 0.5 1 --units 2 --seeds 1 --epochs 1 --jobs 1 --out".split()


def call(*command: object, cwd: Path) -> str:
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "CONTINUUM_UCI")}
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # From a copy, for what an earlier build left in the clone would get into the wheel.
    for name in INSTALLED:
        shutil.copytree(ROOT / name, folder / "clone" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "clone" / name)
    # Without isolation: the build tools are at hand, and another copy of them would have to be fetched.
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, folder / "clone", cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in an environment of its own, which sees what this one has installed, but not the clone."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    python = folder / "bin" / "python"
    (site,) = (folder / "lib").glob("*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")  # its own .pth files are not read
    call(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", wheel, cwd=folder)
    return folder


def test_wheel_holds_every_file_and_no_other_module(wheel: Path) -> None:
    try:
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", *INSTALLED]
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git clone")
    tracked = {Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
    expected = {str(Path(INSTALLED[path.parts[0]], *path.parts[1:])) for path in tracked}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert expected - names == set()
    assert {name.partition("/")[0] for name in names} == set(INSTALLED.values())
    assert {name for name in names - expected if name.endswith(".py")} == set()


def test_the_table_in_the_wheel_is_whole_and_small(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        sizes = {file.filename: file.file_size for file in archive.infolist() if "/benchmark/shipped/" in file.filename}
    assert {Path(name).suffix for name in sizes} == {".json", ".md", ".parquet"}
    assert sum(sizes.values()) <= 3_000_000


@pytest.mark.slow
def test_wheel_runs_in_an_environment_of_its_own(environment: Path, tmp_path: Path) -> None:
    python = environment / "bin" / "python"
    where = call(python, "-c", "import continuum; print(continuum.__file__)", cwd=tmp_path)
    package = Path(where.strip()).parent
    assert environment in package.parents
    assert (package / "py.typed").exists()
    absent = "from importlib.util import find_spec; print([find_spec(n) for n in ('experiments', 'proofs_checks')])"
    assert call(python, "-c", absent, cwd=tmp_path) == "[None, None]\n"
    shipped = "from continuum.benchmark import Table; table = Table.load(); print(len(table.tasks))"
    assert int(call(python, "-c", shipped, cwd=tmp_path)) >= 4
    assert "gamma_sweep" in call(environment / "bin" / "continuum", cwd=tmp_path)
    call(environment / "bin" / "continuum", *TINY, tmp_path / "runs", cwd=tmp_path)
    (folder,) = (tmp_path / "runs" / "gamma_sweep").iterdir()
    assert (folder / "results.parquet").exists()
    assert len(list((folder / "figures").iterdir())) == 10
