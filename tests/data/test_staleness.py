"""A task whose file is edited while a run goes on is refused."""

from pathlib import Path

import pytest

from continuum.data import load, unchanged
from continuum.errors import BadInput

ROWS = "x,target\n" + "".join(f"{i},{i * i / 7}\n" for i in range(9))


def test_the_task_itself_or_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    path.write_text(ROWS)
    original = load(path)
    for noted in ({"line": original.checksum}, {str(path): original.checksum}):
        assert unchanged(again := load(path), noted) is again
    path.write_text(ROWS.replace("3,", "3.5,"))
    with pytest.raises(BadInput, match="line: expected the data of the start, got changed data; run again"):
        unchanged(load(path), {"line": original.checksum})
