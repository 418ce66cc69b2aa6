r"""What stands in the text by hand that should come from a table: bare numbers, and macros that nothing generates.

Mathematics is exempt, and so are lengths, citations, labels, sections of other works, and nominal levels: "95\,\%".
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

#: Levels of tests and intervals: chosen, not measured.
NOMINAL = frozenset({"1", "5", "95", "99"})
MATHEMATICS = (
    r"\$\$.*?\$\$",
    r"(?<!\\)\$.*?(?<!\\)\$",
    r"\\\(.*?\\\)",
    r"\\\[.*?\\\]",
    r"\\begin\{(equation|align|gather|multline|eqnarray|displaymath|math|alignat)\*?\}.*?\\end\{\1\*?\}",
)
COMMANDS = (
    r"\\(?:[cC]ite\w*|[cC]ref\w*|ref|eqref|pageref|autoref|nameref|label|input|include|includegraphics|bibliography"
    r"|bibliographystyle|url|href|texttt|hspace|vspace|setlength|setcounter|fontsize|rule|resizebox|definecolor|color"
    r"|begin|end|usepackage|addtolength)\*?(?:\[[^\]]*\])*(?:\{[^{}]*\})*"
)
LENGTHS = r"-?\d*\.?\d+\s*(?:pt|mm|cm|in|em|ex|bp|\\[a-z]*(?:width|height|skip))\b"
ELSEWHERE = r"(?:[Ss]ections?|[Ss]ec\.|Eqs?\.|Theorems?|Chapters?|version)[~ ]\d+(?:\.\d+)*"
NUMBER = re.compile(
    r"(?P<decimal>(?<![\w.])\d*\.\d+)|(?P<percent>\d+)(?:\\,|~|\s)*\\%|(?P<large>\d{1,3}(?:\\,\d{3})+|\d{5,})"
)
#: The form of generated macros: a capital inside. What LaTeX and the packages call so starts with a capital itself.
MACRO = re.compile(r"\\([a-z]+[A-Z][A-Za-z]*)")
DEFINED = re.compile(
    r"\\(?:new|renew|provide)command\*?\{?\\([A-Za-z]+)|\\(?:DeclareMathOperator\*?\{|def)\\([A-Za-z]+)"
)


def prose(text: str) -> str:
    r"""Return the text of a file without comments, preamble and whatever may hold numbers; lines stay lines.

    >>> prose(r"A score of $0.97$ \citep{Guss2017} % 0.5").split()
    ['A', 'score', 'of']
    """
    text = re.sub(r"(?<!\\)%.*", "", text)
    if r"\begin{document}" in text:
        before, _, text = text.partition(r"\begin{document}")
        text = "\n" * before.count("\n") + text
    for pattern in (*MATHEMATICS, COMMANDS, LENGTHS, ELSEWHERE):
        text = re.sub(pattern, _blank, text, flags=re.DOTALL)
    return text


def _blank(match: re.Match[str]) -> str:
    return " " + "\n" * match[0].count("\n")


def bare_numbers(text: str) -> Iterator[tuple[int, str]]:
    r"""Yield the line and the number of each number that was typed by hand.

    >>> list(bare_numbers("At the 95\\,\\% level\nwe score 0.97, or 98 \\% of .99, on 14\\,158 arrivals."))
    [(2, '0.97'), (2, '98 \\%'), (2, '.99'), (2, '14\\,158')]
    """
    for number, line in enumerate(prose(text).splitlines(), 1):
        for match in NUMBER.finditer(line):
            if match["percent"] not in NOMINAL:
                yield number, match[0]


def unknown_macros(texts: Iterable[str], generated: Iterable[str]) -> set[str]:
    r"""Return the camelCase macros that the texts use, and neither they nor the generated numbers define.

    >>> unknown_macros([r"\newcommand{\myOwn}{} \myOwn \crossingCoin{} \nobodyKnows"], ["crossingCoin"])
    {'nobodyKnows'}
    """
    together = re.sub(r"(?<!\\)%.*", "", "\n".join(texts))
    defined = {name for pair in DEFINED.findall(together) for name in pair if name}
    return set(MACRO.findall(together)) - defined - set(generated)


def sources(folder: Path) -> list[Path]:
    """Return ``main.tex`` and the sections."""
    return [folder / "main.tex", *sorted((folder / "sections").glob("*.tex"))]
