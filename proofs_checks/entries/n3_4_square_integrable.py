"""Linear gates with the norm of L2(E) have the optimum of root gates, and with its gradient their whole training."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Geometry, Interval, gamma_derivative
from proofs_checks import one_unit, strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.readout import Readout, difference, one_sided

UNITS = 4
RATE, STEPS = 0.1, 6
Pair = Callable[[float], float]


def derive() -> list[Derivation]:
    """The change of variable, the slope of loss and penalty together, and one step of training."""
    return [_ratio(), _slope(), _step()]


def _ratio() -> Derivation:
    weight, v = sp.symbols("W v", real=True)
    lam, mask, weighs = sp.symbols("lambda m p", positive=True)
    chain = Derivation("penalty p |W|^2 behind a mask m", lam / 2 * weighs * weight**2)
    chain = chain.apply(
        lambda e: e.subs(weight, v / mask), lam * weighs * v**2 / (2 * mask**2), "effective weight v = m W"
    )
    chain = chain.apply(lambda e: e.subs(weighs, mask), lam * v**2 / (2 * mask), "L2(E): p = m")
    root = sp.sqrt(mask)
    wrong = {
        "linear and Euclidean": lam / 2 * (v / mask) ** 2,
        "fourth root": lam / 2 * (v / mask ** sp.Rational(1, 4)) ** 2,
    }
    return chain.claims(lam / 2 * (v / root) ** 2, wrong)


def _slope() -> Derivation:
    weight, pull, a = sp.symbols("W G a", real=True)
    lam = sp.Symbol("lambda", positive=True)
    chain = Derivation("loss and penalty of the edge neuron", a * pull * weight + a * lam / 2 * weight**2)
    chain = chain.apply(lambda e: sp.diff(e, a), pull * weight + lam * weight**2 / 2, "partial derivative in gamma")
    chain = chain.apply(
        lambda e: e.subs(weight, sp.solve(sp.diff(e, weight), weight)[0]),
        -(pull**2) / (2 * lam),
        "at the optimal density W = -G/lam, which does not depend on a",
    )
    wrong = {"loss alone": -(pull**2) / lam, "half is lost": -lam * (pull / lam) ** 2}
    return chain.claims(-lam / 2 * (-pull / lam) ** 2, wrong)


def _step() -> Derivation:
    weight, pull = sp.symbols("W G", real=True)
    a, lam, rate = sp.symbols("a lambda alpha", positive=True)
    chain = Derivation("gradient step, L2(E)", weight - rate / a * (a * pull + lam * a * weight))
    chain = chain.apply(
        lambda e: sp.sqrt(a) * e,
        sp.sqrt(a) * weight * (1 - rate * lam) - rate * sp.sqrt(a) * pull,
        "rate alpha/a, times sqrt(a)",
    )
    root = sp.Symbol("R", real=True)  # weight behind a root gate
    chain = chain.rewrite(
        (root - rate * (sp.sqrt(a) * pull + lam * root)).subs(root, sp.sqrt(a) * weight),
        "the plain step at R = sqrt(a) W",
    )
    wrong = {
        "rate alpha": sp.sqrt(a) * (weight - rate * a * (pull + lam * weight)),
        "no decay": sp.sqrt(a) * (weight - rate * pull),
    }
    return chain.claims(sp.sqrt(a) * (weight - rate * pull - rate * lam * weight), wrong)


def by_optima(formula: Pair, readout: Readout, gamma: float, exponent: float) -> None:
    """V of the gates a^p in L2(E), and V of the Euclidean gates that the formula names; the weights too."""
    flat = Interval(UNITS, gamma, exponent).gates().detach()
    other = Interval(UNITS, gamma, formula(exponent)).gates().detach()
    dense, plain = readout.optimum(flat, "l2"), readout.optimum(other)
    assert_close(dense.value, plain.value, rtol=1e-11, atol=1e-12)
    assert_close(flat.sqrt()[:, None] * dense.weights, plain.weights, rtol=1e-7, atol=1e-8)


Slope = Callable[[float, Tensor], Tensor]


def by_slopes(formula: Slope, readout: Readout, gamma: float) -> None:
    """Differences of V, and loss and penalty at frozen weights, against the formula in the density W(gamma)."""
    width = Interval(UNITS, gamma)
    k, best = int(width.edge("right")), readout.optimum(width.gates(), "l2")
    expected = formula(readout.decay, best.weights[k])
    loss = gamma_derivative(width, readout.features, best.weights, best.output_gradient)
    penalty = readout.decay / 2 * (width.slope() * best.weights.square().sum(-1)).sum()
    assert_close(loss + penalty, expected, rtol=1e-8, atol=1e-8)
    measured = difference(lambda g: readout.at(g, geometry="l2"), gamma)
    assert_close(measured, expected, rtol=1e-5, atol=1e-6)


def at_an_integer(formula: Slope, readout: Readout, k: int) -> None:
    """On the right of k the density of the neuron about to be born is -G_k/lam, and V has the same slope."""
    density = -readout.pull(Interval(UNITS, float(k)).gates())[k] / readout.decay
    measured = one_sided(lambda g: readout.at(g, geometry="l2"), float(k), 1e-3)
    assert_close(measured, formula(readout.decay, density), rtol=1e-4, atol=1e-5)


def trained(readout: Readout, start: Tensor, gates: Tensor, geometry: Geometry, rates: Tensor) -> Tensor:
    """Effective weights after some steps of gradient descent, by autograd through the shipped norm."""
    weights = start
    for _ in range(STEPS):
        leaf = weights.detach().requires_grad_()
        (slope,) = torch.autograd.grad(readout.objective(leaf, gates, geometry), leaf)
        weights = (leaf - rates[:, None] * slope).detach()
    return gates[:, None] * weights


def by_training(formula: Callable[[Tensor], Tensor], readout: Readout, gamma: float, start: Tensor) -> None:
    """Root gates with plain steps from sqrt(m) W_0, and linear gates in L2(E) with the formula's rates from W_0."""
    gates = Interval(UNITS, gamma).gates().detach()
    root = Interval(UNITS, gamma, 0.5).gates().detach()
    start = start[:, : readout.targets.shape[1]]
    plain = trained(readout, root[:, None] * start, root, "euclidean", torch.full((UNITS,), RATE))
    dense = trained(readout, start, gates, "l2", formula(gates))
    assert_close(dense, plain, rtol=1e-10, atol=1e-11)


def first_step() -> dict[str, float]:
    """y = t = lam = 1, half the squared error, a = 0.01, one step of rate 0.1 from W = 0: the effective weight."""
    one = Readout(torch.ones(1, 1), torch.ones(1, 1), 1.0)
    figures = {}
    for name, exponent, geometry, rate in (
        ("linear, L2(E)", 1.0, "l2", RATE),
        ("root", 0.5, "euclidean", RATE),
        ("linear, L2(E), rate over a", 1.0, "l2", RATE / 0.01),
    ):
        gates = Interval(1, 0.01, exponent).gates().detach()
        leaf = torch.zeros(1, 1, requires_grad=True)
        (slope,) = torch.autograd.grad(one.objective(leaf, gates, geometry), leaf)  # type: ignore[arg-type]
        figures[name] = float(-gates * rate * slope.squeeze())
    return figures


GAMMA = strategies.interior(UNITS, 1 / 16)

IDENTITY = Identity(
    id="N3.4",
    title="the norm of L2(E)",
    source="here",
    place="for fixed features; in DFM, section 1.7, the layer is an element of L1(E(gamma))",
    printed=r"""$\frac{dV}{d\gamma} = -\frac{\lambda}{2}\, |W^*(\gamma)|^2$""",
    precise=r"""Setting of N3.1. Penalise the weights of a layer with gates $m$ by $\frac{\lambda}{2} \int_E |W|^2
d\mu = \frac{\lambda}{2} \sum_i m_i |W_i|^2$, and call the optimum $V_2$.

(i) *Optima.* $V_2$ with gates $m$ is $V$ with gates $\sqrt{m}$ and plain weight decay, with optimal weights
$\sqrt{m_i}\, W_i$. In general a mask $m(a)$ and a penalty weight $p(a) > 0$ enter by $m^2/p$ alone.

(ii) *Fields.* For $y \in L^2([0,N]; \mathbb{R}^n)$ and $W \in L^2([0,\gamma])$ in $F\left(\int_0^\gamma
yW\,du\right) + \frac{\lambda}{2} \int_0^\gamma |W|^2 du$: the optimum is absolutely continuous in $\gamma$, and at
every Lebesgue point of $y y^\top$

$\frac{dV_2}{d\gamma} = -\frac{1}{2\lambda} |\langle u^*, y(\gamma)\rangle|^2 = -\frac{\lambda}{2} |W^*(\gamma)|^2$.

For neurons on tiles this holds off the integers, and one-sided at them, with the density $W_k^* \to -G_k/\lambda$
as $a \to 0$.

(iii) *Training.* (i) is about optima, not about gradient descent: with equal steps a weight behind a small gate
moves by $O(a^2)$ in L2(E) and by $O(a)$ behind a root gate. But gradient descent in the metric of L2(E), with rate
$\alpha/m_i$ for unit $i$, is step by step gradient descent with rate $\alpha$ behind root gates, if it starts at
$\sqrt{m_i}\, W_i$ there.

(iv) *Not the space of the source*, whose layer lies in L1(E). With the penalty $\lambda \int_E |W|\,d\mu$ and linear
gates the optimum is constant on $(k, k+1]$, and jumps at $k$ iff $|G_k| > \lambda$: no slope anywhere. What L2(E) adds
is that its penalty grows faster than $|W|$; every convex one that does so has a slope (N3.9).""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) With $v_i = m_i W_i$ the penalty is $\frac{\lambda}{2} p_i |v_i|^2/m_i^2$; where $m_i = 0$ the
neuron is absent in both. (ii) As in N3.1(a) the optimum is $\hat V(K) = \max_u -F^*(u) - \frac{1}{2\lambda}
\mathrm{tr}(u^\top K u)$ with $K(\gamma) = \int_0^\gamma y y^\top$; $\hat V$ is convex and $C^1$ on positive
semidefinite $K$ with derivative $-\frac{1}{2\lambda} u^* u^{*\top}$, and $K$ is absolutely continuous. The optimal
$W^*(u) = -\langle u^*, y(u)\rangle/\lambda$. (iii) $\sqrt{m}\left(W - \frac{\alpha}{m}(m G + \lambda m W)\right) =
R - \alpha(\sqrt{m} G + \lambda R)$ for $R = \sqrt{m} W$, and $G$ depends on $m W = \sqrt{m} R$ only. (iv) $\lambda\,
a|W| = \lambda|v|$ does not depend on $a > 0$; $v_k = 0$ is optimal with it iff $|G_k| \leq \lambda$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="optima and optimal weights",
            check=by_optima,
            claim=lambda exponent: exponent / 2,
            wrong={"the same gates": lambda p: p, "fourth root": lambda p: p / 4, "square": lambda p: 2 * p},
            given={
                "readout": strategies.readouts(UNITS),
                "gamma": GAMMA,
                "exponent": st.sampled_from([1.0, 0.5, 2.0]),
            },
            examples=20,
        ),
        Witness(
            name="slope inside a tile",
            check=by_slopes,
            claim=lambda decay, density: -decay / 2 * density.square().sum(),
            wrong={
                "loss without penalty": lambda decay, density: -decay * density.square().sum(),
                "no lambda": lambda decay, density: -density.square().sum() / 2,
                "sign": lambda decay, density: decay / 2 * density.square().sum(),
            },
            given={"readout": strategies.readouts(UNITS), "gamma": GAMMA},
            examples=20,
        ),
        Witness(
            name="slope on the right of an integer",
            check=at_an_integer,
            claim=lambda decay, density: -decay / 2 * density.square().sum(),
            wrong={
                "none": lambda decay, density: torch.zeros(()),
                "loss without penalty": lambda decay, density: -decay * density.square().sum(),
            },
            given={"readout": strategies.readouts(UNITS), "k": st.integers(0, UNITS - 1)},
            examples=15,
        ),
        Witness(
            name="training, step by step",
            check=by_training,
            claim=lambda gates: RATE / gates.where(gates > 0, torch.ones(())),
            wrong={
                "equal rates": lambda gates: torch.full_like(gates, RATE),
                "alpha/sqrt(a)": lambda gates: RATE / gates.where(gates > 0, torch.ones(())).sqrt(),
            },
            given={
                "readout": strategies.readouts(UNITS),
                "gamma": GAMMA,
                "start": strategies.tensors(UNITS, 2),
            },
            examples=15,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Equal optima, unequal training. One row, $y = t = \lambda = 1$, $F = \frac{1}{2}(z-t)^2$,
$a = 0.01$, one step of rate $0.1$ from $W = 0$: the effective weight becomes $\alpha a^2 = 10^{-5}$ for linear
gates in L2(E), $\alpha a = 10^{-3}$ for root gates, and $10^{-3}$ for linear gates with the rate $\alpha/a$.""",
            numbers={"linear, L2(E)": 1e-5, "root": 1e-3, "linear, L2(E), rate over a": 1e-3},
            compute=first_step,
            tolerance=1e-12,
        ),
        Counterexample(
            text=r"""The norm of the source's own space does not do it. L1(E), $\lambda = 1$, one row, $y = 1$, $F =
\frac{1}{2}(v - t)^2$: for $t = 2$ $V(0) = 2$ and $V(a) = 1.5$ for every $a > 0$; for $t = 1/2$ $V(a) = 0.125$
throughout.""",
            numbers={"V(0), t = 2": 2.0, "V(0.01), t = 2": 1.5, "V(1), t = 2": 1.5, "V(1), t = 1/2": 0.125},
            compute=one_unit.degenerate,
        ),
    ),
    references=(
        "Y. Grandvalet, S. Canu, Outcomes of the equivalence of adaptive ridge with least absolute shrinkage, "
        "NIPS 1998 (the same change of variable)",
        "F. Bach, R. Jenatton, J. Mairal, G. Obozinski, Optimization with sparsity-inducing penalties, 2012, section 5",
        "W. H. Guss, Towards a Continuous Hyperparameter Representation for Neural Networks, draft, 2017, section 1.7 "
        "(the layer, in L1)",
    ),
    covers=(
        "continuum.widths.penalty.geometry",
        "continuum.widths.interval",
        "continuum.widths.derivative",
        "continuum.widths.power",
    ),
    document="n3_4_square_integrable.md",
)
