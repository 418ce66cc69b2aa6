"""What the README shows works as shown."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
def test_python_blocks_run(block: str) -> None:
    exec(compile(block, "README.md", "exec"), {})


def test_pictures_and_files_are_there() -> None:
    for target in re.findall(r"!\[[^]]*\]\(([^)]+)\)", TEXT):
        assert (ROOT / target).is_file()
    for target in re.findall(r"`([A-Z]+\.md|continuum/[\w/.]+)`", TEXT):
        assert (ROOT / target).exists(), target


def test_commands_are_those_of_the_makefile() -> None:
    rules = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make (\w+)", TEXT) + re.findall(r"^make (\w+)", TEXT, re.MULTILINE)) <= set(rules)
