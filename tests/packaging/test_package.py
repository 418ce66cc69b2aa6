"""What the package shows of itself: its rooms, its constants, and what it says of a name that is none."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import continuum
from continuum import checks
from continuum.errors import BadInput

SOURCE = Path(continuum.__file__).parent
ROOT = Path(__file__).parents[2]
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")


@pytest.mark.parametrize("name", ["arithmetic", "checks", "progress", "storage", *continuum.ROOMS])
def test_rooms_and_what_they_share_are_attributes(name: str) -> None:
    assert getattr(continuum, name).__name__ == f"continuum.{name}"


def test_dir_shows_rooms_and_what_python_asks_for() -> None:
    names = [name for name in dir(continuum) if not (name.startswith("__") and name.endswith("__"))]
    assert names == sorted(continuum.ROOMS)
    assert set(continuum.ROOMS) == {
        path.stem for path in SOURCE.iterdir() if (path.is_dir() or path.suffix == ".py") and path.stem[0] != "_"
    }


def _undocumented(path: Path) -> Iterator[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in ast.parse("\n".join(lines)).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        if names and all(map(CONSTANT.fullmatch, names)) and not lines[node.lineno - 2].startswith("#:"):
            yield f"{path.relative_to(SOURCE)}: {', '.join(names)}"


def test_every_constant_says_what_it_is() -> None:
    assert [name for path in sorted(SOURCE.rglob("*.py")) for name in _undocumented(path)] == []


@pytest.mark.parametrize("value", [None, 3, ["fuzzy"]])
def test_only_a_text_has_names_near_it(value: object) -> None:
    with pytest.raises(BadInput, match="; choose among these laws"):
        checks.one_of("law", value, ["concrete", "fuzzy"], plural="laws")


def test_the_slow_tests_are_in_files_that_exist():
    names = (ROOT / "tests" / "slow.txt").read_text().split()
    assert names
    assert [name for name in names if not (ROOT / name.partition("::")[0]).is_file()] == []
