"""The whole calculus of the sources: every claim as printed, its verdict, and what is true."""

from typing import Any

from paper.results import Results
from paper.tables._entries import claims
from paper.tex import escape, markdown

HEAD = r"""{\setlength{\LTpre}{4pt}\setlength{\LTpost}{4pt}
\begin{longtable}{@{}l@{\hspace{8pt}}>{\raggedright\arraybackslash}p{0.91\linewidth}@{}}
\toprule
\endhead
\bottomrule
\endfoot
"""
FOOT = "\\end{longtable}}\n"


def table(results: Results) -> str:
    """A block an entry; a claim that holds as printed keeps the assumptions under which it does."""
    return HEAD + "\\addlinespace[5pt]\n".join(_block(entry) for entry in claims(results)) + FOOT


def _block(entry: dict[str, Any]) -> str:
    title = f"\\textbf{{{escape(entry['title'])}}} \\hfill \\emph{{{escape(entry['verdict'])}}}"
    place = f"{escape(entry['source'])}, {markdown(entry['place'])}"
    printed = f"\\emph{{Printed}} ({place}): {markdown(entry['printed'])}"
    texts = [printed, f"\\emph{{True:}} {_paragraphs(entry['precise'])}"]
    return f"{entry['id']} & {title}\\\\*\n" + "".join(f" & {text}\\\\\n" for text in texts)


def _paragraphs(text: str) -> str:
    return markdown(text).replace("\n\n", "\\par ")
