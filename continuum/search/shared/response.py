r"""A controller that also hears what its draws do to the weights.

The controller's loss is the expected validation loss of the weights that its own draws train,

.. math:: F(\theta) = \mathbb{E}_{g \sim \pi_\theta} L_{\mathrm{val}}\big(w'(\theta), g\big), \qquad
          w'(\theta) = w - \eta\, \nabla_w\, \mathbb{E}_{k \sim \pi_\theta} L_{\mathrm{train}}(w, k) .

REINFORCE differentiates the outer expectation alone. The response is the rest, with expectations over a draw written as
:math:`\tfrac1n \sum_i e^{h_i - h_i^0} L(w, k_i)`, :math:`h_i = \log \pi_\theta(k_i)`: a bilevel problem whose
hyperparameters are the log-probabilities of what was drawn, so that any method of ``continuum.hypergrad`` finds what
each draw contributed, and the controller's own network carries it on. Networks for training and for judging are drawn
apart, so that no draw is judged by itself.
"""

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.hypergrad import Bilevel, ConjugateGradient, Cost, Implicit, Method, Unrolled
from continuum.search.shared.account import CONTROL, hypergradient
from continuum.search.shared.controller import Draw
from continuum.search.shared.enas import SAMPLES, WEIGHT_STEPS, ControlledRun, Enas
from continuum.search.shared.method import Ground, Run
from continuum.search.shared.supernet import Rows

#: Rate of the inner update that is differentiated; of plain gradient descent.
ETA = 0.3
#: Products with the Hessian for one implicit response.
PRODUCTS = 4


def bilevel(
    ground: Ground, drawn: Draw, judged: Draw, batches: tuple[Rows, Rows], run: ControlledRun, damping: float = 0.0
) -> Bilevel:
    """The problem of one update; its hyperparameters are ``{"inner": log-probabilities, "outer": log-probabilities}``.

    Args:
        ground: net, objective and shared weights.
        drawn: networks that train the weights.
        judged: networks that are judged with them.
        batches: rows of training, rows of validation.
        run: decodes draws, and holds the baseline.
        damping: of a penalty on the way from the current weights, which leaves the gradient there as it is and adds to
            the Hessian: a network's own is no positive definite one.
    """
    trained, measured = run.points(drawn), run.points(judged)
    start, prices = ground.weights.vector, ground.price(measured)
    baseline = run.baseline or 0.0
    before = {"inner": drawn.log.detach(), "outer": judged.log.detach()}

    def inner(weights: Tensor, log: dict[str, Tensor]) -> Tensor:
        shares = (log["inner"] - before["inner"]).exp()
        loss = (shares * ground.losses(weights, batches[0], trained)).mean()
        return loss + damping / 2 * (weights - start).square().sum() if damping else loss

    def outer(weights: Tensor, log: dict[str, Tensor]) -> Tensor:
        values = ground.losses(weights, batches[1], measured) / ground.objective.constant + prices
        return ((log["outer"] - before["outer"]).exp() * (values - baseline)).mean()

    return Bilevel(inner, outer)


class RespondingRun(ControlledRun):
    """A controlled run with the response."""

    def __init__(self, ground: Ground, method: Method, damping: float, cost: float) -> None:
        super().__init__(ground)
        self.method, self.damping, self.failures = method, damping, 0
        self.cycle = WEIGHT_STEPS + cost + CONTROL

    def update(self) -> None:
        drawn = self.controller.draw(SAMPLES, self.ground.generator)
        judged = self.controller.draw(SAMPLES, self.ground.generator)
        direct, response = self.terms(drawn, judged)
        both = Draw(*(torch.cat(pair) for pair in zip(_parts(drawn), _parts(judged), strict=True)))
        self.follow(both, torch.cat([response, direct]))

    def terms(self, drawn: Draw, judged: Draw) -> tuple[Float[Tensor, " count"], Float[Tensor, " count"]]:
        """Contributions: directly, of the networks that are judged; by the response, of those that train."""
        batches = self.ground.train.next(), self.ground.validation.next()
        problem = bilevel(self.ground, drawn, judged, batches, self, self.damping)
        logs = {"inner": drawn.log.detach(), "outer": judged.log.detach()}
        gradient = self.method(problem, self.ground.weights.vector, logs)
        # What the draws are worth in sum moves no probability: a constant has no part in the policy's gradient.
        direct = self.centred(SAMPLES * gradient.direct["outer"] + (self.baseline or 0.0)) / SAMPLES
        response = gradient.response["inner"]
        if not bool(response.isfinite().all()):
            self.failures += 1
            response = torch.zeros_like(response)
        return direct, response - response.mean()


def _parts(draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    return draw.places, draw.log, draw.entropy


class EnasResponse(Enas):
    """The controller with the response through one inner update of the weights, by unrolling it.

    Reference: A. Adam, J. Lorraine, "More efficient stochastic hyperparameter optimization"; D. Maclaurin, D. Duvenaud,
    R. Adams, "Gradient-based hyperparameter optimization through reversible learning", 2015.
    """

    name: ClassVar[str] = "enas_response"

    def begin(self, ground: Ground) -> Run:
        return RespondingRun(ground, Unrolled(steps=1, lr=ETA), 0.0, _cost(2, 1))


class EnasImplicit(Enas):
    """The controller with the response of the minimum of the inner loss, damped, by the implicit function theorem.

    Reference: A. Adam, J. Lorraine, "More efficient stochastic hyperparameter optimization"; F. Pedregosa,
    "Hyperparameter optimization with approximate gradient", 2016.
    """

    name: ClassVar[str] = "enas_implicit"

    def begin(self, ground: Ground) -> Run:
        return RespondingRun(ground, Implicit(ConjugateGradient(PRODUCTS)), 1 / ETA, _cost(3, PRODUCTS + 1))


def _cost(gradients: int, products: int) -> float:
    """What a response costs whose losses are sums over the draws."""
    return hypergradient(Cost(gradients=gradients, mixed_products=products), SAMPLES)
