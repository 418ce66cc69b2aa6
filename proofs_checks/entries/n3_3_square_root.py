"""Of all masks under Euclidean decay only the square root makes a neuron the sum of its parts."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor

from continuum.widths import Geometry, Interval, gamma_derivative
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.readout import Readout, one_sided

UNITS = 3
Mask = tuple[float, Geometry]


def derive() -> list[Derivation]:
    """Two copies of a neuron act as one with the sum of the psi; for powers additivity leaves p = 1/2 alone."""
    return [_copies(), _power(), _ends()]


def _copies() -> Derivation:
    first, v = sp.symbols("W_1 v", real=True)
    lam, a, b = sp.symbols("lambda phi_a phi_b", positive=True)
    second = (v - a * first) / b  # what is left of v = phi_a W_1 + phi_b W_2
    chain = Derivation("penalty on two copies", lam / 2 * (first**2 + second**2))
    chain = chain.apply(
        lambda e: e.subs(first, sp.solve(sp.diff(e, first), first)[0]),
        lam * v**2 / (2 * (a**2 + b**2)),
        "minimise over the split",
    )
    wrong = {"masks add": lam * v**2 / (2 * (a + b) ** 2), "half": lam * v**2 / (4 * (a**2 + b**2))}
    return chain.claims(lam / 2 * v**2 / (a**2 + b**2), wrong)


def _power() -> Derivation:
    a, p = sp.symbols("a p", positive=True)
    chain = Derivation("psi(2a) - 2 psi(a)", (2 * a) ** (2 * p) - 2 * a ** (2 * p))
    chain = chain.rewrite(a ** (2 * p) * (4**p - 2), "for psi = a^2p")
    chain = chain.apply(lambda e: sp.solve(sp.Eq(4**p, 2), p)[0], sp.Rational(1, 2), "zero for all a only at")
    return chain.claims(sp.Rational(1, 2), {"linear mask": sp.Integer(1), "1/4": sp.Rational(1, 4)})


def _ends() -> Derivation:
    """Concave with slope s at both ends: psi(a) <= s a and 1 - psi(a) >= s (1 - a), and the chord psi(a) >= a."""
    a, s = sp.symbols("a s", positive=True)
    chain = Derivation("upper bounds of psi: tangents at 0 and at 1", [s * a, 1 - s * (1 - a)])
    chain = chain.apply(
        lambda e: [e[0].subs(a, 1) - 1, e[1].subs(a, 0)],
        [s - 1, 1 - s],
        "each must be >= 0 at the far end, where psi is 1 and 0",
        test=_lists,
    )
    chain = chain.apply(lambda e: sp.solve(e, s)[s], sp.Integer(1), "so s = 1, psi <= a, and the chord gives psi >= a")
    return chain.claims(sp.Integer(1), {"2": sp.Integer(2)})


def _lists(left: list[sp.Expr], right: list[sp.Expr]) -> bool:
    return [sp.expand(x - y) for x, y in zip(left, right, strict=True)] == [0] * len(right)


def refined(readout: Readout, copies: int) -> Readout:
    """Every neuron as r copies on tiles of length 1/r: features over sqrt(r), so that whole layers are equal."""
    return readout.with_features(readout.features.repeat_interleave(copies, 1) / math.sqrt(copies))


def by_refinement(formula: Mask, readout: Readout, gamma: float, copies: int) -> None:
    """V at gamma, and V of the refined layer at r gamma."""
    fine = refined(readout, copies)
    torch.testing.assert_close(fine.at(copies * gamma, *formula), readout.at(gamma, *formula), rtol=1e-10, atol=1e-11)


def by_kink(formula: float, readout: Readout, k: int) -> None:
    """Slopes on both sides of the integer between two identical neurons; the left one is the shipped closed form."""
    features = readout.features.clone()
    features[:, k] = features[:, k - 1]
    twins = readout.with_features(features)
    width = Interval(UNITS, float(k), formula)
    best = twins.optimum(width.gates())
    assume(float(twins.pull(width.gates())[k].square().sum()) > 1e-2)
    left = gamma_derivative(width, twins.features, best.weights, best.output_gradient, "left")
    right = one_sided(lambda gamma: twins.at(gamma, formula), float(k), 1e-5)
    torch.testing.assert_close(right, left, rtol=1e-4, atol=1e-6)


def bent() -> dict[str, float]:
    """psi = a + sin(2 pi a)/4 pi: increasing, slopes at both ends 3/2, and not a."""
    psi: Callable[[float], float] = lambda a: a + math.sin(2 * math.pi * a) / (4 * math.pi)  # noqa: E731
    step = 1e-6
    return {
        "slope at 0": round((psi(step) - psi(0)) / step, 6),
        "slope at 1": round((psi(1) - psi(1 - step)) / step, 6),
        "psi(1/4)": round(psi(0.25), 4),
    }


def _slope(problem: Readout, step: float) -> Tensor:
    return one_sided(lambda gamma: problem.at(gamma, 0.5), 1.0, step)


def drawn() -> dict[str, float]:
    """Mean slopes at gamma = 1 over two neurons that are 1 or 2, independently, with t = lam = 1 and the root mask."""
    pairs = [(a, b) for a in (1.0, 2.0) for b in (1.0, 2.0)]
    problems = [Readout(torch.tensor([pair]), torch.ones(1, 1), 1.0) for pair in pairs]
    slopes = [[_slope(problem, step) for step in (-1e-4, 1e-4)] for problem in problems]
    left, right = torch.tensor(slopes).mean(0).tolist()
    return {"left": left, "right": right}


ROOT: Mask = (0.5, "euclidean")

IDENTITY = Identity(
    id="N3.3",
    title="uniqueness of the square root among masks",
    source="here",
    place="for masks under Euclidean weight decay, fixed features and optimised outgoing weights",
    printed=r"""$\psi(a) = a$, that is $\phi = \sqrt{a}$""",
    precise=r"""Setting of N3.1, so masks $\phi$ under plain weight decay $\frac{\lambda}{2} \sum_i |W_i|^2$; $\psi =
\phi^2: [0,1] \to [0,\infty)$ with $\psi(0) = 0$, $\psi(1) = 1$. Each of these conditions holds iff $\psi(a) = a$ for
all $a$:

(i) *Refinement invariance.* For all $a, b \geq 0$ with $a + b \leq 1$: two neurons with the same feature and the
grades $a$, $b$ have the optimised loss of one with the grade $a + b$. It is enough to ask it for one problem in
which that neuron can lower the loss ($G \ne 0$ without it). No regularity of $\psi$ is assumed.

(ii) *No kink between identical neurons, and convexity.* $\psi$ is concave, and $V(\gamma)$ is differentiable at an
integer between two neurons with the same feature, where $G_k \ne 0$: that is $\psi'(0^+) = \psi'(1^-)$, both
one-sided *difference quotients*.

Then the kernel $K(\gamma) = \sum_i \psi(g_i)\, y_i y_i^\top$ is affine in $\gamma$ on every tile. Neither concavity
nor *identical* can be dropped in (ii), nor may $\psi'(0^+)$ be read as a limit of derivatives.

This singles out the square root among *masks, for this decay*. Linear gates are just as blind to refinement with any
convex decay that is integrated over $E$, and for plain decay to the power $q$ the mask is $a^{1-1/q}$: N3.9.""",
    verdict=Verdict.HOLDS,
    proof=r"""By N3.1(a) copies of one feature enter by the sum of their $\psi$. $V$ falls strictly in that sum $s$
if $G \ne 0$ at $s = 0$: its slope is $-|\langle u^*, y\rangle|^2/2\lambda$, and if that vanished at some $s > 0$,
the neuron would have $W^* = 0$, the same $z^*$ and $u^*$ would be optimal at $s = 0$, so $G = 0$. Hence (i) says
$\psi(a+b) = \psi(a) + \psi(b)$. As $\psi \geq 0$ this makes $\psi$ monotone, so linear (Cauchy). (ii) By N3.1(c)
the slopes at the integer are $-\psi'(1^-)|G|^2/2\lambda$ and $-\psi'(0^+)|G|^2/2\lambda$ with the same $G$. If both
quotients are $s$, concavity gives $\psi(a) \leq sa$ and $1-\psi(a) \geq s(1-a)$; at $a = 1$ and at $a = 0$ they
give $s \geq 1$ and $s \leq 1$. So $\psi(a) \leq a$, and the chord gives $\psi(a) \geq a$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="a layer and its refinement",
            check=by_refinement,
            claim=ROOT,
            wrong={
                "linear": (1.0, "euclidean"),
                "a^0.55": (0.55, "euclidean"),
                "a^0.25": (0.25, "euclidean"),
                "root and L2(E)": (0.5, "l2"),
            },
            given={
                "readout": strategies.readouts(UNITS),
                "gamma": strategies.interior(UNITS, 1 / 16),
                "copies": st.integers(2, 4),
            },
            examples=15,
        ),
        Witness(
            name="linear gates in L2(E): refinement too",
            check=by_refinement,
            claim=(1.0, "l2"),
            wrong={"euclidean": (1.0, "euclidean"), "squared gates": (2.0, "l2")},
            given={
                "readout": strategies.readouts(UNITS),
                "gamma": strategies.interior(UNITS, 1 / 16),
                "copies": st.integers(2, 4),
            },
            examples=15,
        ),
        Witness(
            name="slopes between identical neurons",
            check=by_kink,
            claim=0.5,
            wrong={"linear": 1.0, "0.6": 0.6, "0.4": 0.4},
            given={"readout": strategies.readouts(UNITS), "k": st.integers(1, UNITS - 1)},
            examples=15,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Equal end slopes are not enough: $\psi(a) = a + \sin(2\pi a)/4\pi$ increases
($\psi' \geq 1/2$), has slope $1.5$ at both ends, and $\psi(1/4) = 0.3296$. It is not concave. Nor may the slope at
0 be a limit of derivatives: $\psi(0) = 0$, $\psi(a) = (1+a)/2$ for $a > 0$ is concave, and its derivative tends to
$1/2$ at both ends.""",
            numbers={"slope at 0": 1.5, "slope at 1": 1.5, "psi(1/4)": 0.3296},
            compute=bent,
            tolerance=5e-5,
        ),
        Counterexample(
            text=r"""Neurons that are merely drawn from the same law have a kink, even on average: the one that is
in has been fitted. One row, $t = \lambda = 1$, squared loss, $\psi = a$, features independently 1 or 2 with
probability $1/2$: $u^* = -\frac{1}{1+y_0^2}$, so at $\gamma = 1$ the mean slopes are
$-\frac{1}{2} \cdot \frac{1}{2} (\frac{1}{4} + \frac{4}{25}) = -0.1025$ on the left and $-\frac{1}{2} \cdot
\frac{5}{2} \cdot \frac{1}{2}(\frac{1}{4} + \frac{1}{25}) = -0.18125$ on the right.""",
            numbers={"left": -0.1025, "right": -0.18125},
            compute=drawn,
            tolerance=1e-7,
        ),
    ),
    references=(
        "J. Aczel, Lectures on Functional Equations and Their Applications, 1966, section 2.1 (Cauchy's equation)",
        "F. Bach, Breaking the curse of dimensionality with convex neural networks, JMLR 18, 2017 (measures)",
    ),
    covers=(
        "continuum.widths.interval",
        "continuum.widths.penalty.geometry",
        "continuum.widths.power",
        "continuum.widths.derivative",
    ),
    document="n3_3_square_root.md",
)
