"""Docstrings and signatures on their way into a page: small differences between what reads well in code and reST."""

import re
from typing import Any

from docutils.nodes import Element, Node, literal

PACKAGES = r"(?:torch|jaxtyping|numpy|typing|collections\.abc|pathlib|pandas)(?:\.\w+)*?\.(?=[A-Z])"
#: In shapes a star marks any number of axes; in reST it would begin an emphasis.
STARRED = re.compile(r"(?<![\\*`\w])\*(?=(?:batch|samples|shape|targets|sizes|entries|leading|rows)\b)")
#: Napoleon takes what stands before the first colon of an attribute's docstring for its type.
COLON, HIDDEN = ": ", "\ue000"
ATTRIBUTES = ("attribute", "property", "data")


def before(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Handle ``autodoc-process-docstring`` before Napoleon does."""
    if what in ATTRIBUTES and lines:
        lines[:] = [line.replace(COLON, HIDDEN) for line in lines]


def after(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Handle the same event after Napoleon did."""
    lines[:] = [_escaped(line.replace(HIDDEN, COLON)) for line in lines]


def _escaped(line: str) -> str:
    return line if line.lstrip().startswith(">>>") else STARRED.sub(r"\\*", line)


def shorten(app: Any, what: str, name: str, thing: Any, options: Any, signature: str, returns: str) -> Any:
    """Handle ``autodoc-process-signature``: shapes stay, the names of packages go."""
    return tuple(re.sub(PACKAGES, "", text) if text else text for text in (signature, returns))


def resolve(app: Any, env: Any, node: Element, content: Element) -> Node | None:
    """Handle ``missing-reference``: a name of another room, or one under the module that defines it.

    A type in a signature that is on no page is plain text; what somebody wrote as a reference must be there.
    """
    if node.get("refdomain") != "py":
        return None
    domain, name = env.get_domain("py"), node["reftarget"].rpartition(".")[2]
    places = [place for place in domain.objects if place.startswith("continuum.") and place.endswith(f".{name}")]
    rooms = sorted(place for place in places if place.count(".") == 2)
    if len(rooms) != 1:
        return None if isinstance(content, literal) else content
    return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], rooms[0], node, content)
