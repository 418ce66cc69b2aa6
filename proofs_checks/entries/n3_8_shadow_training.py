"""A step of length alpha over the gate trains the neuron about to be born, and its width derivative shows the gain."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Interval, gamma_derivative
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.readout import Readout

UNITS = 3
RATE = 0.25


def derive() -> list[Derivation]:
    """One neuron and a quadratic loss: T shadow steps and their slope at 0; and shadow steps with decay."""
    return [_solvable(), _decayed()]


def _solvable() -> Derivation:
    a, rate, h, aim, start = sp.symbols("a alpha h v W_0", positive=True)
    steps, t = sp.Symbol("T", integer=True, positive=True), sp.Symbol("t", integer=True, nonnegative=True)
    v, error = sp.Symbol("v_t"), sp.Function("e")
    chain = Derivation("distance to the aim after a step alpha/a", v - a * (rate / a) * a * h * (v - aim) - aim)
    chain = chain.rewrite((1 - rate * a * h) * (v - aim), "a geometric recursion")
    path = (a * start - aim) * (1 - rate * a * h) ** steps
    chain = chain.apply(
        lambda e: _solved(error, t, sp.cancel(e / (v - aim)), a * start - aim).subs(t, steps), path, "solve it"
    )
    chain = chain.apply(
        lambda e: sp.diff(h / 2 * e**2, a).subs(a, 0),
        -h * aim * start - rate * steps * h**2 * aim**2,
        "slope of the loss h e^2/2 at a = 0",
    )
    chain = chain.apply(
        lambda e: (e + e.subs(start, -start)) / 2, -rate * steps * h**2 * aim**2, "mean over both signs"
    )
    pull = -h * aim  # G_t on the path of width k, the same for training and validation
    wrong = {
        "T + 1 steps": -rate * (steps + 1) * pull**2,
        "sign": rate * steps * pull**2,
        "half": -rate * steps * pull**2 / 2,
    }
    return chain.claims(-rate * sp.Sum(pull * pull, (sp.Symbol("j"), 0, steps - 1)).doit(), wrong)


def _solved(unknown: sp.Function, t: sp.Symbol, factor: sp.Expr, start: sp.Expr) -> sp.Expr:
    return sp.rsolve(unknown(t + 1) - factor * unknown(t), unknown(t), {unknown(0): start})


def _decayed() -> Derivation:
    pull, lam, rate = sp.symbols("G lambda alpha", positive=True)
    t, steps = sp.Symbol("t", integer=True, nonnegative=True), sp.Symbol("T", integer=True, nonnegative=True)
    left = (1 - rate * lam) ** steps
    weight = sp.summation(
        -rate * pull * (1 - rate * lam) ** t, (t, 0, steps - 1)
    )  # W_{t+1} = (1 - alpha lam) W_t - alpha G
    chain = Derivation("shadow weight with decay in L2(E), from 0", weight)
    chain = chain.rewrite(-pull / lam * (1 - left), "geometric sum")
    chain = chain.apply(
        lambda e: pull * e + lam / 2 * e**2, -(pull**2) / (2 * lam) * (1 - left**2), "loss and penalty in a"
    )
    wrong = {"one power": -(pull**2) / (2 * lam) * (1 - left), "no half": -(pull**2) / lam * (1 - left**2)}
    return chain.claims(-(pull**2) / (2 * lam) * (1 - (1 - rate * lam) ** (2 * steps)), wrong)


class Run(NamedTuple):
    """A network after training, and the pulls G_t = <F'(z_t), y_k> on the way."""

    network: Network
    pulls: list[Tensor]


Steps = Callable[[Tensor, Tensor, Tensor], Tensor]


def plain(slope: Tensor, gates: Tensor, pull: Tensor) -> Tensor:
    """The gradient itself."""
    return slope


def over_gate(slope: Tensor, gates: Tensor, pull: Tensor) -> Tensor:
    """The gradient over the gate of its row: alpha/a."""
    return slope / gates.where(gates > 0, torch.ones(()))[:, None]


def density(slope: Tensor, gates: Tensor, pull: Tensor) -> Tensor:
    """The same number, <F', y_k>, which a closed gate has too."""
    return torch.where(gates[:, None] == 1, slope, pull)


def train(
    network: Network,
    gates: Tensor,
    k: int,
    steps: int,
    outgoing_step: Steps,
    incoming_step: Steps = plain,
    shift: Callable[[int], Tensor] = lambda t: torch.zeros(()),
) -> Run:
    """Gradient descent on all weights, differentiable in the gates; ``shift(t)`` is added to the output."""
    incoming, outgoing = network.incoming.clone().requires_grad_(), network.outgoing.clone().requires_grad_()
    pulls = []
    for t in range(steps):
        now = replace(network, incoming=incoming, outgoing=outgoing)
        output = now.output(gates) + shift(t)
        loss = network.criterion(output, network.targets)
        of_in, of_out, of_output = torch.autograd.grad(loss, (incoming, outgoing, output), create_graph=True)
        pull = now.activations().T @ of_output
        pulls.append(pull[k])
        incoming = incoming - RATE * incoming_step(of_in.T, gates, pull).T
        outgoing = outgoing - RATE * outgoing_step(of_out, gates, pull)
    return Run(replace(network, incoming=incoming, outgoing=outgoing), pulls)


def elsewhere(network: Network, validation: Network) -> Network:
    """The same weights on the validation data."""
    return replace(network, inputs=validation.inputs, targets=validation.targets)


def mirrored(network: Network, k: int) -> Network:
    """The same network with the sign of W_k turned."""
    signs = torch.ones(network.units)
    signs[k] = -1
    return network.with_outgoing(signs[:, None] * network.outgoing)


Slope = Callable[[Network, Network, int, int], Tensor]


def accumulated(network: Network, validation: Network, k: int, steps: int) -> Tensor:
    """-alpha sum_{t<T} <G_T^val, G_t>, on the path of width k."""
    gates = Interval(UNITS, float(k)).gates().detach()
    run = train(network, gates, k, steps, plain)
    after = elsewhere(run.network, validation)
    pull = after.activations()[:, k] @ after.output_gradient(gates)
    return -RATE * sum(((pull * before).sum() for before in run.pulls), torch.zeros(()))


def response(network: Network, validation: Network, k: int, steps: int) -> Tensor:
    """Response of the other weights to the outputs that the shadow weights would have."""
    gates = Interval(UNITS, float(k)).gates().detach()
    pulls = [pull.detach() for pull in train(network, gates, k, steps, plain).pulls]
    part = torch.zeros((), requires_grad=True)
    column = network.activations()[:, k]

    def shift(t: int) -> Tensor:
        shadow = -RATE * sum(pulls[:t], torch.zeros_like(pulls[0]))
        return part * column[:, None] * shadow

    run = train(network, gates, k, steps, plain, shift=shift)
    (slope,) = torch.autograd.grad(elsewhere(run.network, validation).loss(gates), part)
    return slope


def gain(network: Network, validation: Network, k: int, steps: int) -> Tensor:
    """The claim."""
    return accumulated(network, validation, k, steps) + response(network, validation, k, steps)


def validation_slope(network: Network, validation: Network, k: int, steps: int, step: Steps) -> tuple[Tensor, Tensor]:
    """d/dgamma of the validation loss after T steps at gamma = k, by autograd; and its direct part, as shipped."""
    width = Interval(UNITS, float(k))
    run = train(network, width.gates(), k, steps, step)
    after = elsewhere(run.network, validation)
    (total,) = torch.autograd.grad(after.loss(width.gates()), width.gamma, retain_graph=True)
    gradient = after.output_gradient(width.gates().detach())
    return total, gamma_derivative(width, after.activations().detach(), after.outgoing.detach(), gradient)


def by_autograd(formula: Slope, network: Network, other: Network, k: int, steps: int) -> None:
    """Mean over both signs of W_k: shadow training shows the gain, plain steps show nothing."""
    both = [validation_slope(start, other, k, steps, density) for start in (network, mirrored(network, k))]
    total, direct = (torch.stack(parts).mean(0) for parts in zip(*both, strict=True))
    assert_close(total, formula(network, other, k, steps).detach(), rtol=1e-9, atol=1e-10)
    assert_close(direct, accumulated(network, other, k, steps).detach(), rtol=1e-9, atol=1e-10)
    silent = [validation_slope(start, other, k, steps, plain)[0] for start in (network, mirrored(network, k))]
    assert_close(torch.stack(silent).mean(0), torch.zeros(()), rtol=0, atol=1e-10)


def by_gates(formula: Steps, network: Network, k: int, part: float, steps: int) -> None:
    """At an open gate a step alpha/a on the gradient is the step alpha on the density, all the way."""
    gates = Interval(UNITS, k + part).gates().detach()
    first, second = (train(network, gates, k, steps, step).network for step in (over_gate, formula))
    open_units = gates > 0
    assert_close(second.outgoing[open_units].detach(), first.outgoing[open_units].detach(), rtol=1e-9, atol=1e-10)


def with_decay(power: float, factor: float) -> Callable[[Readout, int, int], Tensor]:
    """-factor |G|^2/lam (1 - (1 - alpha lam)^(power T)); the claim has power 2 and factor 1/2."""

    def slope(readout: Readout, k: int, steps: int) -> Tensor:
        pull = readout.pull(Interval(UNITS, float(k)).gates())[k].square().sum()
        left = math.pow(1 - RATE * readout.decay, power * steps)
        return -factor * (1 - left) / readout.decay * pull

    return slope


def by_decay(formula: Callable[[Readout, int, int], Tensor], readout: Readout, k: int, steps: int) -> None:
    """From the optimum of width k and W_k = 0: T steps alpha/a on W_k in the shipped L2(E), at a = 1e-6."""
    part = 1e-6
    gates, before = Interval(UNITS, k + part).gates().detach(), readout.optimum(Interval(UNITS, float(k)).gates())
    weights = before.weights.clone()
    for _ in range(steps):
        leaf = weights.clone().requires_grad_()
        (slope,) = torch.autograd.grad(readout.objective(leaf, gates, "l2"), leaf)
        weights[k] -= RATE / gates[k] * slope[k]
    change = (readout.objective(weights, gates, "l2") - before.value) / part
    assert_close(change, formula(readout, k, steps), rtol=1e-3, atol=1e-5)


def newborn(weight: float) -> Network:
    """One input 1 and a ReLU neuron with V = 1, target 1: h = v* = 1, G = -1."""
    one = torch.ones(1, 1)
    return Network(one, one, torch.full((1, 1), weight), one, torch.relu)


def capacity_loss(
    part: float, steps: int, incoming_step: Steps = plain, starts: tuple[float, ...] = (1.0, -1.0)
) -> float:
    """Mean loss after T shadow steps behind the gate a, minus that of no neuron, 1/2."""
    gates = torch.tensor([part])
    losses = [train(newborn(w), gates, 0, steps, over_gate, incoming_step).network.loss(gates) for w in starts]
    return float(torch.stack(losses).detach().mean()) - 0.5


def one_step() -> dict[str, float]:
    """Slopes at a = 1e-7 after one step of rate 1/4 from W = 1 and -1."""
    part = 1e-7
    figures = {
        "from 1": capacity_loss(part, 1, starts=(1.0,)),
        "from -1": capacity_loss(part, 1, starts=(-1.0,)),
        "mean": capacity_loss(part, 1),
        "mean, incoming too": capacity_loss(part, 1, over_gate),
    }
    return {name: round(rise / part, 5) for name, rise in figures.items()}


NETWORK = strategies.networks(UNITS, outputs=1, activations=("tanh",))

IDENTITY = Identity(
    id="N3.8",
    title="shadow training",
    source="here",
    place="training behind a linear mask with the gradient of L2(E)",
    printed=r"""$\frac{dC_T}{da}(0^+) = -\alpha \sum_{t<T} E\langle G_T^{\mathrm{val}}, G_t\rangle + \ldots$""",
    precise=r"""Linear mask, gate $a$ of neuron $k$, losses in $C^2$ of the output and activations in $C^2$. All
weights are trained for $T$ steps of gradient descent with rate $\alpha$ and fixed batches, except that the outgoing
weights of neuron $k$ alone take the step $\alpha/a$, which is $\alpha$ times the gradient density
$G_t = \langle F'(z_t), y_k\rangle$ and so defined at $a = 0$. Its initial weight $W_0$ has
$E[W_0 \mid \mathrm{rest}] = 0$. Let $C_T(k+a) = E L_{\mathrm{val}}$ after $T$ steps, with derivatives dominated by
an integrable function, and $G_T^{\mathrm{val}} = \langle F_{\mathrm{val}}', y_k\rangle$ then. On the path of width
$k$ ($a = 0$), which does not feel neuron $k$:

(i) $\frac{dC_T}{da}(0^+) = -\alpha \sum_{t<T} E\langle G_T^{\mathrm{val}}, G_t\rangle + E\langle \partial_\theta
L_{\mathrm{val}}, R_T\rangle$,

where $R_T$ is the response of the other weights $\theta$ to the outputs $-\alpha\, a\, y_k \sum_{s<t} G_s$ that the
neuron adds at step $t$. It is 0 at $T = 0$, and at $T = 1$ it has no response. With the plain step $\alpha$ for
$W_k$ the derivative is 0 for every $T$.

(ii) The immediate derivative of the shipped closed form at the integer, at the shadow-trained $W_k$, has the first
term for its mean.

(iii) There is noise in a single run, $\langle G_T^{\mathrm{val}}, W_0\rangle$ and its response; its mean is 0, and
it is absent if $W_0 = 0$. If the *incoming* weights of neuron $k$ also step by $\alpha/a$, (i) is false.

(iv) With decay $\frac{\lambda}{2} a |W_k|^2$ in L2(E), $W_0 = 0$ and the others at their optimum, loss and penalty
have the slope $-\frac{|G_k|^2}{2\lambda} (1 - (1-\alpha\lambda)^{2T})$ in $a$ at $0^+$, which goes from 0 to the
slope of N3.4 in about $1/\alpha\lambda$ steps.""",
    verdict=Verdict.HOLDS,
    proof=r"""$\frac{\alpha}{a} \partial L/\partial W_k = \alpha G_t$, so the map of one step is $C^1$ in $a$, at
$a = 0$ too. There $W_{k,T} = W_0 - \alpha\sum_{t<T} G_t$, and the output of neuron $k$, $a\, y_k W_{k,t}$, has the
derivative $y_k W_{k,t}$ in $a$, with $y_k$ at its initial incoming weights since their gradient is $O(a)$. The
chain rule gives $\langle G_T^{\mathrm{val}}, W_{k,T}\rangle + \langle\partial_\theta L_{\mathrm{val}},
\dot\theta_T\rangle$, where $\dot\theta_T$ is linear in $(W_{k,t})_t$. The $G_t$ and $\theta_t$ at $a = 0$ do not
depend on $W_0$, so the terms linear in $W_0$ have mean 0. With the plain step $W_{k,t} = W_0$ at $a = 0$: only such
terms. (iv) $W_T = -\frac{G}{\lambda}(1-q)$ with $q = (1-\alpha\lambda)^T$, and $\langle G, W_T\rangle +
\frac{\lambda}{2}|W_T|^2 = -\frac{|G|^2}{2\lambda}(1-q^2)$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="autograd through training, at the integer",
            check=by_autograd,
            claim=gain,
            wrong={
                "no response": accumulated,
                "response alone": response,
                "one step more": lambda n, v, k, steps: gain(n, v, k, steps + 1),
                "nothing": lambda n, v, k, steps: torch.zeros(()),
            },
            given={
                "network": NETWORK,
                "other": NETWORK,
                "k": st.integers(1, UNITS - 1),
                "steps": st.integers(1, 3),
            },
            examples=10,
        ),
        Witness(
            name="alpha/a on the gradient is alpha on the density",
            check=by_gates,
            claim=density,
            wrong={"the plain step": plain},
            given={
                "network": NETWORK,
                "k": st.integers(0, UNITS - 1),
                "part": strategies.fractions(),
                "steps": st.integers(1, 3),
            },
            examples=8,
        ),
        Witness(
            name="shadow training with decay",
            check=by_decay,
            claim=with_decay(2, 0.5),
            wrong={"one power": with_decay(1, 0.5), "no half": with_decay(2, 1.0)},
            given={
                "readout": strategies.readouts(UNITS),
                "k": st.integers(0, UNITS - 1),
                "steps": st.integers(0, 6),
            },
            examples=12,
        ),
    ),
    rates=(
        Rate(
            name="mean loss after 4 shadow steps, one unit",
            scales=[0.002 / 2**j for j in range(4)],
            error=lambda part: capacity_loss(part, 4),
            claim=Asymptote(1, -4 * RATE),
            wrong={"order 2": Asymptote(2), "half": Asymptote(1, -2 * RATE), "T - 1": Asymptote(1, -3 * RATE)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""One input $x = 1$, a ReLU neuron with $V = 1$, target 1, $L = \frac{1}{2}(z-1)^2$,
$\alpha = 1/4$, $T = 1$. After one shadow step $W = W_0 + \frac{1}{4}$, so the slope at $0^+$ is
$-W_0 - \frac{1}{4}$: $-1.25$ from $W_0 = 1$, $0.75$ from $-1$, $-0.25$ on average. If $V$ steps by $\alpha/a$ too,
$V = 1 + W_0/4$, and the mean of $-VW = -(1 + W_0/4)(W_0 + \frac{1}{4})$ is $-\frac{1}{4}(1 + W_0^2) = -0.5$.""",
            numbers={"from 1": -1.25, "from -1": 0.75, "mean": -0.25, "mean, incoming too": -0.5},
            compute=one_step,
            tolerance=1e-5,
        ),
    ),
    references=(
        "U. Evci et al., GradMax: growing neural networks using gradient information, ICLR 2022 (W = 0)",
        "R. Mitchell, R. Menzenbach, K. Kersting, M. Mundt, Self-expanding neural networks, arXiv 2307.04526",
        "L. Wu, D. Wang, Q. Liu, Splitting steepest descent for growing neural architectures, NeurIPS 2019",
    ),
    covers=("continuum.widths.interval", "continuum.widths.derivative", "continuum.widths.penalty.geometry"),
    document="n3_8_shadow_training.md",
)
