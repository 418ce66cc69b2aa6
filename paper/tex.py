"""Text as LaTeX: plain text, and the Markdown with formulas that the ledger is written in."""

import re
from collections.abc import Iterable, Sequence

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "$": r"\$",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
}  # fmt: skip
UNICODE = {"γ": r"$\gamma$", "κ": r"$\kappa$", "½": r"$\frac12$", "±": r"$\pm$", "∂": r"$\partial$", "–": "--"}
#: Formulas that stand in plain text because a terminal prints it too.
RULES = (
    (r">=", r"$\geq$"),
    (r"<=", r"$\leq$"),
    (r"->", r"$\to$"),
)


def escape(text: str) -> str:
    r"""Return plain text as LaTeX.

    >>> print(escape("5 % of a_k, gained <= law"))
    5 \% of a\_k, gained $\leq$ law
    """
    marked, kept = text, []
    for pattern, formula in RULES:
        kept.append(formula)
        marked = marked.replace(pattern, f"\x00{len(kept) - 1}\x01")
    escaped = "".join(SPECIAL.get(character, UNICODE.get(character, character)) for character in marked)
    return re.sub("\x00(\\d+)\x01", lambda match: kept[int(match[1])], escaped)


def markdown(text: str) -> str:
    r"""Return Markdown with formulas between dollar signs as LaTeX; a blank line stays a paragraph.

    >>> print(markdown("5 % of $a_k^*$, `kappa_0`, *all of $b$* and \"more\""))
    5\,\% of $a_k^*$, \texttt{kappa\_0}, \emph{all of $b$} and ``more''
    """
    parts = text.strip().split("$")
    # Formulas are set aside, so that emphasis may contain them.
    prose = "".join(f"\x00{place // 2}\x01" if place % 2 else part for place, part in enumerate(parts))
    prose = re.sub(r"`([^`]*)`", lambda match: f"\x02{match[1]}\x03", prose)
    prose = "".join(SPECIAL.get(character, UNICODE.get(character, character)) for character in prose)
    prose = re.sub("\x02(.*?)\x03", r"\\texttt{\1}", prose, flags=re.DOTALL)
    prose = re.sub(r"\*([^*]+)\*", r"\\emph{\1}", prose)
    prose = re.sub(r'"([^"]*)"', r"``\1''", prose)
    prose = re.sub(r"(?<=\d) \\%", r"\\,\\%", prose)
    formulas = parts[1::2]
    return re.sub("\x00(\\d+)\x01", lambda match: f"${formulas[int(match[1])]}$", prose)


def tabular(columns: str, head: Sequence[str], rows: Iterable[Sequence[str]], gap: str = "") -> str:
    r"""Return a table with the rules of booktabs, and ``gap`` between its rows.

    >>> print(tabular("lr", ["who", "share"], [["coin", "0.5"]]))
    \begin{tabular}{@{}lr@{}}
    \toprule
    who & share \\
    \midrule
    coin & 0.5 \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    end = f" \\\\[{gap}]\n" if gap else " \\\\\n"
    body = "".join(" & ".join(row) + end for row in rows)
    top = f"\\toprule\n{' & '.join(head)} \\\\\n\\midrule\n"
    return f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n{top}{body}\\bottomrule\n\\end{{tabular}}\n"
