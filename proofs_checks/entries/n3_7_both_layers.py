"""Where the mask theorem ends: weight decay on both layers silences every mask at an integer."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Geometry, Interval, weight_decay
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.readout import Readout, one_sided

UNITS = 3
Norms = tuple[Geometry, Geometry]


def derive() -> list[Derivation]:
    """The cheapest way to share an effective weight between two layers, and one unit with a quadratic loss."""
    return [_shared(), _soft_threshold()]


def _shared() -> Derivation:
    incoming, v, lam, mask, first, second = sp.symbols("V v lambda m p_1 p_2", positive=True)
    outgoing = v / (mask * incoming)
    chain = Derivation("decay on both layers, m V W = v", lam / 2 * (first * incoming**2 + second * outgoing**2))
    best = sp.sqrt(v / mask) * (second / first) ** sp.Rational(1, 4)
    slope = lam * (first * incoming - second * v**2 / (mask**2 * incoming**3))
    chain = chain.apply(lambda e: sp.diff(e, incoming), slope, "slope in V")
    chain = chain.apply(lambda e: e.subs(incoming, best), sp.Integer(0), "zero at V^2 = v/m sqrt(p_2/p_1)")
    value = (lam / 2 * (first * incoming**2 + second * outgoing**2)).subs(incoming, best)
    chain = Derivation("cost of v", value).rewrite(lam * v * sp.sqrt(first * second) / mask, "the value there")
    wrong = {"half": lam * v * sp.sqrt(first * second) / (2 * mask), "squared": lam * v**2 / (2 * mask**2)}
    return chain.claims(lam * sp.sqrt(first * second) / mask * v, wrong)


def _soft_threshold() -> Derivation:
    v, excess, h = sp.symbols("v e h", positive=True)
    pull, cost = sp.symbols("G c_lambda", positive=True)
    chain = Derivation("-G v + h v^2/2 + lam c v, v > 0", -pull * v + h * v**2 / 2 + cost * v)
    chain = chain.apply(
        lambda e: e.subs(v, sp.solve(sp.diff(e, v), v)[0]), -((pull - cost) ** 2) / (2 * h), "minimise over v"
    )
    chain = chain.apply(lambda e: e.subs(pull, cost + excess), -(excess**2) / (2 * h), "G = lam c + e")
    return chain.claims(-(excess**2) / (2 * h), {"no half": -(excess**2) / h, "sign": excess**2 / (2 * h)})


Gain = Callable[[float, float, float], float]


def soft_threshold(pull: float, curvature: float, cost: float) -> float:
    """(|G| - lam c)_+^2/2h."""
    return max(0.0, abs(pull) - cost) ** 2 / (2 * curvature)


def ridge(pull: float, curvature: float, cost: float) -> float:
    """As if one layer only were penalised, c^-2 being psi."""
    return pull**2 / (2 * (curvature + cost**2))


def without_threshold(pull: float, curvature: float, cost: float) -> float:
    """The positive part forgotten."""
    return (abs(pull) - cost) ** 2 / (2 * curvature)


def scale(norms: Norms, gate: float) -> float:
    """c = sqrt(p_1 p_2)/m: 1/m, m^(-1/2) or 1, by the number of layers that are measured in L2(E)."""
    return math.pow(gate, norms.count("l2") / 2 - 1)


def best(pull: float, curvature: float, lam: float, gates: Tensor, norms: Norms) -> Tensor:
    """-min over V, W of h v^2/2 - G v with v = m V W and decay on both, by a search that zooms in on its best point."""
    centre, reach = torch.tensor([3.0, 0.0]), torch.tensor([3.0, 2.0])
    lowest = torch.tensor(math.inf)
    for _ in range(14):
        size = (centre[0] + reach[0] * torch.linspace(-1, 1, 41)).clamp(min=0)[:, None]  # sqrt(|V W|)
        share = (centre[1] + reach[1] * torch.linspace(-1, 1, 41)).exp()
        incoming, outgoing = (size * share)[..., None, None], (math.copysign(1, pull) * size / share)[..., None, None]
        everywhere = gates.expand(*incoming.shape[:2], 1)
        decay = weight_decay(incoming, everywhere, norms[0]) + weight_decay(outgoing, everywhere, norms[1])
        v = (gates * incoming[..., 0] * outgoing[..., 0]).squeeze(-1)
        values = curvature * v.square() / 2 - pull * v + lam / 2 * decay
        lowest, place = values.min(), divmod(int(values.argmin()), 41)
        size_there = size[place[0], 0]
        share_there = share[place[1]].log() if size_there > 0 else centre[1]  # nothing to share: leave it
        centre, reach = torch.stack([size_there, share_there]), reach / 3
    return -lowest


def by_search(
    formula: tuple[Gain, Callable[[Norms, float], float]],
    pull: float,
    curvature: float,
    lam: float,
    fraction: float,
    exponent: float,
    norms: Norms,
) -> None:
    """One unit with a positively homogeneous activation, with the shipped gates and norms."""
    gain, cost = formula
    gates = Interval(1, fraction, exponent).gates().detach()
    expected = gain(pull, curvature, lam * cost(norms, float(gates)))
    assert_close(best(pull, curvature, lam, gates, norms), torch.tensor(expected), rtol=1e-5, atol=1e-6)


DIRECTIONS = 8
ANGLES = torch.arange(DIRECTIONS, dtype=torch.float64) * 2 * math.pi / DIRECTIONS


def by_directions(formula: Callable[[Tensor], Tensor], readout: Readout, inputs: Tensor, k: int) -> None:
    """Incoming weights of unit length: slope in psi of the best optimum over the directions of the new neuron."""
    directions = torch.stack([ANGLES.cos(), ANGLES.sin()])
    candidates = (inputs @ directions).relu()

    def value(psi: float) -> Tensor:
        values = []
        for candidate in candidates.T:
            features = readout.features.clone()
            features[:, k] = candidate
            values.append(readout.with_features(features).at(k + psi, 0.5))
        return torch.stack(values).min()

    dual = readout.optimum(Interval(UNITS, float(k)).gates()).output_gradient
    pulls = (candidates.T @ dual).square().sum(-1)
    assert_close(one_sided(value, 0.0, 1e-5), -formula(pulls) / (2 * readout.decay), rtol=1e-3, atol=1e-4)


def flat() -> dict[str, float]:
    """G = h = 1, lam = 1/2: gain at some fractions, root gates, Euclidean norms or L2(E) on both layers."""
    figures = {}
    for name, exponent, norm in (("Euclidean", 0.5, "euclidean"), ("L2(E)", 1.0, "l2")):
        for a in (0.25, 0.5, 1.0):
            gates = Interval(1, a, exponent).gates().detach()
            gain = float(best(1.0, 1.0, 0.5, gates, (norm, norm)))  # type: ignore[arg-type]
            figures[f"{name}, a = {a:g}"] = round(gain, 4)
    return figures


def behind_the_threshold(excess: float) -> float:
    """Gain of root gates at a = (lam/G)^2 + excess, for G = h = 1, lam = 1/2; where lam c falls by 2 excess."""
    return float(best(1.0, 1.0, 0.5, Interval(1, 0.25 + excess, 0.5).gates().detach(), ("euclidean", "euclidean")))


NORMS = st.sampled_from([("euclidean", "euclidean"), ("l2", "l2"), ("euclidean", "l2"), ("l2", "euclidean")])

IDENTITY = Identity(
    id="N3.7",
    title="weight decay on both layers",
    source="here",
    place="limits of the mask theorem",
    printed=r"""$V = V_0 - \frac{1}{2h} \left(|G| - \frac{\lambda}{\phi}\right)_+^2$""",
    precise=r"""A neuron $m\,\sigma(\langle V, x\rangle)\,W$ behind a gate $m(a) > 0$, with the penalty
$\frac{\lambda}{2}(p_1|V|^2 + p_2|W|^2)$ on its incoming and outgoing weights, $p_1, p_2 > 0$ (1 for the Euclidean
norm, $m$ for that of L2(E)), and $c(a) = \sqrt{p_1 p_2}/m$.

(i) For $\sigma$ positively homogeneous, minimising over the split leaves the penalty $\lambda c\,|v|$ on the
effective weight $v = m|V|W$. For one direction of $V$ and $F = -\langle G, v\rangle + \frac{h}{2}|v|^2$:
$V(a) = V_0 - \frac{1}{2h} (|G| - \lambda c(a))_+^2$.

(ii) *Flat.* Let $\sigma$ be any Lipschitz function with $\sigma(0) = 0$ (ReLU, tanh, GELU), without incoming bias,
$F$ convex and differentiable, the other features fixed with decay on their outgoing weights, and
$L = \sup_V |\langle u^*, \sigma(Vx)\rangle|/|V|$ at the optimum without the neuron. Then $V(k+a) = V(k)$ whenever
$c(a) \geq L/\lambda$. In the Euclidean norms $c = 1/m$: *for every mask that is continuous at 0* $V$ is constant
near the integer, on its right.

(iii) *L2(E) on both layers* has $c = 1$: on $(k, k+1]$ $V$ is constant, and it jumps at $k$ iff $|G| > \lambda$ in
(i). The repair of N3.4 fails here.

(iv) *No other choice repairs it.* For no function $c(a)$ has $V$ in (i) a finite right derivative other than 0 at
$a = 0$ for more than one value of $|G|$.

(v) *What does.* If incoming weights are confined to a compact set instead of penalised (normalised, say), N3.1(c)
holds with $|G_k|^2$ replaced by its maximum over that set: $V(k+a) = V(k) - \frac{\psi(a)}{2\lambda} \max_V
|\langle u^*, \sigma(Vx)\rangle|^2 + o(\psi(a))$.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) $\frac{1}{2}(p_1 s^2 + p_2 t^2) \geq \sqrt{p_1p_2}\,st$ with equality at $p_1s^2 = p_2t^2$; soft
thresholding. (ii) With $z^*$, $W^*$ optimal without the neuron, convexity and the stationarity of the other weights
give an objective $\geq V(k) + m\langle u^*, \sigma(Vx) W\rangle + \frac{\lambda}{2}(p_1|V|^2 + p_2|W|^2) \geq V(k)
+ (\lambda\sqrt{p_1p_2} - mL) |V||W|$. (iii) $\sqrt{m \cdot m}/m = 1$. (iv) $V$ must be continuous at 0, so
$|G| \leq \lambda \liminf c$; for $|G|$ below that $V = V_0$ near 0. (v) For each $V$ the optimum is $C^1$ in $\psi$
with the slope of N3.1(b), continuous in $(\psi, V)$; so the minimum over a compact set has the least of the slopes
at $\psi = 0$, where all values agree (Danskin).""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="a search over both layers",
            check=by_search,
            claim=(soft_threshold, scale),
            wrong={
                "as one layer": (ridge, scale),
                "no threshold": (without_threshold, scale),
                "L2(E) repairs it": (soft_threshold, lambda norms, gate: 1 / gate),
                "the gate in front": (soft_threshold, lambda norms, gate: gate),
            },
            given={
                "pull": strategies.slopes(0.25, 2.0),
                "curvature": st.sampled_from([1.0, 2.0]),
                "lam": st.sampled_from([0.5, 0.25, 1.0]),
                "fraction": strategies.numbers(0.1, 1.0),
                "exponent": st.sampled_from([1.0, 0.5, 0.25]),
                "norms": NORMS,
            },
            examples=25,
        ),
        Witness(
            name="incoming weights of unit length",
            check=by_directions,
            claim=lambda pulls: pulls.max(),
            wrong={
                "mean": lambda pulls: pulls.mean(),
                "sum": lambda pulls: pulls.sum(),
                "least": lambda pulls: pulls.min(),
            },
            given={
                "readout": strategies.readouts(UNITS),
                "inputs": strategies.tensors(3, 2),
                "k": st.integers(0, UNITS - 1),
            },
            examples=8,
        ),
    ),
    rates=(
        Rate(
            name="gain behind the end of the flat part",
            scales=[0.004 / 2**j for j in range(4)],
            error=behind_the_threshold,
            claim=Asymptote(2, 2.0),
            wrong={"order 1": Asymptote(1), "no half": Asymptote(2, 4.0)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""One unit with $G = h = 1$, $\lambda = \frac{1}{2}$. Root gates and Euclidean decay on both
layers: $c = 1/\sqrt{a}$, and the gain $\frac{1}{2}(1 - \frac{1}{2\sqrt{a}})_+^2$ is 0 up to $a = 0.25$, then
$0.0429$ at $a = 0.5$ and $0.125$ at 1. Linear gates and L2(E) on both layers: $0.125$ at every $a > 0$.""",
            numbers={
                "Euclidean, a = 0.25": 0.0,
                "Euclidean, a = 0.5": 0.0429,
                "Euclidean, a = 1": 0.125,
                "L2(E), a = 0.25": 0.125,
                "L2(E), a = 0.5": 0.125,
                "L2(E), a = 1": 0.125,
            },
            compute=flat,
            tolerance=5e-5,
        ),
    ),
    references=(
        "B. Neyshabur, R. Tomioka, N. Srebro, In search of the real inductive bias, ICLR workshop 2015 (l1)",
        "F. Bach, Breaking the curse of dimensionality with convex neural networks, JMLR 18, 2017",
        "M. Pilanci, T. Ergen, Neural networks are convex regularizers, ICML 2020",
        "L. Yang et al., PathProx, arXiv 2210.03069 (product of norms instead of squared norms)",
    ),
    covers=("continuum.widths.penalty.geometry", "continuum.widths.interval", "continuum.widths.power"),
    document="n3_7_both_layers.md",
)
