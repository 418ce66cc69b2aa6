"""Parametrisations of the fresh unit: its gate, and what its outgoing weights pay and step."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Parametrisation:
    r"""How the fresh unit k is gated, and what its outgoing weights pay and step.

    Attributes:
        words: its name in figures.
        exponent: p of the gates :math:`\mathrm{clip}(\gamma - i, 0, 1)^p`; 0.5 is the square-root gate.
        decayed: weight of :math:`|W_k|^2` in the penalty: one, the fraction a (the norm of L2(E)), or none.
        metric: whether W_k steps by the learning rate over a. A penalty :math:`a|W_k|^2` then shrinks W_k as an
            ordinary one does, while an ordinary one would shrink it by lr * decay / a, without bound as a goes to 0.
    """

    words: str
    exponent: float = 1.0
    decayed: Literal["one", "fraction", "none"] = "one"
    metric: bool = False


#: By what tables, cells and flags call them.
PARAMETRISATIONS = {
    "linear": Parametrisation("linear gate"),
    "root": Parametrisation("square-root gate", exponent=0.5),
    "penalty": Parametrisation("penalty of L2(E)", decayed="fraction"),
    "metric": Parametrisation("metric of L2(E)", decayed="none", metric=True),
    "both": Parametrisation("penalty and metric", decayed="fraction", metric=True),
}
