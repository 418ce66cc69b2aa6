"""The log of LaTeX: what makes a page bad is found, what does not is let pass."""

import shutil

import pytest

from paper import check, latex

BAD = {
    "LaTeX Warning: Reference `sec:x' on page 3 undefined on input line 70.": "Reference `sec:x' on page 3 undefined",
    "Package natbib Warning: Citation `Guss2017' on page 1 undefined on input line 9.": "Citation `Guss2017'",
    "LaTeX Warning: File `generated/figures/x.pdf' not found on input line 3.": "generated/figures/x.pdf",
    "LaTeX Warning: Label `a' multiply defined.": "multiply defined",
    "./sections/a.tex:7: Undefined control sequence.": "sections/a.tex:7",
    "! LaTeX Error: File `generated/figures/x.pdf' not found.": "x.pdf",
    "Overfull \\hbox (5.1pt too wide) in paragraph at lines 3--4": "5.1 pt",
    "Overfull \\vbox (12.0pt too high) has occurred while \\output is active": "12.0 pt",
    "Missing character: There is no ∂ in font ec-lmr10!": "There is no",
}
GOOD = (
    "Overfull \\hbox (4.9pt too wide) in paragraph at lines 3--4",
    "Underfull \\hbox (badness 10000) in paragraph at lines 3--4",
    "LaTeX Warning: Label(s) may have changed. Rerun to get cross-references right.",
    "Package hyperref Info: Option `x' set `true' on input line 4.",
    "(./sections/a.tex [2] (./generated/tables/calculus.tex))",
)


@pytest.mark.parametrize("line", BAD)
def test_faults_are_found_once(line):
    (fault,) = check.faults(f"first\n{line}\nlast\n{line}\n")
    assert BAD[line] in fault


@pytest.mark.parametrize("line", GOOD)
def test_the_rest_is_let_pass(line):
    assert list(check.faults(line)) == []


def test_an_error_is_named_alone_and_with_its_line():
    log = "LaTeX Warning: Citation `x' undefined\n./a.tex:7: Undefined control sequence.\nl.7 of \\nobody"
    assert list(check.faults(log)) == ["a.tex:7: Undefined control sequence. l.7 of \\nobody"]


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Typesets a body in a folder of its own."""
    if shutil.which("latexmk") is None:
        pytest.skip("latexmk is not installed")
    monkeypatch.setattr(latex, "HERE", tmp_path)
    monkeypatch.setattr(latex, "WORK", tmp_path / ".latex")

    def typeset(body):
        text = rf"\documentclass{{article}}\usepackage{{graphicx}}\begin{{document}}{body}\end{{document}}"
        (tmp_path / "main.tex").write_text(text)
        return latex.typeset("page", 0)

    return typeset


def test_a_good_page_is_typeset_twice_alike(page):
    first = page("Good.").read_bytes()
    assert first.startswith(b"%PDF")
    assert page("Good.").read_bytes() == first
    assert latex.pages("page") == 1


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("\\ref{nowhere}", "Reference `nowhere'"),
        ("\\cite{Nobody1999}", "Citation `Nobody1999'"),
        ("\\includegraphics{generated/figures/none.pdf}", "none.pdf"),
        ("\\hbox to 2pt{\\hskip 360pt}", "overfull"),
        ("\\nobodyKnows", "nobodyKnows"),
    ],
)
def test_a_bad_page_is_refused_and_leaves_no_stale_one(page, body, fault, tmp_path):
    (tmp_path / "page.pdf").write_bytes(b"stale")
    with pytest.raises(latex.BadPage, match=fault):
        page(body)
    assert not (tmp_path / "page.pdf").exists()


def test_without_latexmk_the_packages_are_named(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(latex.NoLatex, match=r"apt-get install .*latexmk .*texlive-latex-extra"):
        latex.typeset("page", 0)
