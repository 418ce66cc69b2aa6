"""What random widths say of a unit with fresh weights: in the mean that it harms, by half its size."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.func import vmap

from continuum.estimators import Bernoulli, Categorical, Exact
from continuum.widths import Interval, gamma_derivative, tail_sums
from proofs_checks import strategies
from proofs_checks.compare import close, require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.network import LOSSES, Network

UNITS = 3
Loss = Callable[[Tensor], Tensor]


def derive() -> list[Derivation]:
    """The mean over both signs of a fresh contribution: of the secant, of a gate's derivative, and its sign."""
    return [_secant(), _gate(), _chance()]


def _secant() -> Derivation:
    base, c, target = sp.symbols("S c t", real=True)
    secants = [((base + sign * c - target) ** 2 - (base - target) ** 2) / 2 for sign in (1, -1)]
    chain = Derivation("mean secant over c and -c, squared loss", sum(secants) / 2)
    chain = chain.rewrite(c**2 / 2, "the linear terms cancel")
    return chain.claims(c**2 / 2, {"none": sp.Integer(0), "no half": c**2, "sign": -(c**2) / 2})


def _gate() -> Derivation:
    base, c, target = sp.symbols("S c t", real=True)
    a, p = sp.symbols("a p", positive=True)
    both = [(base + sign * a**p * c - target) ** 2 / 2 for sign in (1, -1)]
    chain = Derivation("mean loss under a gate a^p", sum(both) / 2)
    chain = chain.apply(lambda e: sp.diff(e, a), p * a ** (2 * p - 1) * c**2, "derivative in a")
    for power, value in ((1, a * c**2), (sp.Rational(1, 2), c**2 / 2)):
        case = Derivation(f"p = {power}", (p * a ** (2 * p - 1) * c**2).subs(p, power))
        case.claims(value, {"half of it": value / 2, "none": sp.Integer(0)})
    return chain.claims(c**2 / 2 * sp.diff(a ** (2 * p), a), {"phi' alone": p * a ** (p - 1) * c**2})


def _chance() -> Derivation:
    """W normal: the secant is negative between 0 and 2 v*, the derivative at the integer on all of one side."""
    w, s, best = sp.symbols("W s v", positive=True)
    density = sp.exp(-(w**2) / (2 * s**2)) / (s * sp.sqrt(2 * sp.pi))
    secant = ((w - best) ** 2 - best**2) / 2
    end = max(sp.solve(secant / w, w))  # beyond W = 0 its sign changes once more
    chain = Derivation("P(secant < 0)", sp.Integral(density, (w, 0, end)))
    claim = sp.erf(sp.sqrt(2) * best / s) / 2
    chain = chain.apply(lambda e: e.doit(), claim, "normal density from 0 to 2 v*")
    wrong = {"a half": sp.Rational(1, 2), "up to v*": sp.erf(best / (s * sp.sqrt(2))) / 2}
    return chain.claims(claim, wrong)


def mirrored(network: Network, unit: int) -> list[Network]:
    """Both signs of the fresh outgoing weights: a law with mean 0 given all else."""
    other = network.outgoing.clone()
    other[unit] = -other[unit]
    return [network, network.with_outgoing(other)]


def on_masks(network: Network) -> Loss:
    """Loss for each row of gates."""
    units = network.units
    return lambda gates: vmap(network.loss)(gates.reshape(-1, units)).reshape(gates.shape[:-1])


def on_widths(network: Network) -> Loss:
    """Loss for each one-hot width 0, 1, ..., N."""
    loss = on_masks(network)
    return lambda one_hot: loss(tail_sums(one_hot)[..., 1:])


def secants(network: Network, k: int, logits: Tensor) -> Tensor:
    """Exact secant of unit k under both signs of its weights, independent gates."""
    q = Bernoulli(logits)
    return torch.stack([Exact().secants(q, on_masks(run))[k] for run in mirrored(network, k)])


Bias = Callable[[Network, int], Tensor]


def size(factor: float, *, squared_mean: bool = False) -> Bias:
    """factor E|c_k|^2; the claim has 1/2."""

    def bias(network: Network, k: int) -> Tensor:
        c = network.contributions()[k]
        return factor * (c.mean(0).square().sum() if squared_mean else c.square().sum(-1).mean())

    return bias


def by_secants(formula: Bias, network: Network, k: int, logits: Tensor) -> None:
    """Exact secants for independent units and for random widths, squared loss."""
    close(secants(network, k, logits).mean(), formula(network, k), 1e-10)
    two = torch.full((UNITS + 1,), -1e4)  # width k or k + 1 with equal chances
    two[k : k + 2] = 0.0
    estimates = [Exact()(Categorical(two), on_widths(run)) for run in mirrored(network, k)]
    # q (1 - q) = 1/4 per unit of logit
    close(torch.stack([4 * estimate.gradient[k + 1] for estimate in estimates]).mean(), formula(network, k), 1e-10)


def slopes(network: Network, k: int, width: Interval) -> Tensor:
    """The shipped derivative in gamma under both signs of the weights of unit k."""
    derivatives = []
    for run in mirrored(network, k):
        gradient = run.output_gradient(width.gates().detach())
        derivatives.append(gamma_derivative(width, run.activations(), run.outgoing, gradient))
    return torch.stack(derivatives)


Sign = Callable[[Tensor], bool]


def by_convexity(formula: tuple[Sign, Sign], network: Network, k: int, logits: Tensor) -> None:
    """Any convex loss: the mean secant, and the larger one of both signs, are not negative; at an integer r cancels."""
    both = secants(network, k, logits)
    require(formula[0](both.mean()) and formula[0](both.max()), "a secant of the other sign")
    mean = slopes(network, k, Interval(UNITS, float(k))).mean()
    require(formula[1](mean), "the derivative at the integer has a mean")


def not_negative(value: Tensor) -> bool:
    """Up to rounding."""
    return float(value) >= -1e-12


def not_positive(value: Tensor) -> bool:
    """Up to rounding."""
    return float(value) <= 1e-12


def zero(value: Tensor) -> bool:
    """Up to rounding."""
    return abs(float(value)) <= 1e-12


Slope = Callable[[Network, int, float, float], Tensor]


def at_a_fraction(power: float) -> Slope:
    """(a^(power p))'/2 E|c|^2; the claim has power 2: a |c|^2 for the interval, |c|^2/2 for the root."""

    def slope(network: Network, k: int, part: float, exponent: float) -> Tensor:
        order = power * exponent
        return size(order * math.pow(part, order - 1) / 2)(network, k)

    return slope


def by_gates(formula: Slope, network: Network, k: int, part: float, exponent: float) -> None:
    """Mean of the shipped derivative at k + a, squared loss."""
    actual = slopes(network, k, Interval(UNITS, k + part, exponent)).mean()
    close(actual, formula(network, k, part, exponent), 1e-10)


Chance = Callable[[Tensor], Tensor]


def between(reach: float) -> Chance:
    """Phi(reach |v*|/s) - 1/2 for x = |v*|/s; the claim has 2."""
    return lambda x: torch.special.ndtr(reach * x) - torch.tensor(0.5)


def by_quantiles(formula: Chance, network: Network, scale: float) -> None:
    """Share of normal W whose secant is negative: bisection for where the shipped secant changes its sign."""
    feature = network.activations()[:, 0]
    assume(float(feature.square().sum()) > 1e-2)
    best = feature @ network.targets[:, 0] / feature.square().sum()  # S = 0
    assume(1 / 16 < abs(float(best)) < 4)

    def secant(weight: Tensor) -> Tensor:
        run = network.with_outgoing(weight.reshape(1, 1))
        return Exact().secants(Bernoulli(torch.zeros(1)), on_masks(run))[0]

    low, high = torch.tensor(1e-6), torch.tensor(16.0)  # negative at the first, positive at the second
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if secant(best.sign() * middle) < 0 else (low, middle)
    close(torch.special.ndtr(low / scale) - 0.5, formula(best.abs() / scale), 1e-9)


def excess(scale: float) -> float:
    """Mean exact secant under fresh weights +-scale and a logistic loss."""
    network, k = started(scale)
    return float(secants(network, k, torch.tensor([40.0, 0.0])).mean())


def started(scale: float) -> tuple[Network, int]:
    """Two units, the first on, the second fresh: S = 0.5 and 1, y = 1 and 2."""
    inputs, incoming = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.5, 1.0]])
    outgoing = torch.tensor([[1.0], [scale]])
    return Network(inputs, incoming, outgoing, torch.ones(2, 1), torch.relu, LOSSES["logistic"]), 1


def curvature() -> float:
    """Mean over rows of sigma'(S) y^2/2."""
    share, feature = torch.tensor([0.5, 1.0], dtype=torch.float64).sigmoid(), torch.tensor([1.0, 2.0])
    return float((share * (1 - share) * feature**2).mean() / 2)


def useful() -> dict[str, float]:
    """F = (z - 1)^2/2, S = 0, y = 1, W = +-1 and +-3: secants, derivatives at the integer, and what training gains."""
    figures = {}
    for weight in (1.0, -1.0, 3.0, -3.0):
        one = torch.ones(1, 1)
        network = Network(one, one, weight * one, one, torch.relu)
        figures[f"secant, W={weight:g}"] = float(Exact().secants(Bernoulli(torch.zeros(1)), on_masks(network))[0])
        width = Interval(1, 0.0)
        gradient = network.output_gradient(width.gates().detach())
        figures[f"r, W={weight:g}"] = float(gamma_derivative(width, network.activations(), network.outgoing, gradient))
    return figures


GIVEN = {
    "network": strategies.networks(UNITS, losses=("squared",)),
    "k": st.integers(0, UNITS - 1),
    "logits": strategies.logits(UNITS),
}

IDENTITY = Identity(
    id="N4.4",
    title="random widths are biased against fresh units",
    source="here",
    place="immediate loss, fresh outgoing weights",
    printed="",
    precise=r"""Let $F$ be convex, and let the contribution $c = y_k W_k$ of the fresh unit $k$ have mean 0 given
the output $S$ of the others ($W_k$ of mean 0 and independent of everything else is enough).

(i) $E[F(S+c) - F(S)] \geq 0$, and $= \frac{1}{2}E|c|^2$ for half the squared error. So the derivative of an
expected loss in the chance that unit $k$ is on, which is the mean of this *secant* over the other gates (VMO: over
$S = S_k$; independent gates: over all masks of the others), is in the mean not negative, whatever the task: the
unit is pushed out. If $W_k$ is symmetric, the secant is not negative with probability at least $1/2$; for normal
scalar $W_k \sim N(0, s^2)$, squared loss and the best weight $v^*$ it is negative with probability
$\Phi(2|v^*|/s) - \frac{1}{2}$ only.

(ii) The derivative of the interval gate *at the integer* has mean 0, and for symmetric $W_k$ a fair sign (N1.1).
This is special to the integer: under a gate $\phi(a)$ the mean derivative is $\frac{1}{2}\psi'(a)E|c|^2$, $\psi =
\phi^2$, for half the squared error, so $a\,E|c|^2$ for the interval at $k + a$, and $\frac{1}{2}E|c|^2$, *as for
random widths*, for the root gate at every $a > 0$.

(iii) The bias is $\frac{1}{2}s^2E\langle y_k, F''(S)\,y_k\rangle + o(s^2)$ for $W_k$ of covariance $s^2 I$ and $F
\in C^2$ with bounded second derivative (trace over outputs), against a standard deviation $s|G_k|$ of the
derivative at the integer: small fresh weights make it negligible.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) Jensen's inequality given $S$: $E[F(S+c) \mid S] \geq F(S + E[c \mid S]) = F(S)$; for the square
the linear term has mean 0. By the midpoint inequality one of $F(S \pm c) - F(S)$ is not negative, and with
symmetric $c$ both signs have the same chance. The square is negative iff $W$ lies between 0 and $2v^*$. (ii) $r_k =
\langle F'(S), c\rangle$ is linear in $c$. $E\frac{1}{2}|S + \phi c - t|^2 = \frac{1}{2}|S-t|^2 +
\frac{\psi}{2}E|c|^2$; differentiate. (iii) Taylor's formula under the expectation, by dominated convergence.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="exact secants over both signs, squared loss",
            check=by_secants,
            claim=size(0.5),
            wrong={
                "no bias": size(0.0),
                "no half": size(1.0),
                "sign": size(-0.5),
                "square of the mean": size(0.5, squared_mean=True),
            },
            given=GIVEN,
            examples=15,
        ),
        Witness(
            name="signs for convex losses",
            check=by_convexity,
            claim=(not_negative, zero),
            wrong={
                "unbiased": (zero, zero),
                "favoured": (not_positive, zero),
            },
            given=GIVEN | {"network": strategies.networks(UNITS)},
            examples=15,
        ),
        Witness(
            name="gates at a fraction, squared loss",
            check=by_gates,
            claim=at_a_fraction(2.0),
            wrong={
                "phi for psi": at_a_fraction(1.0),
                "none, as at the integer": lambda *_: torch.zeros(()),
            },
            given={
                "network": strategies.networks(UNITS, losses=("squared",)),
                "k": st.integers(0, UNITS - 1),
                "part": strategies.fractions(),
                "exponent": st.sampled_from([1.0, 0.5, 2.0]),
            },
            examples=15,
        ),
        Witness(
            name="chance of a negative secant, normal weights",
            check=by_quantiles,
            claim=between(2.0),
            wrong={"a whole tile crossed": between(1.0), "fair": lambda x: 0.5 + 0 * x},
            given={
                "network": strategies.networks(1, outputs=1, activations=("tanh",), losses=("squared",)),
                "scale": st.sampled_from([0.25, 1.0, 4.0]),
            },
            examples=6,
        ),
    ),
    rates=(
        Rate(
            name="mean secant, logistic loss, against the size of fresh weights",
            scales=[0.2 / 2**j for j in range(5)],
            error=excess,
            claim=Asymptote(2, curvature()),
            wrong={"order 1": Asymptote(1), "no half": Asymptote(2, 2 * curvature()), "order 3": Asymptote(3)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""A unit that could remove the loss. $F = \frac{1}{2}(z-1)^2$, $S = 0$, $y = 1$: trained, $W = 1$
brings the loss from $0.5$ to $0$. Fresh weights $W = \pm 1$ have the secants $-0.5$ and $1.5$, mean $0.5 =
\frac{1}{2}W^2$; $W = \pm 3$ have $1.5$ and $7.5$: there random widths reject the unit with either sign. The
derivatives at the integer are $\mp 1$ and $\mp 3$.""",
            numbers={
                "secant, W=1": -0.5,
                "secant, W=-1": 1.5,
                "secant, W=3": 1.5,
                "secant, W=-3": 7.5,
                "r, W=1": -1.0,
                "r, W=-1": 1.0,
                "r, W=3": -3.0,
                "r, W=-3": 3.0,
            },
            compute=useful,
        ),
    ),
    references=(
        "W. Grathwohl, E. Creager, S. K. S. Ghasemipour, R. Zemel, Gradient-based optimization of neural network "
        "architecture, 2018 (the random widths)",
        "S. Wager, S. Wang, P. Liang, Dropout training as adaptive regularization, NIPS 2013 (the noise as a penalty)",
        "U. Evci et al., GradMax, ICLR 2022 (new units with outgoing weights 0, so that the loss does not jump)",
    ),
    covers=(
        "continuum.estimators.exact",
        "continuum.estimators.bernoulli",
        "continuum.estimators.categorical",
        "continuum.widths.concrete",
        "continuum.widths.interval",
        "continuum.widths.derivative",
    ),
    document="n4_4_random_widths.md",
)
