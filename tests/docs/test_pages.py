"""Every code block of the manual runs: Python, sessions, and the commands of the shell."""

import doctest
import re
from dataclasses import fields
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from continuum.exp import cli, registry

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Pages that people wrote; what is generated shows code of the package, which has tests of its own.
GENERATED = {"_build", "_generated", "api", "theorems"}
PAGES = sorted(path for path in DOCS.rglob("*.md") if not GENERATED & set(path.relative_to(DOCS).parts[:-1]))
README = ROOT / "README.md"  # whose Python runs in tests/packaging
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(?:continuum|\S*python -m continuum\.exp)\s*(?P<name>[\w-]*)(?P<rest>[^#\n]*)", re.MULTILINE)
#: Commands of the package that are no experiments.
OTHERS = {"", *cli.COMMANDS}


def blocks(page: Path, language: str) -> list[tuple[int, str]]:
    """Line numbers and texts of the blocks in a language."""
    text = page.read_text()
    matches = [match for match in BLOCK.finditer(text) if match[1] == language]
    return [(text[: match.start()].count("\n") + 1, dedent(match[2])) for match in matches]


def names(page: Path) -> str:
    """A page's path below the root."""
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python") or blocks(page, "pycon")], ids=names)
def test_code_of_a_page_runs_from_top_to_bottom(page: Path) -> None:
    """Blocks of a page share their names, as a reader who types them would find."""
    shared: dict[str, Any] = {"__name__": "__page__"}
    code = [(line, text, True) for line, text in blocks(page, "python")]
    code += [(line, text, False) for line, text in blocks(page, "pycon")]
    for line, text, plain in sorted(code):
        if plain:
            exec(compile("\n" * line + text, str(page), "exec"), shared)
        else:
            check_session(text, shared, page, line)


def check_session(text: str, shared: dict[str, Any], page: Path, line: int) -> None:
    """Run a session in the page's names and compare its answers."""
    session = doctest.DocTestParser().get_doctest(text, shared, page.name, str(page), line)
    runner, said = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS), list[str]()
    runner.run(session, out=said.append, clear_globs=False)
    shared.update(session.globs)
    assert not runner.failures, "".join(said)


@pytest.mark.parametrize("page", [page for page in [*PAGES, README] if blocks(page, "sh")], ids=names)
def test_commands_of_a_page_exist(page: Path) -> None:
    """Targets of make, experiments and their flags are there."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for _, text in blocks(page, "sh"):
        assert set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)) <= targets
        for command in COMMAND.finditer(text):
            check_command(command["name"], command["rest"])


def check_command(name: str, rest: str) -> None:
    """An experiment, or another command, with flags that it knows."""
    if name in OTHERS:
        return
    known = {field.name.replace("_", "-") for field in fields(registry.load(name).module.Config)}
    assert set(re.findall(r"--([a-z-]+)", rest)) <= known | {"help", "preset", "quick"}


def test_blocks_are_found() -> None:
    """Indented ones too: a page without blocks would pass unseen."""
    assert len(blocks(DOCS / "glossary.md", "pycon")) >= 14
    pages = (DOCS / "tutorial").glob("[!i]*.md")
    assert all(blocks(page, "python") or blocks(page, "pycon") for page in pages)


def test_a_wrong_answer_is_seen() -> None:
    """The falsifier: a session whose answer is wrong fails."""
    with pytest.raises(AssertionError):
        check_session(">>> 1 + 1\n3\n", {}, Path("page.md"), 1)
