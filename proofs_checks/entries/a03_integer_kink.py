"""At an integer the loss has two one-sided derivatives in gamma, and clamp returns their sum."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Interval, Side, gamma_derivative
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network

UNITS = 4
Formula = Callable[[Network, int, Side], Tensor]


def derive() -> list[Derivation]:
    """From the output on two neighbouring tiles to the ends of the Clarke interval."""
    base, before, after = sp.symbols("S_k c_{k-1} c_k", real=True)
    loss = sp.Function("F")
    move = sp.Symbol("delta", real=True)  # gamma = k + delta
    output = base + sp.Piecewise((move * before, move < 0), (move * after, True))
    slope = sp.diff(loss(base), base)

    def side(name: str, sign: int, c: sp.Symbol) -> Derivation:
        away = sp.Symbol("h", positive=True)
        chain = Derivation(f"{name} derivative", loss(output.subs(move, sign * away)))
        chain = chain.rewrite(loss(base + sign * away * c), "on this side only one of the two tiles changes")
        chain = chain.apply(lambda e: _at_zero(sp.diff(e, away), away) / sign, slope * c, "chain rule, then h -> 0")
        wrong = {"closed tiles count twice": slope * (before + after), "other side": slope * (before + after - c)}
        return chain.claims(c * slope, wrong)

    return [side("right", +1, after), side("left", -1, before)]


def _at_zero(expression: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    return expression.subs(symbol, 0).doit()


def one_sided(network: Network, k: int, side: Side) -> Tensor:
    """<F'(S_k), c_k> on the right, <F'(S_k), c_{k-1}> on the left."""
    gradient = network.output_gradient(Interval(network.units, float(k)).gates().detach())
    return (gradient * network.contributions()[k if side == "right" else k - 1]).sum()


def clamped(network: Network, k: int, side: Side) -> Tensor:
    """What autograd through torch.clamp returns at an integer: both sides together."""
    return one_sided(network, k, "left") + one_sided(network, k, "right")


def swapped(network: Network, k: int, side: Side) -> Tensor:
    """The neighbour on the wrong side."""
    return one_sided(network, k, "left" if side == "right" else "right")


def by_autograd(formula: Formula, network: Network, k: int, side: Side) -> None:
    """Autograd through the shipped gates, and the shipped closed form, against the formula."""
    width = Interval(network.units, float(k), side=side)
    (slope,) = torch.autograd.grad(network.loss(width.gates()), width.gamma)
    gradient = network.output_gradient(width.gates().detach())
    closed = gamma_derivative(width, network.activations(), network.outgoing, gradient, side)
    expected = formula(network, k, side)
    assert_close(slope, expected, rtol=1e-12, atol=1e-13)
    assert_close(closed, expected, rtol=1e-12, atol=1e-13)


def by_differences(formula: Formula, network: Network, k: int, side: Side) -> None:
    """Richardson-extrapolated one-sided differences of the loss over gates of the neighbouring widths."""
    step = (1 if side == "right" else -1) * 1e-4
    first, second, third = (network.loss(Interval(network.units, k + j * step).gates()).detach() for j in range(3))
    difference = (-3 * first + 4 * second - third) / (2 * step)
    assert_close(difference, formula(network, k, side), rtol=1e-5, atol=1e-6)


GIVEN = {
    "network": strategies.networks(UNITS),
    "k": st.integers(1, UNITS - 1),
    "side": st.sampled_from(["right", "left"]),
}
WRONG = {"autograd through clamp": clamped, "the other side": swapped}


def example() -> dict[str, float]:
    """F(z) = z, one input with activation 1, contributions 1, 0.5, 1."""
    network = Network(
        inputs=torch.ones(1, 1),
        incoming=torch.ones(1, 3),
        outgoing=torch.tensor([[1.0], [0.5], [1.0]]),
        targets=torch.zeros(1, 1),
        activation=torch.relu,
        criterion=lambda output, _: output.sum(),
    )
    gamma = torch.tensor(2.0, requires_grad=True)
    (clamp,) = torch.autograd.grad(network.loss((gamma - torch.arange(3.0)).clamp(0, 1)), gamma)
    values = {"left": one_sided(network, 2, "left"), "right": one_sided(network, 2, "right"), "clamp": clamp}
    return {name: float(value) for name, value in values.items()}


IDENTITY = Identity(
    id="A03",
    title="two one-sided derivatives at an integer",
    source="DFM",
    place="section 1.7, display, read for all gamma, integers among them, as it excepts none",
    printed=r"""$\frac{\partial F}{\partial\gamma} = \frac{dF}{dy^2} \cdot y^1_{\lfloor\gamma\rfloor}
W^1_{\lfloor\gamma\rfloor}$""",
    precise=r"""Let $F$ be differentiable, $k$ an integer with $0 < k < N$, and $S_k = \sum_{j<k} c_j$ with $c_j =
y_j W_j$. The loss $\ell(\gamma) = F(y_2(\gamma))$ has the left derivative $\langle F'(S_k), c_{k-1}\rangle$ and the
right derivative $\langle F'(S_k), c_k\rangle$ at $\gamma = k$. It is differentiable there iff they are equal. If
$F$ is $C^1$, the Clarke subdifferential is the closed interval between them. The printed formula is the right
derivative.""",
    verdict=Verdict.CORRECTED,
    proof=r"""On $[k, k+1]$ the output is $S_k + (\gamma-k)c_k$, on $[k-1, k]$ it is $S_k + (\gamma-k)c_{k-1}$: both
are affine in $\gamma$ and equal at $k$. The chain rule on each side gives the two values. For $F$ in $C^1$ the
gradient off the integers is continuous up to $k$ from either side, so the Clarke subdifferential, the convex hull
of its limits, is the interval between the two.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped gates and closed form against the one-sided formula",
            check=by_autograd,
            claim=one_sided,
            wrong=WRONG,
            given=GIVEN,
        ),
        Witness(name="one-sided differences", check=by_differences, claim=one_sided, wrong=WRONG, given=GIVEN),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$F(z) = z$ and contributions $c = (1, 0.5, 1)$ at $\gamma = 2$: left derivative $0.5$, right
derivative $1$, so that no single value serves. Autograd through a clamp of $\gamma - i$ to $[0, 1]$, which passes
gradient 1 at both ends, returns $1.5$, outside the Clarke subdifferential $[0.5, 1]$.""",
            numbers={"left": 0.5, "right": 1.0, "clamp": 1.5},
            compute=example,
        ),
    ),
    references=("F. H. Clarke, Optimization and Nonsmooth Analysis, 1983, section 2.5",),
    covers=("continuum.widths.interval", "continuum.widths.derivative"),
)
