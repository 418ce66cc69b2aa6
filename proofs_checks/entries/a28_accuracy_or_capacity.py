"""The central question of the source, and how far it is answered here."""

import torch

from continuum.widths import Interval
from proofs_checks.identity import Absent, Counterexample, Identity, Verdict


def optimised(gamma: float, exponent: float) -> float:
    """min over W of (m W - 1)^2 / 2 + W^2 / 2 for one unit of gate m: 1 / (2 (1 + m^2))."""
    gate = Interval(1, gamma, exponent).gates().detach()
    weight = gate / (1 + gate.square())
    return float(((gate * weight - 1).square() + weight.square()).sum() / 2)


def example() -> dict[str, float]:
    """One unit: what it is worth, the slope of that at birth, and the immediate slope at two fresh weights."""
    near = 1e-9
    figures = {"gain": optimised(0.0, 1.0) - optimised(1.0, 1.0)}
    for name, exponent in (("slope, gate a", 1.0), ("slope, gate root of a", 0.5)):
        figures[name] = (optimised(near, exponent) - optimised(0.0, exponent)) / near
    for weight in (0.1, -0.1):
        width = Interval(1, 0.0)
        loss = (width.gates() * weight - 1).square().sum() / 2
        figures[f"immediate slope at {weight}"] = float(torch.autograd.grad(loss, width.gamma)[0])
    return figures


IDENTITY = Identity(
    id="A28",
    title="accuracy or capacity",
    source="DFM",
    place="section 1.7, the question after the first display; again at its end",
    printed=r""""Is hyperparameter search a matter of immediate model accuracy or expected capacity for accuracy,
and in that distinction, does optimizing hyperparameters with respect to model accuracy coorespond to optimization
on model capacity and vice versa?" And of fuzzy grades: "Do these expectations some how code for capacity, or just
merely introduce noise into the process?".""",
    precise=r"""A question, not a claim. With the printed layer (gate $a = \gamma - k$ of the newest unit, Euclidean
weight decay): no. The immediate slope at an integer is a fair coin, whatever the task (N1); the slope of the
expected loss after training is 0 there as well, for optimisers whose step is proportional to the gradient (N2);
that of the loss optimised over the outgoing weights is 0 (N3). With a gate whose square is linear in $a$, or
equivalently with the norm of $L^2(E(\gamma))$ on those weights, the slope of the optimised loss is
$-|G_k|^2/2\lambda$ and does measure what the unit can contribute (N3). Grades that share a sum are in this geometry
a norm of real capacity, the k-support norm (N6); sampled grades add a variance that is held against fresh units
(N4). Open: networks whose hidden layers are trained jointly, with and without a price, beyond the solved cases; and
steps that are not proportional to the gradient, such as those of Adam.""",
    verdict=Verdict.OPEN,
    proof=r"""See N1 (coin, pinning), N2 (capacity loss), N3 (which gate carries a signal), N4 (sampled grades) and
N6 (k-support norm), each with its assumptions. The example below shows that no answer holds for every gate: it is
the smallest case of N3.""",
    symbolic=Absent("a question; what is proven of the answer is derived in the entries N1, N2, N3, N4 and N6"),
    witnesses=Absent("a question; what is proven of the answer is checked in the entries N1, N2, N3, N4 and N6"),
    counterexamples=(
        Counterexample(
            text=r"""One unit of activation 1, loss $\frac{1}{2}(mW - 1)^2 + \frac{1}{2}W^2$ for the gate $m$; over
$W$ its minimum is $1/(2(1+m^2))$, so the unit is worth $1/2 - 1/4 = 1/4$. At $\gamma = 0$ this minimum has slope
$0$ in $\gamma$ for the gate $m = \gamma$, and $-1/2$ for $m = \sqrt{\gamma}$. The immediate slope for $m = \gamma$
is $-W$: it is $-0.1$ at the fresh weight $0.1$ and $+0.1$ at $-0.1$, and says nothing of the $1/4$.""",
            numbers={
                "gain": 0.25,
                "slope, gate a": 0.0,
                "slope, gate root of a": -0.5,
                "immediate slope at 0.1": -0.1,
                "immediate slope at -0.1": 0.1,
            },
            compute=example,
            tolerance=1e-6,
        ),
    ),
)
