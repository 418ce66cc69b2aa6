"""The central question of the source, and how far it is answered here."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Geometry, Interval, gamma_derivative
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.readout import Readout, one_sided

UNITS = 3
Case = tuple[float, Geometry]  # exponent of the gate, and norm


def derive() -> list[Derivation]:
    """One unit of feature y on one row: the optimum over its weight, its slope at birth for each gate, and the gain."""
    w, y, t = sp.symbols("W y t", real=True, nonzero=True)
    lam, a, p = sp.symbols("lambda a p", positive=True)
    loss = (a**p * w * y - t) ** 2 / 2 + lam * w**2 / 2
    optimum = Derivation("optimum behind a gate a^p", loss.subs(w, sp.solve(sp.diff(loss, w), w)[0]))
    optimum = optimum.rewrite(lam * t**2 / (2 * (lam + a ** (2 * p) * y**2)), "over W")
    pull = -y * t  # G = F' y at S = 0
    chains = []
    for power, slope in ((1, sp.Integer(0)), (sp.Rational(1, 2), -(pull**2) / (2 * lam))):
        born = Derivation(f"slope at birth, p = {power}", optimum.value.subs(p, power))
        born = born.apply(lambda e: sp.limit(sp.diff(e, a), a, 0), slope, "from the right")
        wrong = {"the other gate": -(pull**2) / (2 * lam) - slope, "no half": 2 * slope - pull**2}
        chains.append(born.claims(slope, wrong))
    gain = Derivation("gain of the whole unit", optimum.value.subs(a, 0) - optimum.value.subs(a, 1))
    gain = gain.rewrite(pull**2 / (2 * (lam + y**2)), "the slope of the root gate over 1 + y^2 / lambda")
    fresh = Derivation("immediate slope of a linear gate", sp.diff((a * w * y - t) ** 2 / 2, a).subs(a, 0))
    fresh = fresh.rewrite(w * pull, "a coin: its sign is that of the fresh weight, or the other")
    return [
        *chains,
        gain.claims(pull**2 / (2 * (lam + y**2)), {"the slope itself": pull**2 / (2 * lam)}),
        fresh.claims(w * pull, {"capacity": -(pull**2) / (2 * lam)}),
    ]


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


def answer(decay: float, pull: Tensor, fresh: float, case: Case) -> tuple[Tensor, Tensor]:
    """Slope of the optimum, and immediate slope of a linear gate at the fresh weight."""
    silent = case == (1.0, "euclidean")
    return -pull.square() / (2 * decay) * (not silent), fresh * pull


def seen_by_all(decay: float, pull: Tensor, fresh: float, case: Case) -> tuple[Tensor, Tensor]:
    """-|G|^2 / 2 lambda for every gate and norm."""
    return -pull.square() / (2 * decay), fresh * pull


def seen_by_none(decay: float, pull: Tensor, fresh: float, case: Case) -> tuple[Tensor, Tensor]:
    """0 for every gate and norm."""
    return 0 * pull, fresh * pull


def immediate_knows(decay: float, pull: Tensor, fresh: float, case: Case) -> tuple[Tensor, Tensor]:
    """As if accuracy and capacity were one: an immediate slope that is never positive."""
    return answer(decay, pull, fresh, case)[0], -(fresh * pull).abs()


def at_birth(formula: Callable[..., tuple[Tensor, Tensor]], readout: Readout, fresh: float, k: int, case: Case) -> None:
    """Differences of the optimum on the right of k; the immediate slope there with a fresh weight for unit k."""
    exponent, geometry = case
    best = readout.optimum(Interval(UNITS, float(k)).gates())
    pull = (readout.features[:, k] @ best.output_gradient).squeeze()
    optimal, immediate = formula(readout.decay, pull, fresh, case)
    measured = one_sided(lambda gamma: readout.at(gamma, exponent, geometry), float(k), 1e-4)
    assert_close(measured, optimal, rtol=1e-3, atol=2e-5)
    weights = best.weights.clone()
    weights[k] = fresh
    slope = gamma_derivative(Interval(UNITS, float(k)), readout.features, weights, best.output_gradient)
    assert_close(slope, immediate, rtol=1e-10, atol=1e-12)


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
weight decay): no. The immediate slope at an integer is a fair coin, whatever the task (N1); the slope of the loss
after training, in the mean over mirrored starts and for optimisers whose step is proportional to the gradient, is 0
there as well (N2); that of the loss optimised over the outgoing weights is 0 (N3). With a gate whose square is linear
in $a$, or equivalently with the norm of $L^2(E(\gamma))$ on those weights, the slope of the optimised loss is
$-|G_k|^2/2\lambda$ and does measure what the unit can contribute (N3); so do other norms of the layer, but not that of
$L^1(E)$ (A30, N3.9). Scale-free steps, such as those of Adam, see capacity at the integers after all (N2.6). Grades
that share a sum are in this geometry a norm of real capacity, the k-support norm (N6); sampled grades add a variance
that is held against fresh units (N4). Open: networks whose hidden layers are trained jointly, with and without a price,
beyond the solved cases: there the geometry of the gate need not decide.""",
    verdict=Verdict.OPEN,
    proof=r"""See N1 (coin, pinning), N2 (capacity loss), N3 (which gate carries a signal), N4 (sampled grades) and
N6 (k-support norm), each with its assumptions. The example below shows that no answer holds for every gate: it is
the smallest case of N3.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="slopes of the optimum and of the loss at an integer, shipped gates and norms",
            check=at_birth,
            claim=answer,
            wrong={
                "capacity with any gate": seen_by_all,
                "capacity with none": seen_by_none,
                "the immediate slope knows": immediate_knows,
            },
            given={
                "readout": strategies.readouts(UNITS, outputs=1),
                "fresh": strategies.signed(strategies.numbers(0.25, 2)),
                "k": st.integers(0, UNITS - 1),
                "case": st.sampled_from([(1.0, "euclidean"), (0.5, "euclidean"), (1.0, "l2")]),
            },
            examples=18,
        ),
    ),
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
    covers=("continuum.widths.interval", "continuum.widths.derivative", "continuum.widths.penalty.geometry"),
)
