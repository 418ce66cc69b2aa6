"""What tells a quick paper from the real one, on every page."""

from paper.results import Results

WATERMARK = r"""\usepackage{graphicx,xcolor}
\AddToHook{shipout/background}{%
  \put(0.5\paperwidth,-0.5\paperheight){\makebox(0,0){%
    \rotatebox{55}{\fontsize{64}{64}\selectfont\sffamily\bfseries\color{black!5}QUICK PRESET}}}%
  \put(0.5\paperwidth,-11mm){\makebox(0,0){%
    \small\sffamily\color{black!60}From the quick presets: the numbers show the form, not the findings.}}}
"""


def latex(results: Results) -> str:
    """The watermark of a quick paper; nothing for the real one."""
    return WATERMARK if results.quick else ""
