"""Self-tuning: learn how the minimum would move from training under perturbed hyperparameters."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import vjp, vmap
from torch.utils._pytree import tree_map

from continuum import checks
from continuum.errors import BadInput
from continuum.hypergrad.bestresponse import BestResponse, Respond, flat, linear
from continuum.hypergrad.descent import functional
from continuum.hypergrad.noise import Noise, Sampled, Scale, scales, shifts
from continuum.hypergrad.problem import Predictive, Problem, outer_gradients, scalar
from continuum.hypergrad.result import Cost, Hypergradient, Outcome, status, unless_failed
from continuum.hypergrad.tree import Tree, add, all_finite, detached, ravel


@dataclass(frozen=True)
class SelfTuning:
    r"""A best response that is fitted locally, :math:`\hat w(\lambda) = w + R(\theta, \lambda - \lambda_0)`.

    Its slopes theta descend on the inner loss, under noise :math:`\varepsilon \sim N(0, I)`, scale sigma:

    .. math:: \min_\theta\; \mathbb{E}\, L\big(\hat w(\lambda),\, \lambda\big), \qquad
              \lambda = \lambda_0 + \sigma\varepsilon,

    and the hypergradient is that of :math:`F(\hat w(\lambda), \lambda)` at :math:`\lambda_0`. It needs neither second
    derivatives nor unrolling. At a minimum w the best slopes err by :math:`O(\sigma^2)`; they are exact for every sigma
    where the inner loss is quadratic in the parameters, its Hessian knows no hyperparameters and its linear term is
    affine in them. The slopes see the inner (training) loss only, hyperparameters and sigma the outer (validation)
    loss only: keep the data of the two apart.

    This is the corrected form. The original one, :meth:`naive`, feeds the hyperparameters themselves instead of their
    change (``centred``), trains w together with theta under the noise and averages the outer gradient over it, which
    shifts w by :math:`O(\sigma^2)` (``perturbed``), and perturbs the weights inside the network where one may perturb
    the output that is linearised at w (``linearised``).

    Args:
        scale: sigma > 0, a number or a pytree like the hyperparameters. :func:`scale_gradient` tunes it.
        steps: of gradient descent on the slopes within a call; 0 to take the given slopes, trained elsewhere.
        lr: of that descent, in units of the inner loss: that of the slopes is divided by the mean square of what they
            are multiplied with, so that an lr that is safe for the parameters is safe for the slopes.
        noise: points and weights that stand for the expectation.
        respond: R(slopes, change) -> change of the parameters; a hypernetwork brings its own (None: :func:`linear`).
        slopes: theta to start from (None: 0, for :func:`linear` only).
        centred: R gets the change of the hyperparameters, else the hyperparameters.
        perturbed: train w, too, under the noise, and average the outer gradient over it.
        linearised: see above; the problem must be :class:`Predictive`.

    Reference: M. MacKay, P. Vicol, J. Lorraine, D. Duvenaud, R. Grosse, "Self-Tuning Networks", 2019; corrections:
    J. Bae, R. Grosse, "Delta-STN: Efficient Bilevel Optimization for Neural Networks using Structured Response
    Jacobians", 2020.

    >>> from continuum.hypergrad import Bilevel, Hermite
    >>> problem = Bilevel(inner=lambda w, h: (w - h) ** 2, outer=lambda w, h: w**2 + h)
    >>> method = SelfTuning(scale=0.1, steps=50, lr=0.25, noise=Hermite(3), linearised=False)
    >>> result = method(problem, torch.tensor(3.0), torch.tensor(3.0))
    >>> result.direct.item(), round(result.response.item(), 5)
    (1.0, 6.0)
    """

    scale: Scale
    steps: int
    lr: float
    noise: Noise = field(default_factory=lambda: Sampled(pairs=8))
    respond: Respond | None = None
    slopes: Tree | None = None
    centred: bool = True
    perturbed: bool = False
    linearised: bool = True

    def __post_init__(self) -> None:
        checks.whole("steps", self.steps, at_least=0)
        checks.positive("lr", self.lr, remedy="take 1 / (largest eigenvalue of the inner Hessian)")
        if isinstance(self.scale, float | int):
            checks.positive("scale", self.scale, remedy="0.1 is a common start")
        if self.slopes is None and self.respond is not None:
            raise BadInput("slopes", expected="those of the given respond", came=None, remedy="pass a start for them")

    @classmethod
    def naive(
        cls, scale: Scale, steps: int, lr: float, noise: Noise | None = None, slopes: Tree | None = None
    ) -> "SelfTuning":
        """The original form, uncorrected, to compare with."""
        noise = noise or Sampled(pairs=8)
        return cls(scale, steps, lr, noise, slopes=slopes, centred=False, perturbed=True, linearised=False)

    @torch.no_grad()
    def __call__(self, problem: Problem, parameters: Tree, hyperparameters: Tree) -> Hypergradient:
        response = self.fit(problem, parameters, hyperparameters)
        hyperparameters = detached("hyperparameters", hyperparameters)
        points, weights = shifts(self.noise, self.scale, hyperparameters)
        if self.perturbed:
            each = vmap(lambda shift: _gradients(problem, response, add(hyperparameters, shift)))(points)
            direct, indirect = tree_map(lambda leaf: torch.tensordot(weights, leaf, 1), each)
        else:
            direct, indirect = _gradients(problem, response, hyperparameters)
        like = ravel(indirect)[0]
        approximate, diverged = status(Outcome.TRUNCATED, like), status(Outcome.DIVERGED, like)
        ended = torch.where(all_finite(response.slopes), approximate, diverged)
        cost = Cost(gradients=self.steps * len(weights) + (len(weights) if self.perturbed else 1))
        return Hypergradient(direct, unless_failed(ended, indirect), response(hyperparameters), cost, ended)

    @torch.no_grad()
    def fit(self, problem: Problem, parameters: Tree, hyperparameters: Tree) -> BestResponse:
        """The best response near these hyperparameters: w stays as given, unless it is ``perturbed`` as well."""
        parameters, hyperparameters = detached("parameters", parameters), detached("hyperparameters", hyperparameters)
        slopes = flat(parameters, hyperparameters) if self.slopes is None else detached("slopes", self.slopes)
        origin = hyperparameters if self.centred else tree_map(torch.zeros_like, hyperparameters)
        # Divided by the root of the mean square, the slopes descend with the curvature of the parameters.
        unit = self._inputs(hyperparameters, origin)
        start = {"slopes": tree_map(lambda leaf: leaf * unit, slopes), "parameters": parameters}

        def response(trained: Tree) -> BestResponse:
            centre = trained["parameters"] if self.perturbed else parameters
            return BestResponse(centre, tree_map(lambda s: s / unit, trained["slopes"]), origin, self.respond or linear)

        def loss(trained: Tree, hyperparameters: Tree) -> Float[Tensor, ""]:
            return self.loss(problem, response(trained), hyperparameters)

        return response(functional(loss, start, hyperparameters, self.lr, self.steps))

    def loss(self, problem: Problem, response: BestResponse, hyperparameters: Tree) -> Float[Tensor, ""]:
        r"""Mean of the inner loss under the noise, what slopes are trained on; differentiable in the response."""
        points, weights = shifts(self.noise, self.scale, hyperparameters)

        def at(shift: Tree) -> Tensor:
            moved = add(hyperparameters, shift)
            change = response.change(moved)
            if self.linearised:
                return _linearised(_predictive(problem), response.parameters, change, moved)
            return scalar("inner", problem.inner)(add(response.parameters, change), moved)

        return weights @ vmap(at, randomness="different")(points)

    def _inputs(self, hyperparameters: Tree, origin: Tree) -> Float[Tensor, ""]:
        """Root mean square of what the slopes are multiplied with."""
        offset = ravel(hyperparameters)[0] - ravel(origin)[0]
        return (offset.square() + scales(self.scale, hyperparameters).square()).sum().sqrt()


def _gradients(problem: Problem, response: BestResponse, hyperparameters: Tree) -> tuple[Tree, Tree]:
    """Direct term and response of the outer loss, with the parameters that the model of the response says."""
    parameters, pull = vjp(response, hyperparameters)[:2]
    cotangent, direct = outer_gradients(problem, parameters, hyperparameters)
    return direct, pull(cotangent)[0]


def _linearised(problem: Predictive, parameters: Tree, change: Tree, hyperparameters: Tree) -> Float[Tensor, ""]:
    """The inner loss where only the first-order change of the output is seen."""

    def output(tree: Tree) -> Tree:
        return problem.output(tree, hyperparameters)

    # J v as the derivative in u of <J'u, v>: no operation of the network needs a formula for forward mode.
    predicted = output(parameters)
    push = vjp(lambda u: vjp(output, parameters)[1](u)[0], tree_map(torch.zeros_like, predicted))[1]
    moved = push(change)[0]
    return scalar("inner", lambda tree, _: problem.loss(add(predicted, moved), tree, hyperparameters))(
        add(parameters, change), hyperparameters
    )


def _predictive(problem: Problem) -> Predictive:
    if not isinstance(problem, Predictive):
        raise BadInput(
            "problem",
            expected="a Predictive one, whose output can be linearised",
            came=type(problem).__name__,
            remedy="give its output, or set linearised=False",
        )
    return problem
