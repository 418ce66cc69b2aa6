"""The policy: a recurrent network that decides one thing after the other."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

#: Units of the recurrent cell.
HIDDEN = 32
#: Initial weights are uniform in plus or minus this, so that the first policy is nearly uniform.
SPREAD = 0.1


@dataclass(frozen=True)
class Draw:
    """Decisions, the logarithm of their probability, and the entropy along them (of each decision, in sum)."""

    places: Int[Tensor, "count decisions"]
    log: Float[Tensor, " count"]
    entropy: Float[Tensor, " count"]


class Controller(nn.Module):
    r"""An LSTM that draws decision after decision, each given those before.

    .. math:: \pi_\theta(k_1, \dots, k_D) = \prod_j \operatorname{softmax}(U_j s_j)_{k_j}, \qquad
              s_j = \operatorname{LSTM}(e_{k_{j-1}}, s_{j-1}) .

    Args:
        sizes: alternatives of each decision.
        generator: of the initial weights.

    Reference: H. Pham et al., "Efficient neural architecture search via parameter sharing", 2018.

    >>> controller = Controller((2, 3), torch.Generator().manual_seed(0))
    >>> controller.draw(4, torch.Generator().manual_seed(1)).places.shape
    torch.Size([4, 2])
    """

    def __init__(self, sizes: tuple[int, ...], generator: torch.Generator) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):  # the layers' own initial values are drawn from the global generator
            self.cell = nn.LSTMCell(HIDDEN, HIDDEN)
            self.embeddings = nn.ModuleList(nn.Embedding(size, HIDDEN) for size in (1, *sizes[:-1]))
            self.heads = nn.ModuleList(nn.Linear(HIDDEN, size) for size in sizes)
        for parameter in self.parameters():
            parameter.data.uniform_(-SPREAD, SPREAD, generator=generator)

    def draw(self, count: int, generator: torch.Generator | None, given: Int[Tensor, " first"] | None = None) -> Draw:
        """Several draws; without a generator the most probable decisions; the first ones may be given."""
        state = None
        last = torch.zeros(count, dtype=torch.long)
        places, logs, entropies = [], [], []
        for number, (embedding, head) in enumerate(zip(self.embeddings, self.heads, strict=True)):
            state = self.cell(embedding(last), state)
            log = torch.log_softmax(head(state[0]), -1)
            if given is not None and number < len(given):
                last = given[number].expand(count)
            elif generator is None:
                last = log.argmax(-1)
            else:
                last = torch.multinomial(log.detach().exp(), 1, generator=generator)[:, 0]
            places.append(last)
            logs.append(log.gather(-1, last[:, None])[:, 0])
            entropies.append(-(log.exp() * log).sum(-1))
        return Draw(torch.stack(places, -1), torch.stack(logs).sum(0), torch.stack(entropies).sum(0))
