"""Figures: equal bytes for equal figures, fonts embedded, nothing global touched."""

import subprocess
import sys

import matplotlib
import numpy as np

from continuum.analysis.style import FULL, OKABE_ITO, band, house_style, mark_integers, new_figure, save


def draw():
    figure, (left, right) = new_figure(1, 2, width=FULL)
    x = np.linspace(0, 3, 31)
    mark_integers(left, 0.5, 3)
    band(left, x, x**2, x**2 - 1, x**2 + 1, label="loss")
    left.legend()
    right.set_xlabel(r"width $\gamma$")
    return figure


def test_equal_figures_give_equal_bytes(tmp_path):
    one, two = (save(draw(), tmp_path / name, "figure") for name in make(tmp_path, "one", "two"))
    assert [path.suffix for path in one] == [".png", ".pdf"]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert b"/FontFile2" in one[1].read_bytes()  # TrueType
    assert b"/Type3" not in one[1].read_bytes()


def make(root, *names):
    for name in names:
        (root / name).mkdir()
    return names


def test_integers_are_marked_behind_the_data():
    figure, axes = new_figure()
    mark_integers(axes, 0.5, 3.0)
    assert [line.get_xdata()[0] for line in axes.lines] == [1, 2, 3]
    assert {line.get_zorder() for line in axes.lines} == {0}
    assert figure.get_figwidth() == 3.4


def test_band_has_the_colour_of_its_line():
    _, axes = new_figure()
    band(axes, [0, 1], [1, 1], [0, 0], [2, 2], color=OKABE_ITO[1])
    assert matplotlib.colors.to_hex(axes.collections[0].get_facecolor()[0]) == OKABE_ITO[1].lower()


def test_style_is_left_with_its_block():
    before = dict(matplotlib.rcParams)
    with house_style():
        assert matplotlib.rcParams["pdf.fonttype"] == 42
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_never_imported():
    code = "import sys, continuum.analysis.style; print('matplotlib.pyplot' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"
