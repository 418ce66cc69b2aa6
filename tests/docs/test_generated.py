"""What the manual makes of pages, tables and docstrings."""

import doctest
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def manual(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package beside the pages, which conf.py finds in the same way; without the extra ``docs`` nothing to test."""
    pytest.importorskip("sphinx")
    monkeypatch.syspath_prepend(str(DOCS))
    from manual import api, docstrings, experiments, gallery, tables, theory

    yield {
        module.__name__.partition(".")[2]: module for module in (api, docstrings, experiments, gallery, tables, theory)
    }
    for name in [name for name in sys.modules if name.partition(".")[0] == "manual"]:
        del sys.modules[name]


def test_theorems_are_linked_outside_of_formulas_and_headings(manual: dict[str, ModuleType]) -> None:
    pages = {"N1.1": Path("n1_1_coin.md")}
    text = "# N1.1 Coin\n\nAs in N1.1, not $N1.1$, nor N9.9.\n\n$x^2$.\n\nEnd"
    expected = "# N1.1 Coin\n\nAs in [N1.1](n1_1_coin.md), not $N1.1$, nor N9.9.\n\n$$\nx^2.\n$$\n\nEnd"
    assert manual["theory"].linked(text, pages) == expected


def test_a_table_keeps_its_numbers_and_hides_its_marks(manual: dict[str, ModuleType]) -> None:
    frame = pd.DataFrame({"a_b": ["x|y", "*z*"], "n": [0.123456, 7.0]})
    expected = "| a b | n |\n| --- | ---: |\n| x&#124;y | 0.1235 |\n| \\*z\\* | 7 |\n"
    assert manual["tables"].markdown(frame) == expected
    assert doctest.testmod(manual["tables"]).failed == 0


def test_the_code_of_a_figure_is_cut_out(manual: dict[str, ModuleType], tmp_path: Path) -> None:
    source = manual["gallery"].ROOT / "experiments" / "gamma_sweep" / "figures.py"
    code = manual["gallery"]._drawing(source, "speed")
    assert "def _speed(" in code
    assert "def draw(" not in code


def test_shapes_survive_and_packages_go(manual: dict[str, ModuleType]) -> None:
    signature = "(x: jaxtyping.Float[torch.Tensor, '*batch units'])"
    shortened, _ = manual["docstrings"].shorten(None, "", "", None, None, signature, None)
    assert shortened == "(x: Float[Tensor, '*batch units'])"


def test_every_public_name_stands_on_one_page(manual: dict[str, ModuleType]) -> None:
    api = manual["api"]
    for module in {room.module for room in api.ROOMS} - {"continuum.analysis", "continuum.errors"}:
        pages = [room for room in api.ROOMS if room.module == module]
        names = [name for room in pages for owner in api._owners(room) for name, _ in api._names(owner, room)]
        assert sorted(names) == sorted(sys.modules[module].__all__)


def test_predictions_are_those_beside_the_experiment(manual: dict[str, ModuleType]) -> None:
    for name in ("integer_crossing", "learned_width"):
        assert len(manual["experiments"]._predictions(name)) > 1000
