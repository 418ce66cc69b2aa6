"""The loss is smooth in gamma at an integer iff both neighbours contribute equally, to first order."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Interval, Side, gamma_derivative
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network

UNITS = 4
Gap = Callable[[Tensor, Tensor, Tensor], Tensor]
Balance = Callable[[Tensor, Tensor, Tensor], Tensor]


def derive() -> list[Derivation]:
    """Right minus left derivative of F(S + delta c) for two outputs, and the factor that makes it vanish."""
    step = sp.Symbol("h", positive=True)
    base, before, after, slope = (sp.Matrix(sp.symbols(f"{name}_1:3", real=True)) for name in ("S", "b", "c", "F"))
    loss = sp.Function("F")
    gradient = {sp.diff(loss(*base), base[i]): slope[i] for i in range(2)}

    def one_sided(sign: int, contribution: sp.Matrix) -> sp.Expr:
        # first-order expansion in the step, by the chain rule at step 0
        value = loss(*(base + sign * step * contribution))
        return (sp.diff(value, step) / sign).subs(step, 0).doit().subs(gradient)

    chain = Derivation("right minus left", one_sided(+1, after) - one_sided(-1, before))
    gap = slope.dot(after - before)
    chain = chain.rewrite(gap, "both by the chain rule")
    chain = chain.claims(gap, {"norm of the difference": (after - before).norm(), "sum": slope.dot(after + before)})
    factor = sp.Symbol("s", real=True)
    scaled = Derivation("gap with c_k scaled by s", slope.dot(factor * after - before))
    claim = slope.dot(before) / slope.dot(after)
    scaled = scaled.apply(lambda e: sp.solve(e, factor)[0], claim, "solve for s")
    return [chain, scaled.claims(claim, {"ratio of sizes": before.norm() / after.norm()})]


def gap(gradient: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """<F'(S_k), c_k - c_{k-1}>."""
    return (gradient * (after - before)).sum()


def one_sided(network: Network, k: int) -> tuple[Tensor, Tensor]:
    """Left and right derivative by autograd through the shipped gates; the shipped closed form must agree."""
    sides: list[Side] = ["left", "right"]
    slopes = []
    for side in sides:
        width = Interval(UNITS, float(k), side=side)
        (slope,) = torch.autograd.grad(network.loss(width.gates()), width.gamma)
        gradient = network.output_gradient(width.gates().detach())
        closed = gamma_derivative(width, network.activations(), network.outgoing, gradient, side)
        assert_close(slope, closed.detach(), rtol=1e-12, atol=1e-13)
        slopes.append(slope)
    return slopes[0], slopes[1]


def pieces(network: Network, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """F'(S_k), c_{k-1} and c_k."""
    gradient = network.output_gradient(Interval(UNITS, float(k)).gates().detach())
    contributions = network.contributions()
    return gradient, contributions[k - 1], contributions[k]


def jump(formula: Gap, network: Network, k: int) -> None:
    """Right minus left derivative at an integer."""
    left, right = one_sided(network, k)
    assert_close(right - left, formula(*pieces(network, k)), rtol=1e-12, atol=1e-13)


def balance(gradient: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """The factor of W_k with which the loss becomes differentiable at k."""
    return (gradient * before).sum() / (gradient * after).sum()


def balanced(formula: Balance, network: Network, k: int) -> None:
    """With W_k scaled so, both derivatives agree although the neighbours differ: autograd and differences."""
    gradient, before, after = pieces(network, k)
    assume((gradient * after).sum().abs() > 0.05 and (before - after).norm() > 0.05)
    assume((gradient * before).sum().abs() > 0.01)
    factors = torch.ones(UNITS, 1)
    factors[k] = formula(gradient, before, after)
    scaled = network.with_outgoing(network.outgoing * factors)
    left, right = one_sided(scaled, k)
    assert_close(left, right, rtol=1e-9, atol=1e-12)
    step = 1e-5
    here, back, forth = (scaled.loss(Interval(UNITS, k + move).gates()).detach() for move in (0.0, -step, step))
    assert_close((here - back) / step, (forth - here) / step, rtol=0, atol=1e-3 * (1 + factors[k].item() ** 2))


def example() -> dict[str, float]:
    """Two outputs, F = half the squared distance to (1, 0), S_1 = c_0, and c_1 as different as (1, 5) from (1, 0)."""
    network = Network(
        inputs=torch.ones(1, 1),
        incoming=torch.ones(1, 2),
        outgoing=torch.tensor([[3.0, 0.0], [3.0, 5.0]]),
        targets=torch.tensor([[1.0, 0.0]]),
        activation=torch.relu,
    )
    derivatives = [
        torch.autograd.grad(network.loss(width.gates()), width.gamma)[0].item()
        for width in (Interval(2, 1.0, side="left"), Interval(2, 1.0, side="right"))
    ]
    near = network.with_outgoing(torch.tensor([[3.0, 0.0], [2.9, 0.0]]))
    width = Interval(2, 1.0)
    (right,) = torch.autograd.grad(near.loss(width.gates()), width.gamma)
    return {"left": derivatives[0], "right": derivatives[1], "right, similar neighbour": right.item()}


IDENTITY = Identity(
    id="A21",
    title="adjacent neurons with similar values",
    source="DFM",
    place="section 1.7, footnote 6",
    printed=r"""Local search on $E(\gamma)$ at any one place assumes that adjacent neurons have similar values.""",
    precise=r"""Let $F$ be differentiable, $0 < k < N$ an integer, $c_j = y_j W_j$ and $S_k = \sum_{j<k} c_j$. The
loss $\gamma \mapsto F(y_2(\gamma))$ of the interval law is differentiable at $k$ iff
$\langle F'(S_k), c_{k-1}\rangle = \langle F'(S_k), c_k\rangle$,
and otherwise the derivative jumps by $\langle F'(S_k), c_k - c_{k-1}\rangle$, at most $\|F'\| \|c_k - c_{k-1}\|$:
the derivative on one side is the closer to that on the other the more similar the neighbours are. Equal neighbours
are sufficient, not necessary: only the components along $F'$ count.""",
    verdict=Verdict.HOLDS,
    proof=r"""By entry A03 the left and right derivatives at $k$ are the two sides of the equation; a function of
one variable with both one-sided derivatives is differentiable iff they agree. The bound is that of Cauchy and
Schwarz. $S_k$ does not contain $c_k$, so scaling $W_k$ by $\langle F', c_{k-1}\rangle/\langle F', c_k\rangle$
gives equality with any direction of $c_k$ that is not orthogonal to $F'$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="jump of the derivative at an integer",
            check=jump,
            claim=gap,
            wrong={
                "distance of the neighbours": lambda gradient, before, after: (after - before).norm(),
                "sum of the neighbours": lambda gradient, before, after: (gradient * (after + before)).sum(),
                "left minus right": lambda gradient, before, after: -gap(gradient, before, after),
                "no jump": lambda gradient, before, after: 0 * gradient.sum(),
            },
            given={"network": strategies.networks(UNITS), "k": st.integers(1, UNITS - 1)},
        ),
        Witness(
            name="differentiable with balanced, not with equal-sized neighbours",
            check=balanced,
            claim=balance,
            wrong={
                "equal sizes": lambda gradient, before, after: before.norm() / after.norm(),
                "the inverse ratio": lambda gradient, before, after: 1 / balance(gradient, before, after),
                "as it is": lambda gradient, before, after: torch.tensor(1.0),
            },
            given={"network": strategies.networks(UNITS), "k": st.integers(1, UNITS - 1)},
            examples=15,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Not necessary: $F = \frac{1}{2}|z - (1,0)|^2$, $c_0 = (3, 0)$, $c_1 = (3, 5)$. $F'(c_0) = (2,
0)$, so both derivatives at $\gamma = 1$ are $6$. Similar is not equal: $c_1 = (2.9, 0)$ has the right derivative
$5.8$.""",
            numbers={"left": 6.0, "right": 6.0, "right, similar neighbour": 5.8},
            compute=example,
        ),
    ),
    references=("F. H. Clarke, Optimization and Nonsmooth Analysis, 1983, section 2.5",),
    covers=("continuum.widths.interval", "continuum.widths.derivative"),
)
