"""First arrivals at fresh integers: the derivatives there, with the weights as they are then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from .network import Networks


@dataclass
class Arrivals:
    """Notes the derivatives at the first arrival at each fresh integer, with the weights as they are then."""

    start: Networks
    start_gamma: Tensor
    notes: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.next = self.start_gamma.ceil()
        self.order = torch.zeros_like(self.next)

    def look(self, networks: Networks, gamma: Tensor, step: int) -> None:
        """Call after every step; a step that passes several integers arrives at each of them."""
        while (arrived := (gamma >= self.next) & (self.next < networks.units)).any():
            members = arrived.nonzero().flatten()
            self.order[members] += 1
            self._note(networks.take(members), gamma[members], members, step)
            self.next[members] += 1

    def _note(self, networks: Networks, gamma: Tensor, members: Tensor, step: int) -> None:
        k = self.next[members]
        y = networks.features()
        left, right = networks.sides(k, y)
        landing = networks.sides(gamma, y)[1]
        columns = {"member": members, "order": self.order[members], "k": k, "left": left, "right": right}
        more = {"landing": landing, "landed_at": gamma - k, "untouched": self._untouched(networks, members, k.long())}
        self.notes.append({name: value.numpy().copy() for name, value in (columns | more).items()} | {"step": step})

    def _untouched(self, networks: Networks, members: Tensor, k: Tensor) -> Tensor:
        """Whether all weights of neuron k are still bit for bit what was drawn."""
        first, rows = self.start.take(members), torch.arange(len(members))
        same = torch.ones(len(members), dtype=torch.bool)
        for name in ("incoming", "bias", "outgoing"):
            now, then = getattr(networks, name), getattr(first, name)
            pick = (rows, k) if name == "outgoing" else (rows, slice(None), k)
            same &= (now[pick] == then[pick]).flatten(1).all(1)
        return same

    def frame(self) -> pd.DataFrame:
        """One row per arrival."""
        return pd.concat([pd.DataFrame(part) for part in self.notes], ignore_index=True)
