"""Fractional gates lie below the chord that random rounding follows, for a convex loss by half a variance."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.func import vmap

from continuum.estimators import Categorical, Exact
from continuum.widths import Fuzzy, Interval, gamma_derivative, tail_sums
from continuum.widths.fuzzy import Mode
from proofs_checks import strategies
from proofs_checks.compare import close
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.network import LOSSES, Network
from proofs_checks.noise import cells, uniforms
from proofs_checks.support import nodes

UNITS, PARTS = 4, 16


def derive() -> list[Derivation]:
    """The gap as an integral over the tile, its value for a quadratic, and the tangent in the middle."""
    return [_kernel(), _quadratic(), _tangent()]


def _kernel() -> Derivation:
    """Every power t^n as a second derivative; sums and limits of them give every continuous one."""
    t, a, slope = sp.Symbol("t", positive=True), sp.Symbol("a", positive=True), sp.Symbol("l_1", real=True)
    n = sp.Symbol("n", integer=True, nonnegative=True)
    kernel = sp.Integral((1 - a) * t * t**n, (t, 0, a)) + sp.Integral(a * (1 - t) * t**n, (t, a, 1))
    chain = Derivation("integral of the kernel against t^n", kernel)
    claim = (a - a ** (n + 2)) / ((n + 1) * (n + 2))
    chain = chain.apply(lambda e: e.doit(), claim, "below a, and above it", test=_powers)
    loss = slope * t + t ** (n + 2) / ((n + 1) * (n + 2))  # its second derivative is t^n
    gap = (1 - a) * loss.subs(t, 0) + a * loss.subs(t, 1) - loss.subs(t, a)
    return chain.claims(gap, {"no kernel": a * (1 - a) / (n + 1), "sign": -gap}, test=_powers)


def _powers(left: sp.Expr, right: sp.Expr) -> bool:
    n = sp.Symbol("n", integer=True, nonnegative=True)
    return all(sp.simplify((left - right).subs(n, degree)) == 0 for degree in range(4))


def _quadratic() -> Derivation:
    a, t = sp.symbols("a t", real=True)
    base, step, target = sp.symbols("S c y", real=True)
    loss = (base + t * step - target) ** 2 / 2
    chain = Derivation("squared loss", (1 - a) * loss.subs(t, 0) + a * loss.subs(t, 1) - loss.subs(t, a))
    wrong = {"no half": a * (1 - a) * step**2, "a^2": a**2 * step**2 / 2, "no gap": sp.Integer(0)}
    return chain.claims(a * (1 - a) / 2 * step**2, wrong)


def _tangent() -> Derivation:
    h = sp.Symbol("h", positive=True)
    d = sp.symbols("d_0:6", real=True)  # derivatives in the middle of the tile
    right, left = (sum(d[n] * (sign * h / 2) ** n / sp.factorial(n) for n in range(6)) for sign in (1, -1))
    chain = Derivation("secant over h, from the middle", (right - left) / h)
    chain = chain.apply(lambda e: sp.expand(e - d[1]), d[3] * h**2 / 24 + d[5] * h**4 / 1920, "less the tangent")
    chain = chain.apply(lambda e: e.subs({d[3]: 0, d[5]: 0}), sp.Integer(0), "a quadratic has no third derivative")
    return chain.claims(sp.Integer(0), {"second derivative": d[2] * h / 2})


Gap = Callable[[Network, int, float], Tensor]


def along(network: Network, k: int, part: float | Tensor) -> Tensor:
    """Output at S_k + t c_k for a tensor of t."""
    gates = Interval(UNITS, float(k)).gates().detach()
    t = torch.as_tensor(part).reshape(-1, 1, 1)
    return network.output(gates) + t * network.contributions()[k]


def integral(kernel: Callable[[Tensor, float], Tensor]) -> Gap:
    """Integral of kernel(t, a) <c, F''(S + t c) c> over the tile."""

    def gap(network: Network, k: int, part: float) -> Tensor:
        t, weights = nodes([0.0, part, 1.0])
        output = along(network, k, t).requires_grad_()
        loss = torch.stack([network.criterion(row, network.targets) for row in output]).sum()
        (first,) = torch.autograd.grad(loss, output, create_graph=True)
        step = network.contributions()[k].expand_as(output)
        (second,) = torch.autograd.grad(first, output, step)
        return (weights * kernel(t, part)) @ (second * step).sum((1, 2))

    return gap


def green(t: Tensor, a: float) -> Tensor:
    """min(t, a) (1 - max(t, a))."""
    return t.clamp(max=a) * (1 - t.clamp(min=a))


def half_variance(network: Network, k: int, part: float) -> Tensor:
    """a (1 - a)/2 |c|^2, whatever the loss."""
    return part * (1 - part) / 2 * network.contributions()[k].square().sum(-1).mean()


def by_enumeration(formula: Gap, network: Network, k: int, steps: int, mode: Mode) -> None:
    """Mean loss of the shipped random gates (any coupling) less the loss of the shipped fractional ones."""
    part = steps / PARTS
    grades = Interval(UNITS, k + part).gates().detach()
    # One number does also for independent gates: all but one of them are sure.
    noise = cells(PARTS).expand(PARTS, UNITS if mode == "bernoulli" else 1)
    every = grades.expand(PARTS, UNITS)
    width = Fuzzy(UNITS, every.sum(-1), every, mode=mode)
    with uniforms(noise):
        sampled = vmap(network.loss)(width.gates().detach()).mean()
    close(sampled - network.loss(grades), formula(network, k, part), 1e-11)


def by_law_of_widths(formula: Gap, network: Network, k: int, part: float) -> None:
    """The expected loss of a random width k or k + 1, by the exact estimator, less that of the fractional one."""
    logits = torch.full((UNITS,), -1e4)
    logits[k - 1], logits[k] = float(torch.tensor(1 - part).log()), float(torch.tensor(part).log())

    def loss(one_hot: Tensor) -> Tensor:
        return vmap(network.loss)(tail_sums(one_hot).reshape(-1, UNITS))

    expected = Exact()(Categorical(logits), loss).value.squeeze()
    close(expected - network.loss(Interval(UNITS, k + part).gates().detach()), formula(network, k, part), 1e-11)


def tangent(place: float) -> Callable[[Network, int], Tensor]:
    """Derivative of the loss in gamma at k + place, by the shipped closed form; the claim: 1/2."""

    def slope(network: Network, k: int) -> Tensor:
        width = Interval(UNITS, k + place)
        gradient = network.output_gradient(width.gates().detach())
        return gamma_derivative(width, network.activations(), network.outgoing, gradient)

    return slope


def by_secant(formula: Callable[[Network, int], Tensor], network: Network, k: int) -> None:
    """The derivative of the expected loss in the chance of the larger width, out of the two."""
    logits = torch.full((UNITS,), -1e4)
    logits[k - 1], logits[k] = 0.0, 0.0

    def loss(one_hot: Tensor) -> Tensor:
        return vmap(network.loss)(tail_sums(one_hot).reshape(-1, UNITS))

    estimate = Exact()(Categorical(logits), loss)
    close(4 * estimate.gradient[k], formula(network, k), 1e-11)  # q (1 - q) = 1/4 per unit of logit


def shrunk(scale: float) -> tuple[Network, int]:
    """A logistic loss; the contribution of the edge unit is proportional to ``scale``."""
    outgoing = torch.tensor([[1.0], [0.5], [1.0], [0.25]]) * torch.tensor([[1.0], [scale], [1.0], [1.0]])
    inputs, incoming = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.5, 1.0, 0.25, -1.0]])
    return Network(inputs, incoming, outgoing, torch.ones(2, 1), torch.relu, LOSSES["logistic"]), 1


def miss(scale: float) -> float:
    """Secant less tangent in the middle."""
    network, k = shrunk(scale)
    ends = [network.loss(Interval(UNITS, float(k + j)).gates().detach()) for j in (0, 1)]
    return float(ends[1] - ends[0] - tangent(0.5)(network, k))


def third() -> float:
    """Mean over rows of sigma''(S) c^3/24 at scale 1: S = 0.5, 1 and c = 0.5, 1."""
    base, step = torch.tensor([0.5, 1.0], dtype=torch.float64), torch.tensor([0.5, 1.0], dtype=torch.float64)
    share = base.sigmoid()
    return float((share * (1 - share) * (1 - 2 * share) * step**3).mean() / 24)


def concave() -> dict[str, float]:
    """A ReLU unit behind the sum, target 1, squared loss: S = -1, c = 2, a = 1/4."""

    def loss(gamma: float) -> float:
        output = Interval(2, gamma).gates().detach() @ torch.tensor([-1.0, 2.0])
        return float((output.relu() - 1) ** 2 / 2)

    return {"rounded": 0.75 * loss(1.0) + 0.25 * loss(2.0), "fractional": loss(1.25)}


def logistic() -> dict[str, float]:
    """softplus(z) - z with S = 0, c = 2: the secant and the tangent in the middle."""
    one = torch.ones(1, 1)
    network, middle = Network(one, one, 2 * one, one, torch.relu, LOSSES["logistic"]), Interval(1, 0.5)
    ends = [network.loss(Interval(1, gamma).gates().detach()) for gamma in (0.0, 1.0)]
    gradient = network.output_gradient(middle.gates().detach())
    slope = gamma_derivative(middle, network.activations(), network.outgoing, gradient)
    return {"secant": float(ends[1] - ends[0]), "tangent": float(slope)}


TILE = st.integers(1, UNITS - 1)

IDENTITY = Identity(
    id="N4.2",
    title="the chord of random rounding",
    source="here",
    place="interval mask, fixed weights",
    printed=r"""$(1-a)\,\ell(k) + a\,\ell(k+1) - \ell(k+a) = \frac{a(1-a)}{2}\,E|c_k|^2$""",
    precise=r"""Interval gates, fixed weights, output $z = S_k + a c_k$ at $\gamma = k + a$, $\ell(\gamma) = F(z)$,
where $F$ is a mean over rows and $E$ the same mean. *Rounding* takes width $k+1$ with probability $a$ and $k$
otherwise; independent, systematic and common-threshold gates with the grades of the interval all do just this.

(i) For $F \in C^2$

$(1-a)\,\ell(k) + a\,\ell(k+1) - \ell(k+a) = \int_0^1 \min(t,a)\,(1 - \max(t,a))\,\langle c_k, F''(S_k + t c_k)\,
c_k\rangle\, dt$,

which is $\frac{a(1-a)}{2} E|c_k|^2$ for half the squared error. So for convex $F$ the fractional width never loses
against rounding, at the same weights, and hence also after minimising both over the weights, with any common
penalty.

(ii) For the squared error the derivative at $a = 1/2$ equals the secant $\ell(k+1) - \ell(k)$, which is the
derivative of the expected loss in the probability of the larger width. For $F \in C^4$ the secant less that
derivative is $\frac{1}{24}F'''(S_k + \frac{1}{2}c_k)[c_k, c_k, c_k] + O(|c_k|^5)$ if $F \in C^5$.

(iii) "Always" needs $F$ convex *in the output of the gated layer*: behind another hidden layer, or for the error
rate, rounding may win.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) On the tile $\ell$ is $t \mapsto F(S_k + t c_k)$, with second derivative $q(t) = \langle c_k, F''
c_k\rangle$. The function $a \mapsto \int g(a,t) q(t)\,dt$ with Green's function $g = \min(t,a)(1-\max(t,a))$
vanishes at 0 and 1 and has the second derivative $-q$, as has the left side: they are equal. $\int_0^1 g\,dt =
\frac{a(1-a)}{2}$. For convex $F$, $q \geq 0$ and $g \geq 0$ (or directly Jensen); the inequality holds for every
$W$ and so for the infima. (ii) Expand at the middle: even orders cancel in $\ell(k+1) - \ell(k)$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="all samples of three couplings",
            check=by_enumeration,
            claim=integral(green),
            wrong={
                "half a variance for every loss": half_variance,
                "kernel of a half-line": integral(lambda t, a: a * (1 - t)),
                "no kernel": integral(lambda t, a: torch.full_like(t, a * (1 - a))),
            },
            given={
                "network": strategies.networks(UNITS),
                "k": st.integers(0, UNITS - 1),
                "steps": st.integers(1, PARTS - 1),
                "mode": st.sampled_from(["bernoulli", "systematic", "comonotone"]),
            },
        ),
        Witness(
            name="a random width, squared loss",
            check=by_law_of_widths,
            claim=half_variance,
            wrong={
                "no half": lambda network, k, part: 2 * half_variance(network, k, part),
                "a^2": lambda network, k, part: half_variance(network, k, part) * part / (1 - part),
                "next unit": lambda network, k, part: half_variance(network, (k + 1) % UNITS, part),
            },
            given={
                "network": strategies.networks(UNITS, losses=("squared",)),
                "k": TILE,
                "part": strategies.fractions(),
            },
        ),
        Witness(
            name="tangent in the middle, squared loss",
            check=by_secant,
            claim=tangent(0.5),
            wrong={"right derivative": tangent(0.0), "a quarter": tangent(0.25)},
            given={"network": strategies.networks(UNITS, losses=("squared",)), "k": TILE},
        ),
    ),
    rates=(
        Rate(
            name="secant less tangent, logistic loss, against the size of c",
            scales=[0.4 / 2**j for j in range(5)],
            error=miss,
            claim=Asymptote(3, third()),
            wrong={"order 2": Asymptote(2), "order 4": Asymptote(4), "1/6": Asymptote(3, 4 * third())},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Behind another layer rounding may win. $S_1 = -1$, $c_1 = 2$, output relu$(z)$, target 1, half
the squared error, $a = 1/4$: rounding has the mean $\frac{3}{4}\cdot\frac{1}{2} + \frac{1}{4}\cdot 0 = 0.375$, the
fractional width has $z = -\frac{1}{2}$ and the loss $0.5$.""",
            numbers={"rounded": 0.375, "fractional": 0.5},
            compute=concave,
        ),
        Counterexample(
            text=r"""Tangent and secant differ for other losses. $F(z) = \log(1+e^z) - z$, $S_0 = 0$, $c_0 = 2$: the
secant is $\log(1+e^2) - 2 - \log 2 = -0.5662$, the derivative at $\gamma = 1/2$ is $2(\sigma(1) - 1) = -0.5379$.""",
            numbers={"secant": -0.5662, "tangent": -0.5379},
            compute=logistic,
            tolerance=5e-5,
        ),
    ),
    references=(
        "S. Wager, S. Wang, P. Liang, Dropout training as adaptive regularization, NIPS 2013 (the quadratic gap)",
        "P. Baldi, P. Sadowski, Understanding dropout, NIPS 2013 (the same gap, and mean gates as an approximation)",
        "P. J. Davis, Interpolation and Approximation, 1963, section 3.7 (Peano's kernel)",
    ),
    covers=(
        "continuum.widths.interval",
        "continuum.widths.derivative",
        "continuum.widths.fuzzy",
        "continuum.widths.sampling",
        "continuum.widths.concrete",
        "continuum.estimators.exact",
        "continuum.estimators.categorical",
    ),
    document="n4_2_chord.md",
)
