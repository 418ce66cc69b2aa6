"""A fresh ReLU neuron leaves the capacity loss its expansion in psi; trained ReLU neurons beside it can take it."""

from collections.abc import Callable
from functools import partial

import numpy as np
import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad, vmap
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, Unrolled
from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.training import gates_at

ROWS = torch.tensor([[1.0, 0.6], [1.0, -0.3], [1.0, -0.7]], dtype=torch.float64)
TARGETS = torch.tensor([1.0, -1.5, 2.0], dtype=torch.float64)
GRID, STEPS, RATE = 4000, 3, 0.5
Weights = tuple[Tensor, Tensor, Tensor]  # bias V of the fresh neuron, its W, and the weight of an old tanh neuron


def derive() -> list[Derivation]:
    """The model with one trained ReLU neuron: two steps, the threshold, and the mean over a uniform start."""
    w, c, phi = sp.symbols("w c phi", real=True)
    rate, b = sp.Rational(3, 2), c * phi
    alive = w
    for _ in range(2):
        alive = sp.expand(alive - rate * (alive + b - 1))
    trained = Derivation("loss if it lives", (alive + b - 1) ** 2 / 2)
    trained = trained.rewrite((w + b - 1) ** 2 / 32, "each step multiplies the residual by 1 - 3/2")
    first = w - rate * (w + b - 1)
    threshold = Derivation("threshold", first).apply(lambda e: sp.solve(e, w)[0], 3 - 3 * b, "V_1 = 0")

    small = sp.Symbol("phi", positive=True)

    def mean(high: int, edges: tuple[sp.Expr, sp.Expr]) -> sp.Expr:
        """Mean over W = 1 and W = -1; starts below the edge live, the others have the output phi c."""
        total = sp.Integer(0)
        for shift, edge in zip((small, -small), edges, strict=True):
            lives = sp.integrate((w + shift - 1) ** 2 / 32, (w, 0, edge))
            total += (lives + (high - edge) * (shift - 1) ** 2 / 2) / high / 2
        return sp.expand(total)

    kink = Derivation("uniform on [0, 3]", mean(3, (3 - 3 * small, sp.Integer(3)))).apply(
        lambda e: sp.diff(e, small).subs(small, 0), sp.Rational(3, 16), "slope at 0+"
    )
    smooth = Derivation("uniform on [0, 6]", mean(6, (3 - 3 * small, 3 + 3 * small))).apply(
        lambda e: sp.diff(e, small, 2) / 2, sp.Rational(-13, 64), "kappa; no odd term is left"
    )
    inside = Derivation("derivatives of the runs", (w + b - 1) ** 2 / 32).apply(
        lambda e: (sp.diff(e, phi, 2) / 2 + sp.diff((b - 1) ** 2 / 2, phi, 2) / 2).subs(c, 1) / 2,
        sp.Rational(17, 64),
        "half of the starts live",
    )
    return [
        trained.claims((w + b - 1) ** 2 / 32, {"one step": (w + b - 1) ** 2 / 8}),
        threshold.claims(3 * (1 - b), {"does not move": sp.Integer(3)}),
        kink.claims(sp.Rational(3, 16), {"even and smooth": sp.Integer(0)}),
        smooth.claims(sp.Rational(-13, 64), {"mean over runs": sp.Rational(17, 64)}),
        inside.claims(sp.Rational(17, 64), {"of the mean": sp.Rational(-13, 64)}),
    ]


def loss(activation: Callable[[Tensor], Tensor], weights: Weights, gates: Tensor, frozen: Tensor | None) -> Tensor:
    """Mean squared error of a tanh neuron and the fresh neuron; ``frozen`` fixes the latter's activation pattern."""
    bias, outgoing, old = weights
    before = ROWS @ torch.stack([bias, torch.ones_like(bias)])
    fresh = activation(before) if frozen is None else before * frozen
    output = gates[0] * torch.tanh(old * ROWS[:, 1]) + gates[1] * outgoing * fresh
    return (output - TARGETS).square().mean() / 2


def trained(activation: Callable[[Tensor], Tensor], phi: Tensor, starts: Weights, freeze: bool = False) -> Tensor:
    """Loss after T steps for a batch of starts at the shipped gates (1, phi)."""
    gates = phi if phi.dim() else Interval(2, 1 + phi).gates().detach()
    pattern = (starts[0].unsqueeze(-1) + ROWS[:, 1] > 0).to(phi.dtype) if freeze else None
    axes = (0, None, 0 if freeze else None)
    slope = vmap(grad(partial(loss, activation)), axes)
    for _ in range(STEPS):
        moved = zip(starts, slope(starts, gates, pattern), strict=True)
        bias, outgoing, old = (w - RATE * g for w, g in moved)
        starts = (bias, outgoing, old)
    losses: Tensor = vmap(partial(loss, activation), axes)(starts, gates, pattern)
    return losses


def starts(sign: float) -> Weights:
    """Bias uniform on [-1, 1] by midpoints (thresholds at -0.6, 0.3, 0.7), W_0 = 1 or -1, and the old weight 1."""
    bias = (torch.arange(GRID, dtype=torch.float64) + 0.5) * 2 / GRID - 1
    return bias, torch.full_like(bias, sign), torch.ones_like(bias)


def mean_loss(activation: Callable[[Tensor], Tensor], phi: float) -> float:
    """Psi_T(phi)."""
    gate = torch.tensor(phi, dtype=torch.float64)
    return sum(trained(activation, gate, starts(sign)).mean().item() for sign in (1.0, -1.0)) / 2


def second_derivative(activation: Callable[[Tensor], Tensor]) -> float:
    """Mean over the starts of half the second derivative of the runs at phi = 0, by autograd."""
    total = 0.0
    for sign in (1.0, -1.0):
        phi = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        gates = torch.cat([torch.ones(1, dtype=torch.float64), phi])
        value = trained(activation, gates, starts(sign)).mean()
        (slope,) = torch.autograd.grad(value, phi, create_graph=True)
        (second,) = torch.autograd.grad(slope, phi)
        total += float(second.item()) / 4
    return total


KAPPA = {name: second_derivative(f) for name, f in (("relu", torch.relu), ("tanh", torch.tanh))}


def remainder(phi: float, activation: Callable[[Tensor], Tensor], name: str) -> float:
    """Psi_T(phi) - Psi_T(0) - kappa phi^2."""
    return mean_loss(activation, phi) - mean_loss(activation, 0.0) - KAPPA[name] * phi**2


def pattern_kept(formula: Callable[[Tensor, Weights], Tensor], bias: float, sign: float, old: float) -> None:
    """A run of the shipped descent from further than 1/8 from all thresholds, at phi = 1/64."""
    start = (torch.tensor([bias]), torch.tensor([sign]), torch.tensor([old]))
    phi = torch.tensor(1 / 64)

    def run(weights: tuple[Tensor, ...], gamma: Tensor) -> Tensor:
        first, second, third = (weight.squeeze() for weight in weights)
        return loss(torch.relu, (first, second, third), gates_at(gamma, 2), None)

    problem = Bilevel(run, run)
    final = Unrolled(STEPS, RATE)(problem, start, 1 + phi).parameters
    assert_close(problem.outer(final, 1 + phi), formula(phi, start).squeeze(), rtol=1e-12, atol=0)


def frozen_pattern(phi: Tensor, start: Weights) -> Tensor:
    """The fresh neuron with the pattern of its start."""
    return trained(torch.relu, phi, start, freeze=True)


def always_on(phi: Tensor, start: Weights) -> Tensor:
    """As if the fresh neuron were linear."""
    return trained(torch.nn.Identity(), phi, start)


LEFT, MODEL_RATE = 3.0, 1.5


def beside(part: float, start: float, sign: float) -> tuple[Network, Bilevel, Tensor]:
    """z = relu(V) + phi c with V trained alone, target 1; gamma = 1 + phi."""
    outgoing = torch.tensor([[1.0], [sign]])
    one = torch.ones(1, 1)

    def run(incoming: Tensor, gamma: Tensor) -> Tensor:
        both = torch.cat([incoming, torch.ones(1, 1)], 1)
        return Network(one, both, outgoing, one, torch.relu).loss(gates_at(gamma, 2))

    return (
        Network(one, torch.tensor([[start, 1.0]]), outgoing, one, torch.relu),
        Bilevel(run, run),
        torch.tensor(1 + part),
    )


def mean_beside(part: float, high: float, of: Callable[[Bilevel, Tensor, Tensor], float], moving: bool = True) -> float:
    """Mean over V_0 uniform on [0, high] and over both signs; Gauss-Legendre on either side of the threshold."""
    nodes, weights = np.polynomial.legendre.leggauss(3)
    total = 0.0
    for sign in (1.0, -1.0):
        edge = min(LEFT - (3 * part * sign if moving else 0.0), high)
        for low, top in ((0.0, edge), (edge, high)):
            for node, weight in zip(nodes, weights, strict=True):
                start = (low + top) / 2 + (top - low) / 2 * node
                _, problem, gamma = beside(part, start, sign)
                total += weight * (top - low) / 2 / high / 2 * of(problem, torch.tensor([[start]]), gamma)
    return total


def after(problem: Bilevel, start: Tensor, gamma: Tensor) -> float:
    """Loss after two steps."""
    final = Unrolled(2, MODEL_RATE)(problem, start, gamma).parameters
    return problem.outer(final, gamma).item()


def slope_of(problem: Bilevel, start: Tensor, gamma: Tensor) -> float:
    """Hypergradient of one run."""
    return float(Unrolled(2, MODEL_RATE)(problem, start, gamma).total)


def atom() -> dict[str, float]:
    """V_0 = 3: the mean loss at gamma = 1 and just above."""

    def at(part: float) -> float:
        runs = (beside(part, LEFT, sign) for sign in (1.0, -1.0))
        return sum(after(problem, torch.tensor([[LEFT]]), gamma) for _, problem, gamma in runs) / 2

    return {"at 1": at(0.0), "above": at(1e-9)}


def kinked() -> dict[str, float]:
    """V_0 uniform on [0, 3]: difference quotient at 1."""
    step = 2.0**-16
    return {"slope": (mean_beside(step, 3.0, after) - mean_beside(0.0, 3.0, after)) / step}


def hidden() -> dict[str, float]:
    """V_0 uniform on [0, 6]: kappa of the mean, and the mean of the hypergradients over 2 phi."""
    part = 2.0**-4
    true = (mean_beside(part, 6.0, after) - mean_beside(0.0, 6.0, after)) / part**2
    small = 2.0**-16
    return {"kappa": true, "by autograd": mean_beside(small, 6.0, slope_of, moving=False) / (2 * small)}


SAFE = [-1.0, -0.875, -0.75, -0.4375, -0.25, 0.0, 0.125, 0.5, 0.875, 1.0]  # further than 1/8 from -0.6, 0.3, 0.7

IDENTITY = Identity(
    id="N2.5",
    title="the trichotomy for a fresh ReLU neuron",
    source="here",
    place="capacity loss",
    printed="",
    precise=r"""Setting of the evenness theorem: finitely many rows, output $z = f(\theta, x) + \phi W\sigma(V \cdot
x)$ with $\sigma$ the ReLU ($\sigma'(0)$ any number in $[0, 1]$), losses $F$ and $f$ in $C^4$ ($\theta$ is trained,
$f$ is smooth in it: tanh neurons, or ReLU neurons with frozen incoming weights), $T$ steps of gradient descent or
momentum on $\theta, V, W$, initial law bounded and independent of $\gamma$, $W_0$ symmetric given $(\theta_0,
V_0)$. (a) If $P(V_0 \cdot x = 0) = 0$ for every row $x \neq 0$, then
$\Psi_T(\phi) = \Psi_T(0) + \kappa_T\phi^2 + o(\phi^2),$
so that the trichotomy and the no-go hold, and $\kappa_T$ is the mean of half the second derivative of the runs at
$0$, which autograd computes. (b) If $V_0 \cdot x$ has a bounded density for every row $x \neq 0$, the error is
$O(|\phi|^3)$. (c) If incoming weights of other ReLU neurons are trained as well, (a) and (b) are false: $\Psi_T$
may jump at $0$ (their initial law has an atom), may have a one-sided slope other than $0$ (their density is
bounded, but jumps at a threshold), or may have a $\kappa_T$ of the other sign than autograd says (uniform density
about the threshold).""",
    verdict=Verdict.HOLDS,
    proof=r"""Compare with the run whose pattern $1[V_0 \cdot x > 0]$ is frozen: it is $C^3$ in $\phi$, and
symmetric like the original, so that its mean is even with a bounded third derivative. Within $T$ steps $|V_t -
V_0| \leq C\phi$ and $|W_t - W_0| \leq C\phi$, so that the two runs agree unless $|V_0 \cdot x| \leq C\phi$ for
some row. Even then both contributions are $\phi W_0\sigma(V_0 \cdot x) + O(\phi^2)$, and $f$ passes on no more
than $O(\phi^2)$: the means differ by at most $C\phi^2 P(|V_0 \cdot x| \leq C\phi \text{ for some } x)$, which is
$o(\phi^2)$, and $O(\phi^3)$ under (b).""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped runs that start away from the thresholds keep their pattern",
            check=pattern_kept,
            claim=frozen_pattern,
            wrong={
                "linear neuron": always_on,
                "tanh neuron": lambda phi, start: trained(torch.tanh, phi, start),
                "other sign of phi": lambda phi, start: trained(torch.relu, phi, (start[0], -start[1], start[2])),
            },
            given={
                "bias": st.sampled_from(SAFE),
                "sign": st.sampled_from([1.0, -1.0]),
                "old": strategies.numbers(-1, 1),
            },
            examples=12,
        ),
    ),
    rates=(
        Rate(
            name="ReLU, Psi_T(phi) - Psi_T(0)",
            scales=[1e-2, 3e-3, 1e-3],
            error=lambda phi: mean_loss(torch.relu, phi) - mean_loss(torch.relu, 0.0),
            claim=Asymptote(2.0, KAPPA["relu"]),
            wrong={"first order": Asymptote(1.0), "twice": Asymptote(2.0, 2 * KAPPA["relu"])},
        ),
        Rate(
            name="ReLU, remainder",
            scales=[0.08, 0.04, 0.02],
            error=partial(remainder, activation=torch.relu, name="relu"),
            claim=Asymptote(3.0),
            wrong={"smooth": Asymptote(4.0), "no expansion": Asymptote(2.0)},
            tolerance=0.2,
        ),
        Rate(
            name="tanh, remainder",
            scales=[0.08, 0.04, 0.02],
            error=partial(remainder, activation=torch.tanh, name="tanh"),
            claim=Asymptote(4.0),
            wrong={"like ReLU": Asymptote(3.0)},
            tolerance=0.2,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Old neuron $\mathrm{relu}(V)$ with trained $V$, fresh contribution $\phi c$ with $c = \pm 1$,
target $1$, two steps of rate $3/2$, $L = \frac{1}{2}(z-1)^2$. The first step takes $V_0$ to $(3 - V_0 - 3\phi
c)/2$: beyond $V_0 = 3 - 3\phi c$ the old neuron is dead and $L = (1-\phi c)^2/2$; below, $L = (V_0+\phi c-1)^2/32$.
Start $V_0 = 3$ and $\sigma'(0) = 0$: at $\phi = 0$ the first step ends at $V_1 = 0$, where it stays, and the mean
loss is $0.5$, just above $0.3125$: the capacity loss jumps at the integer.""",
            numbers={"at 1": 0.5, "above": 0.3125},
            compute=atom,
            tolerance=1e-8,
        ),
        Counterexample(
            text=r"""The same with $V_0$ uniform on $[0, 3]$: only $c = 1$ moves the threshold into the support,
over a jump of $1/2 - 1/8$, so that the mean loss has the slope $\frac{1}{2} \cdot \frac{1}{3} \cdot 3 \cdot
\frac{3}{8} = 0.1875$ in $\phi$ at $0$ on the right: the interval mask has a slope of first order.""",
            numbers={"slope": 0.1875},
            compute=kinked,
            tolerance=1e-4,
        ),
        Counterexample(
            text=r"""The same with $V_0$ uniform on $[0, 6]$: the mean of the runs' second derivatives gives
$\frac{1}{2}(\frac{1}{32} + \frac{1}{2}) = 0.265625$, the true $\kappa_2$ is $-0.203125$: autograd says that the
fresh neuron does harm, and it helps.""",
            numbers={"kappa": -0.203125, "by autograd": 0.265625},
            compute=hidden,
            tolerance=1e-6,
        ),
    ),
    references=(
        "W. Lee, H. Yu, H. Yang, Reparameterization gradient for non-differentiable models, NeurIPS 2018 (moving "
        "boundaries that pathwise gradients miss)",
        "H. J. T. Suh, M. Simchowitz, K. Zhang, R. Tedrake, Do differentiable simulators give better policy gradients? "
        "ICML 2022 (first-order estimates are biased by discontinuities)",
        "H. Flanders, Differentiation under the integral sign, Amer. Math. Monthly 80, 1973",
    ),
    covers=("continuum.widths.interval", "continuum.hypergrad.unrolled"),
    document="n2_5_relu.md",
)
