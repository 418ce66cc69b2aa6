"""The build from the recorded results: complete, and the same to the byte every time."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from continuum.analysis.style import PRINT, house_style
from continuum.errors import BadInput
from paper import build, collect, generate, prose
from paper.latex import HERE
from paper.results import Results

SOME = ("capacity_signal", "soft_vs_fuzzy")


@pytest.fixture(scope="module")
def results():
    recorded = Results(collect.RESULTS)
    try:
        recorded.check()
    except BadInput as missing:
        pytest.skip(str(missing))
    return recorded


@pytest.fixture(scope="module")
def built(results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "generated"
    generate.generate(results, folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.slow
def test_two_builds_are_the_same_to_the_byte(results, built, tmp_path, monkeypatch):
    """Of the figures, two stand for all: the others would take most of the time."""

    def some_drawn(results):
        for name in SOME:
            with house_style(PRINT):
                yield name, import_module(f"paper.figures.{name}").draw(results)

    monkeypatch.setattr(generate, "drawn", some_drawn)
    generate.generate(results, tmp_path / "generated")
    one, two = contents(built), contents(tmp_path / "generated")
    others = {f"figures/{name}.{kind}" for name, _ in generate.modules("figures") for kind in ("pdf", "png")}
    others -= {f"figures/{name}.{kind}" for name in SOME for kind in ("pdf", "png")}
    assert set(one) - set(two) == others
    assert [name for name in two if one[name] != two[name]] == []
    assert {"numbers.tex", "colophon.tex", "status.tex", "results.md", "figures/first.pdf"} <= set(one)


@pytest.mark.slow
def test_all_that_the_text_uses_is_generated(built):
    files = contents(built)
    texts = [path.read_text(encoding="utf-8") for path in prose.sources(HERE)]
    names = re.findall(r"\\newcommand\{\\(\w+)\}", files["numbers.tex"].decode())
    assert prose.unknown_macros(texts, names) == set()
    used = re.findall(r"\{generated/([\w/.]+)\}", "".join(texts))
    assert [name for name in used if name not in files and f"{name}.tex" not in files] == []


@pytest.mark.slow
def test_fonts_are_embedded_as_outlines(built):
    for name, content in contents(built).items():
        if name.endswith(".pdf"):
            assert b"/FontFile2" in content, name
            assert b"/Type3" not in content, name


def test_letters_that_the_fonts_lack_are_refused():
    figure = Figure()
    figure.text(0, 0, "loss < 1")
    with pytest.raises(ValueError, match="'<' in 'loss < 1'"):
        generate.refuse_unprintable("sample", figure)
    figure.texts[0].set_text("loss $< 1$")
    generate.refuse_unprintable("sample", figure)


def test_missing_results_end_the_command_in_one_line(empty, monkeypatch, capsys):
    monkeypatch.setattr(collect, "RESULTS", empty.results)
    assert build.main(["generate"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert "python -m continuum.exp gamma_sweep --preset paper" in error
    assert error.count("\n") == 1


def test_unknown_names_are_refused(capsys):
    assert build.main(["collect", "gama_sweep"]) == 2
    assert "did you mean gamma_sweep" in capsys.readouterr().err


@pytest.mark.parametrize("step", ["all", "generate", "ledger", "numbers"])
def test_names_that_a_step_would_not_heed_are_refused(step, capsys):
    assert build.main([step, "gamma_sweep"]) == 2
    assert f"got gamma_sweep; drop them: {step} takes all results" in capsys.readouterr().err
