"""The derivative of the capacity loss in gamma: a direct part, and the response of the trained weights."""

from collections.abc import Callable
from functools import partial

import numpy as np
import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, Unrolled
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.training import bilevel, gates_at

UNITS = 3
Loss = Callable[[Tensor, Tensor], Tensor]
Parts = tuple[Tensor, Tensor]
Formula = Callable[[Bilevel, Tensor, Tensor, float, int], Parts]
Product = Callable[[Tensor], Tensor]
Move = Callable[[Tensor, Product, Tensor, float], Tensor]


def derive() -> list[Derivation]:
    """One step of descent and the outer loss, moved by d in gamma and by Z d in the weights."""
    gamma, alpha, h, v, w, z, d = sp.symbols("gamma alpha h v w Z d", real=True)
    slope, outer = sp.Function("L_w"), sp.Function("F")
    curvature, mixed = slope(w, gamma).diff(w), slope(w, gamma).diff(gamma)

    def at_zero(e: sp.Expr) -> sp.Expr:
        return sp.diff(e, d).subs(d, 0).doit()

    one = Derivation("one step", w + z * d - alpha * slope(w + z * d, gamma + d))
    one = one.apply(at_zero, z - alpha * (curvature * z + mixed), "chain rule in both arguments of the gradient")
    moved = (1 - alpha * curvature) * z - alpha * mixed
    one = one.claims(moved, {"sign": moved + 2 * alpha * mixed, "no Hessian": z - alpha * mixed})

    last = Derivation("outer loss", outer(w + z * d, gamma + d))
    direct, response = outer(w, gamma).diff(gamma), outer(w, gamma).diff(w) * z
    last = last.apply(at_zero, direct + response, "chain rule at w_T")
    last = last.claims(response + direct, {"direct alone": direct, "response alone": response})
    return [one, last, _quadratic(gamma, alpha, h, v)]


def _quadratic(a: sp.Symbol, alpha: sp.Symbol, h: sp.Symbol, v: sp.Symbol) -> Derivation:
    """Two steps on h(aw-v)^2/2, differentiated as a whole, against the recursion."""
    start = sp.Symbol("w_0", real=True)
    weight, z = start, sp.Integer(0)
    for _ in range(2):
        slope, curvature, mixed = h * a * (a * weight - v), h * a**2, h * (2 * a * weight - v)
        weight, z = sp.expand(weight - alpha * slope), sp.expand((1 - alpha * curvature) * z - alpha * mixed)
    whole = h * (a * weight - v) ** 2 / 2
    recursion = h * (a * weight - v) * weight + h * a * (a * weight - v) * z
    chain = Derivation("two steps on a quadratic", whole).apply(
        lambda e: sp.diff(e, a), recursion, "the derivative of the whole training is direct plus response"
    )
    return chain.claims(sp.expand(recursion), {"direct alone": h * (a * weight - v) * weight})


def recursion(move: Move) -> Formula:
    """Direct part and response with the sensitivity Z carried along by ``move``."""

    def parts(problem: Bilevel, weights: Tensor, gamma: Tensor, rate: float, steps: int) -> Parts:
        z = torch.zeros_like(weights)
        for _ in range(steps):
            mixed = grad(grad(problem.inner, argnums=1))(weights, gamma)
            z = move(z, partial(_product, problem.inner, weights, gamma), mixed, rate)
            weights = weights - rate * grad(problem.inner)(weights, gamma)
        in_weights, direct = grad(problem.outer, argnums=(0, 1))(weights, gamma)
        return direct.detach(), (in_weights @ z).detach()

    return parts


def _product(inner: Loss, weights: Tensor, gamma: Tensor, vector: Tensor) -> Tensor:
    """Hessian times a vector, as the gradient of <gradient, vector>."""
    product: Tensor = grad(lambda w: grad(inner)(w, gamma) @ vector)(weights)
    return product


def claimed(z: Tensor, hessian: Product, mixed: Tensor, rate: float) -> Tensor:
    """(I - alpha H) Z - alpha M."""
    return z - rate * hessian(z) - rate * mixed


def negative(z: Tensor, hessian: Product, mixed: Tensor, rate: float) -> Tensor:
    """The mixed derivative with the other sign."""
    return z - rate * hessian(z) + rate * mixed


def forgetful(z: Tensor, hessian: Product, mixed: Tensor, rate: float) -> Tensor:
    """Without the Hessian."""
    return z - rate * mixed


def early(z: Tensor, hessian: Product, mixed: Tensor, rate: float) -> Tensor:
    """The new term is contracted in the step that makes it."""
    return z - rate * mixed - rate * hessian(z - rate * mixed)


def direct_alone(*arguments: object) -> Parts:
    """No response."""
    direct, response = recursion(claimed)(*arguments)  # type: ignore[arg-type]
    return direct, torch.zeros_like(response)


def response_alone(*arguments: object) -> Parts:
    """No direct part, as for a hyperparameter that the validation loss does not contain."""
    direct, response = recursion(claimed)(*arguments)  # type: ignore[arg-type]
    return torch.zeros_like(direct), response


def problem_of(network: Network, targets: Tensor, exponent: float) -> tuple[Bilevel, Tensor]:
    """Flat weights instead of a pair; validation rows have their own targets."""
    validation = Network(network.inputs.flip(0) + 0.5, network.incoming, network.outgoing, targets, network.activation)
    pair, size = bilevel(network, validation, exponent), network.incoming.numel()

    def split(weights: Tensor) -> tuple[Tensor, Tensor]:
        return weights[:size].view_as(network.incoming), weights[size:].view_as(network.outgoing)

    flat = Bilevel(lambda w, g: pair.inner(split(w), g), lambda w, g: pair.outer(split(w), g))
    return flat, torch.cat([network.incoming.flatten(), network.outgoing.flatten()])


def by_shipped(formula: Formula, network: Network, targets: Tensor, gamma: float, exponent: float, steps: int) -> None:
    """The shipped hypergradient of T steps, in its two parts, against the recursion."""
    problem, weights = problem_of(network, targets, exponent)
    width, rate = torch.tensor(gamma), 0.125
    result = Unrolled(steps, rate)(problem, weights, width)
    direct, response = formula(problem, weights, width, rate, steps)
    assert_close(result.direct, direct, rtol=1e-9, atol=1e-11)
    assert_close(result.response, response, rtol=1e-9, atol=1e-11)


def by_differences(
    formula: Formula, network: Network, targets: Tensor, gamma: float, exponent: float, steps: int
) -> None:
    """Right-hand Richardson differences of the validation loss after T steps at neighbouring widths."""
    problem, weights = problem_of(network, targets, exponent)
    rate, step = 0.125, 1e-5

    def trained(width: Tensor) -> Tensor:
        final = Unrolled(steps, rate)(problem, weights, width).parameters
        return problem.outer(final, width).detach()

    first, second, third = (trained(torch.tensor(gamma + j * step)) for j in range(3))
    assert_close(
        (-3 * first + 4 * second - third) / (2 * step),
        sum(formula(problem, weights, torch.tensor(gamma), rate, steps)),
        rtol=1e-4,
        atol=1e-5,
    )


GIVEN = {
    "network": strategies.networks(UNITS, outputs=1, activations=("tanh",)),
    "targets": strategies.tensors(3, 1),
    "gamma": st.one_of(st.sampled_from([1.0, 2.0]), strategies.interior(UNITS, margin=1 / 16)),
    "exponent": st.sampled_from([1.0, 2.0]),
    "steps": st.integers(2, 3),
}
WRONG = {"direct alone": direct_alone, "response alone": response_alone}
WRONG_MOVES = {
    "sign of the mixed derivative": recursion(negative),
    "no Hessian": recursion(forgetful),
    "new term contracted at once": recursion(early),
}
#: Input 2, W = 1 and v = 1: the output is 2a relu(V), V is trained by 2 steps of rate 3/2.
SCALE, RATE, WIDEST = 2.0, 1.5, 4.0


def rectified() -> dict[str, float]:
    """Mean over V_0 of the shipped hypergradient, and the derivative of the mean."""

    def loss(incoming: Tensor, gamma: Tensor) -> Tensor:
        network = Network(torch.tensor([[SCALE]]), incoming, torch.ones(1, 1), torch.ones(1, 1), torch.relu)
        return network.loss(gates_at(gamma, 1))

    problem, method = Bilevel(loss, loss), Unrolled(2, RATE)

    def mean(width: float, of: Callable[[Tensor, Tensor], Tensor]) -> float:
        kink = RATE * SCALE * width / (RATE * (SCALE * width) ** 2 - 1)  # beyond it the first step kills the neuron
        nodes, weights = np.polynomial.legendre.leggauss(3)  # exact: quadratic in V_0 on either side
        total = 0.0
        for low, high in ((0.0, kink), (kink, WIDEST)):
            for node, weight in zip(nodes, weights, strict=True):
                start = torch.tensor([[(low + high) / 2 + (high - low) / 2 * node]])
                total += weight * (high - low) / 2 / WIDEST * float(of(start, torch.tensor(width)))
        return total

    def after(start: Tensor, gamma: Tensor) -> Tensor:
        return loss(method(problem, start, gamma).parameters, gamma)

    step = 1e-4  # the error of the difference is 5e-6
    return {
        "mean of the derivative": mean(0.5, lambda start, gamma: method(problem, start, gamma).total),
        "derivative of the mean": (mean(0.5 + step, after) - mean(0.5 - step, after)) / (2 * step),
    }


IDENTITY = Identity(
    id="N2.1",
    title="sensitivity of the capacity loss",
    source="here",
    place="capacity loss",
    printed="",
    precise=r"""Let $w_0$ be random with a law that does not depend on $\gamma$, $w_{t+1} = w_t - \alpha
\nabla_w L_{tr}(w_t, \gamma)$, and $C_T(\gamma) = E\, L_{val}(w_T, \gamma)$. Let $\gamma$ lie inside a tile, let
$\nabla_w L_{tr}$ and $L_{val}$ be $C^1$ in $(w, \gamma)$, and let the $\gamma$-derivative of $L_{val}(w_T(\gamma),
\gamma)$ be dominated near $\gamma$ by an integrable variable. Then
$\frac{dC_T}{d\gamma} = E\left[\partial_\gamma L_{val}(w_T, \gamma)\right] + E\left[\langle\partial_w L_{val}(w_T,
\gamma), Z_T\rangle\right]$
with $Z_0 = 0$ and
$Z_{t+1} = (I - \alpha H_t) Z_t - \alpha\,\partial_\gamma\nabla_w L_{tr}(w_t, \gamma), \quad H_t = \nabla_w^2
L_{tr}(w_t, \gamma).$
At an integer the same holds for each one-sided derivative, with the one-sided partial derivatives (gates $a^p$,
$p \geq 1$). For a ReLU layer whose incoming weights are trained $\nabla_w L_{tr}$ is not continuous, and the
formula is in general false, although both expectations exist and each run is differentiable almost surely.""",
    verdict=Verdict.HOLDS,
    proof=r"""For a fixed start the map $\gamma \mapsto w_t$ is $C^1$ by induction, and differentiating the step
gives the recursion for $Z_t = dw_t/d\gamma$. The chain rule at $w_T$ gives direct part plus response; dominated
convergence exchanges derivative and expectation. At an integer the loss on the closed tile is the restriction of
a $C^1$ function of the gate, so that the argument holds with one-sided derivatives.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped hypergradient against the recursion",
            check=by_shipped,
            claim=recursion(claimed),
            wrong={**WRONG, **WRONG_MOVES},
            given=GIVEN,
            examples=6,
        ),
        Witness(
            name="right-hand differences of the trained loss",
            check=by_differences,
            claim=recursion(claimed),
            wrong=WRONG,
            given=GIVEN,
            examples=5,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""ReLU neuron, input $2$, $W = 1$ fixed, target $1$, $L =
\frac{1}{2}(2a\,\mathrm{relu}(V)-1)^2$, two steps of rate $3/2$ on $V$, $V_0$ uniform on $[0, 4]$, $a = 1/2$. The
first step gives $V_1 = (3-V_0)/2$, so that for $V_0 > 3$ the neuron is dead and the loss is $1/2$; for $V_0 < 3$
it is $(V_0-1)^2/32$. The mean of the derivative is $1.265625$. The threshold $V^*$ moves with speed $-30$ in $a$,
over a jump of $1/8-1/2$ at density $1/4$: this adds $2.8125$, and the derivative of the mean is $4.078125$.""",
            numbers={"mean of the derivative": 1.265625, "derivative of the mean": 4.078125},
            compute=rectified,
            tolerance=1e-5,
        ),
    ),
    references=(
        "D. Maclaurin, D. Duvenaud, R. Adams, Gradient-based hyperparameter optimization through reversible "
        "learning, ICML 2015",
        "L. Franceschi, M. Donini, P. Frasconi, M. Pontil, Forward and reverse gradient-based hyperparameter "
        "optimization, ICML 2017",
        "W. Lee, H. Yu, H. Yang, Reparameterization gradient for non-differentiable models, NeurIPS 2018",
    ),
    covers=("continuum.widths.interval", "continuum.widths.power", "continuum.hypergrad.unrolled"),
    document="n2_1_sensitivity.md",
)
