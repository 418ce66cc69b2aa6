"""The capacity loss is even in the gate of a fresh neuron; so its slope at an integer is decided by the mask."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, Unrolled
from continuum.widths import Interval
from proofs_checks import initial_scale, mask_orders, strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.training import (
    Descent,
    Weights,
    bilevel,
    capacity_loss,
    curvature,
    gates_at,
    mirrored,
    with_weights,
)

UNITS = 3
FRESH = UNITS - 1
Other = Callable[[Network, Network, Tensor, Descent], Tensor]
Limits = Callable[[float], dict[float, float]]  # kappa -> slope, by exponent


def derive() -> list[Derivation]:
    """One step of descent commutes with the sign; an even loss has no odd term; the mask enters by its square."""
    phi, w, alpha, y = sp.symbols("phi W alpha y", real=True)
    theta = sp.Symbol("theta", real=True)
    loss = sp.Function("F")
    value = loss(theta + phi * w * y)
    step = Derivation("step of W", w - alpha * sp.diff(value, w).doit())
    slope = sp.diff(loss(theta + phi * w * y), theta).doit()
    step = step.rewrite(w - alpha * phi * y * slope, "chain rule")
    step = step.apply(
        lambda e: -e.subs({phi: -phi, w: -w}, simultaneous=True),
        w - alpha * phi * y * slope,
        "mirror (phi, W), then mirror back",
    )
    even, kappa, rest, a = (
        sp.Symbol("Psi_0"),
        sp.Symbol("kappa", nonzero=True),
        sp.Symbol("b"),
        sp.Symbol("a", positive=True),
    )
    chains = [step.claims(w - alpha * slope * y * phi, {"odd": -w + alpha * slope * y * phi})]
    odd = Derivation("even function", even + rest * phi + kappa * phi**2)
    odd = odd.apply(lambda e: sp.solve(sp.Eq(e, e.subs(phi, -phi)), rest)[0], sp.Integer(0), "Psi(phi) = Psi(-phi)")
    chains.append(odd.claims(sp.Integer(0), {"kappa": kappa}))
    for power, limit in ((1, sp.Integer(0)), (sp.Rational(1, 2), sp.Integer(1)), (sp.Rational(1, 4), sp.oo)):
        quotient = Derivation(f"slope over kappa, mask a^{power}", (even + kappa * phi**2 - even).subs(phi, a**power))
        quotient = quotient.apply(lambda e: sp.limit(e / a / kappa, a, 0), limit, "a -> 0+", _same)
        wrong = {str(other): other for other in (sp.Integer(0), sp.Integer(1), sp.oo, sp.Integer(2)) if other != limit}
        chains.append(quotient.claims(limit, wrong, _same))
    return chains


def _same(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(left == right)


def gate_of(phi: float) -> Tensor:
    """All neurons on, the fresh one at any real gate: the shipped gates of |phi|, with the sign of phi."""
    sign = torch.ones(UNITS)
    sign[FRESH] = -1.0 if phi < 0 else 1.0
    return Interval(UNITS, FRESH + abs(phi)).gates().detach() * sign


def with_targets(network: Network, targets: Tensor) -> Network:
    """Validation rows: other inputs and targets, the same weights and loss."""
    return Network(
        network.inputs.flip(0) + 0.5, network.incoming, network.outgoing, targets, network.activation, network.criterion
    )


def at_mirror(network: Network, validation: Network, gates: Tensor, descent: Descent) -> Tensor:
    """C_T at -phi."""
    return capacity_loss(network, validation, gates, FRESH, descent)


def one_run(network: Network, validation: Network, gates: Tensor, descent: Descent) -> Tensor:
    """One run at -phi, without averaging over the sign of W_k."""
    trained = descent(network, gates)
    return with_weights(validation, (trained.incoming, trained.outgoing)).loss(gates)


def other_neuron(network: Network, validation: Network, gates: Tensor, descent: Descent) -> Tensor:
    """Averaged over the sign of another neuron."""
    return capacity_loss(network, validation, gates, 0, descent)


def is_even(other: Other, network: Network, targets: Tensor, phi: float, descent: Descent) -> None:
    """The capacity loss at phi against that at -phi; ReLU and Adam included."""
    validation = with_targets(network, targets)
    here = capacity_loss(network, validation, gate_of(phi), FRESH, descent).detach()
    assert_close(here, other(network, validation, gate_of(-phi), descent).detach(), rtol=1e-12, atol=1e-13)


Parity = tuple[float, float]  # factors of the loss and of its slope
SHIPPED = Unrolled(3, 0.25)


def by_unrolling(parity: Parity, network: Network, targets: Tensor, phi: float) -> None:
    """The shipped descent and its hypergradient in the gate, at phi and -phi: the loss is even, its slope odd."""
    validation = with_targets(network, targets)
    ahead, behind = (_unrolled(network, validation, sign * phi) for sign in (1, -1))
    assert_close(ahead, behind * torch.tensor(parity), rtol=1e-12, atol=1e-13)


def _unrolled(network: Network, validation: Network, phi: float) -> Tensor:
    """Psi_T and its derivative in phi."""
    on = torch.ones(FRESH)

    def loss(data: Network) -> Callable[[Weights, Tensor], Tensor]:
        return lambda weights, gate: with_weights(data, weights).loss(torch.cat([on, gate]))

    problem, at = Bilevel(inner=loss(network), outer=loss(validation)), torch.tensor([phi])
    runs = [SHIPPED(problem, (run.incoming, run.outgoing), at) for run in (network, mirrored(network, FRESH))]
    values = [torch.stack([problem.outer(run.parameters, at), run.total.squeeze()]) for run in runs]
    return torch.stack(values).mean(0).detach()


def has_slopes(limits: Limits, network: Network, targets: Tensor, steps: int) -> None:
    """The shipped hypergradient, averaged over both signs, at k (a^1, a^2) and at k + 2^-24 (a^(1/2))."""
    validation, rate = with_targets(network, targets), 0.125
    expected = limits(curvature(network, validation, FRESH, Descent(rate, steps)))
    assume(abs(expected[0.5]) > 1e-2 or expected[0.5] == 0)
    for exponent, part in ((1.0, 0.0), (2.0, 0.0), (0.5, 2.0**-24)):
        runs = [network, mirrored(network, FRESH)]
        results = [
            Unrolled(steps, rate)(
                bilevel(run, validation, exponent), (run.incoming, run.outgoing), torch.tensor(FRESH + part)
            )
            for run in runs
        ]
        mean = sum(float(result.total) for result in results) / 2
        assert_close(mean, expected[exponent], rtol=1e-4, atol=1e-6 if part else 1e-13)


def trichotomy(kappa: float) -> dict[float, float]:
    """0, 0 and kappa."""
    return {1.0: 0.0, 2.0: 0.0, 0.5: kappa}


def immediate(formula: Callable[[Tensor, Tensor], Tensor], network: Network) -> None:
    """kappa_0 from second derivatives of the loss, against the shipped square-root gate at k + 2^-20."""
    gates, part = gate_of(0.0), 2.0**-20
    contribution = network.contributions()[FRESH]
    along = [
        network.criterion(network.output(gates) + sign * contribution * 1e-3, network.targets) for sign in (-1, 0, 1)
    ]
    curved = (along[0] - 2 * along[1] + along[2]) / 1e-6  # <c, F'' c>
    runs = [network, mirrored(network, FRESH)]
    wide = gates_at(torch.tensor(FRESH + part), UNITS, 0.5)
    difference = (sum(run.loss(wide) for run in runs) / 2 - network.loss(gates)) / part
    assert_close(difference, formula(curved, part * torch.ones(())), rtol=1e-4, atol=1e-5)


def one_step(a: float, optimiser: type[torch.optim.Optimizer]) -> float:
    """(C_1(a) - C_1(0))/a for (aW - 1)^2/2, W_0 = 1 or -1, one step of rate 0.1."""
    total = 0.0
    for start in (1.0, -1.0):
        weight = torch.tensor(start, requires_grad=True)
        gate = Interval(1, a).gates().detach()[0]
        (weight.grad,) = torch.autograd.grad((gate * weight - 1) ** 2 / 2, weight)
        optimiser([weight], lr=0.1).step()  # type: ignore[call-arg]
        total += ((gate * weight - 1) ** 2 / 2).item() - 0.5
    return total / 2 / a


def of_one_run(factor: float, network: Network, targets: Tensor, steps: int) -> None:
    """The shipped hypergradient of one run at k, linear gate: from factor W_k it is factor times that from W_k."""
    validation, scale = with_targets(network, targets), torch.ones(UNITS, 1)
    scale[FRESH] = -2.0
    runs = [network, network.with_outgoing(network.outgoing * scale)]
    first, second = (
        Unrolled(steps, 0.125)(bilevel(run, validation), (run.incoming, run.outgoing), torch.tensor(float(FRESH)))
        for run in runs
    )
    assert_close(second.total.detach(), factor * first.total.detach(), rtol=1e-9, atol=1e-11)


IDENTITY = Identity(
    id="N2.2",
    title="evenness and the trichotomy",
    source="here",
    place="capacity loss",
    printed="",
    precise=r"""Let the network depend on the fresh neuron $k$ only through $\phi W_k\sigma(V_k, x)$, where $\phi =
\phi(a)$ is its gate at $\gamma = k+a$, $\phi(a) \rightarrow \phi(0) = 0$ as $a \rightarrow 0$, and $\gamma$ is
fixed during training. Let the validation loss be integrable, and the initial law and that of the batches not depend
on $\gamma$; let $(W_k, \mathrm{rest})$ and $(-W_k, \mathrm{rest})$ have the same law; let the optimiser commute
with the sign of $W_k$ and start in a symmetric state (gradient descent, momentum, Adam, decay, clipping by the
norm). Then $C_T(k+a) = \Psi_T(\phi(a))$ with an even function $\Psi_T$. If $\Psi_T(\phi) = \Psi_T(0) +
\kappa_T\phi^2 + o(\phi^2)$ (which holds if training losses and penalties are $C^3$ and the validation loss $C^2$,
there are finitely many batches, the steps are those of gradient descent or momentum, and the initial law is
bounded), then with $\psi = \phi^2$
$C_T(k+a) = C_T(k) + \kappa_T\psi(a) + o(\psi(a)), \quad \kappa_0 = \frac{1}{2}E\langle c_k, F''(S_k)c_k\rangle.$
For $\kappa_T \neq 0$ the right derivative of $C_T$ at $k$ is $0$ if $\psi = o(a)$, finite and not $0$ if $\psi \sim
ca$, infinite if $a = o(\psi)$. So for the interval mask $\phi = a$ the exact hypergradient of the capacity loss,
direct part plus response, is $0$ at $k$ on the right for every $T$, and $C_T + \rho\gamma$ has the right derivative
$\rho > 0$ at every integer, which a gradient flow then never crosses upwards. At $\rho = 0$ the integer is
stationary, and unstable if $\kappa_T < 0$.

This is true of the mean over $W_k$ and $-W_k$: the derivative of a single run is linear in $W_k(0)$ and, where it is
not $0$, its sign is a fair coin. If the initial scale of the old outgoing weights is $\gamma^{-1/2}$, as in the
engine's standard scaling, $C_T$ has at $k$ the further slope $-\frac{1}{2k}E\langle\partial L_{val}/\partial W(0),
W(0)\rangle$, at $T = 0$ $-\frac{1}{2k}E\langle F'(S_k), S_k\rangle$. And steps must be proportional to gradients: for
Adam $\Psi_T$ is even as well, but its expansion holds only for $\phi|g| \ll \epsilon$, with Adam's $\epsilon$ and the
gradient $\phi g$; above, the slope is of first order (N2.6).""",
    verdict=Verdict.HOLDS,
    proof=r"""$(\phi, W_k) \rightarrow (-\phi, -W_k)$ leaves $\phi W_k$ and all outputs as they are; $\partial
L/\partial W_k = \phi\langle F', \sigma\rangle$ changes its sign, all other gradients, $\partial L/\partial V_k$
among them, stay. By induction the two runs are mirror images and have the same validation loss; average over the
sign of $W_k(0)$. An even function with a second-order expansion has no first-order term. Insert $\phi(a)$ and
divide by $a$. $P = C_T + \rho\gamma$ has $P(k+a) = P(k) + \rho a + o(a) > P(k)$ for small $a > 0$, and does not
rise along its flow: from $k$ the flow reaches no such point. At $\phi = 0$ a run does not feel $W_k$, which stays at
$W_k(0)$: the derivative of its loss along the outputs $\phi y_kW_k(0)$ is linear in it. $\gamma^{-1/2}$ has the
logarithmic derivative $-\frac{1}{2\gamma}$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="evenness: descent, momentum, Adam, decay; tanh and ReLU (mathematics alone)",
            check=is_even,
            claim=at_mirror,
            wrong={"one sign of W only": one_run, "sign of another neuron": other_neuron},
            given={
                "network": strategies.networks(UNITS),
                "targets": strategies.tensors(3, 1),
                "phi": strategies.fractions(1 / 8),
                "descent": st.sampled_from(
                    [
                        Descent(0.25, 3),
                        Descent(0.25, 3, momentum=0.5, decay=0.125),
                        Descent(0.25, 3, adam=True),
                        Descent(0.25, 3, decay=0.125, adam=True),
                    ]
                ),
            },
            examples=6,
        ),
        Witness(
            name="evenness of the shipped descent, oddness of its hypergradient in the gate",
            check=by_unrolling,
            claim=(1.0, -1.0),
            wrong={"odd loss": (-1.0, -1.0), "even slope": (1.0, 1.0)},
            given={
                "network": strategies.networks(UNITS),
                "targets": strategies.tensors(3, 1),
                "phi": strategies.fractions(1 / 8),
            },
            examples=6,
        ),
        Witness(
            name="slope at an integer by the shipped hypergradient",
            check=has_slopes,
            claim=trichotomy,
            wrong={
                "every mask has slope kappa": lambda kappa: {1.0: kappa, 2.0: kappa, 0.5: kappa},
                "every mask has slope 0": lambda kappa: {1.0: 0.0, 2.0: 0.0, 0.5: 0.0},
                "twice": lambda kappa: {1.0: 0.0, 2.0: 0.0, 0.5: 2 * kappa},
            },
            given={
                "network": strategies.networks(UNITS, outputs=1, activations=("tanh",)),
                "targets": strategies.tensors(3, 1),
                "steps": st.integers(1, 2),
            },
            examples=4,
        ),
        Witness(
            name="immediate loss",
            check=immediate,
            claim=lambda curved, part: curved / 2,
            wrong={
                "not halved": lambda curved, part: curved,
                "sign": lambda curved, part: -curved / 2,
                "none": lambda curved, part: 0 * curved,
            },
            given={"network": strategies.networks(UNITS)},
            examples=6,
        ),
        Witness(
            name="one run by the shipped hypergradient, from -2 W_k",
            check=of_one_run,
            claim=-2.0,
            wrong={"even": 2.0, "silent": 0.0},
            given={
                "network": strategies.networks(UNITS, outputs=1, activations=("tanh",)),
                "targets": strategies.tensors(3, 1),
                "steps": st.integers(1, 2),
            },
            examples=5,
        ),
        Witness(
            name="slope at an integer from starts of the engine's standard scale",
            check=initial_scale.by_scaling,
            claim=initial_scale.half_over_width,
            wrong={
                "none": lambda k, slope: 0 * slope,
                "1/k": lambda k, slope: -slope / k,
                "-1/2 at every width": lambda k, slope: -slope / 2,
            },
            given={
                "network": strategies.networks(UNITS, outputs=1, activations=("tanh",)),
                "validation": strategies.networks(UNITS, outputs=1, activations=("tanh",)),
                "steps": st.integers(0, 3),
            },
            examples=5,
        ),
    ),
    rates=mask_orders.masks(),
    counterexamples=(
        Counterexample(
            text=r"""Adam: $L = \frac{1}{2}(aW-1)^2$, $W_0 = \pm 1$, one step of rate $0.1$. The gradient is about
$-a$, and Adam moves $W$ by $0.1\,a/(a+10^{-8})$ whatever its size. So $(C_1(a)-C_1(0))/a$ is $-0.1 + 0.000506 =
-0.099494$ at $a = 10^{-3}$: a slope of first order under the interval mask. Only at $a = 10^{-9}$ does it shrink,
to $-0.1/11 = -0.009091$. Gradient descent has $0.000400$ at $a = 10^{-3}$, that is $\kappa_1 a$ with $\kappa_1 =
1/2 - 0.1$.""",
            numbers={"Adam, 1e-3": -0.099494, "Adam, 1e-9": -0.009091, "descent, 1e-3": 0.000400},
            compute=lambda: {
                "Adam, 1e-3": one_step(1e-3, torch.optim.Adam),
                "Adam, 1e-9": one_step(1e-9, torch.optim.Adam),
                "descent, 1e-3": one_step(1e-3, torch.optim.SGD),
            },
            tolerance=6e-7,
        ),
        Counterexample(
            text=r"""The initial law must not depend on $\gamma$: outgoing weights of variance $1/\max(\gamma, 1)$
give the mean initial loss $\frac{1}{2}(1+a^2)/(1+a)$ for $F(z) = \frac{1}{2}z^2$ and $y = 1$, whose slope at $a =
0$ is $-0.5$; with the variance of $\gamma = 1$ it is $0$. (The figure is that of $k = 1$: $-E y^2/2k$ in general.)""",
            numbers={"std by width": -0.5, "fixed std": 0.0},
            compute=initial_scale.one_old_unit,
            tolerance=2e-6,
        ),
    ),
    references=(
        "A. Zela, T. Elsken, T. Saikia, Y. Marrakchi, T. Brox, F. Hutter, Understanding and robustifying "
        "differentiable architecture search, ICLR 2020",
        "Y. Wu, M. Ren, R. Liao, R. Grosse, Understanding short-horizon bias in stochastic meta-optimization, "
        "ICLR 2018",
        "L. Ziyin, Symmetry induces structure and constraint of learning, ICML 2024 (a mirror symmetry of the loss "
        "makes the mirror stationary)",
    ),
    covers=(
        "continuum.widths.interval",
        "continuum.widths.power",
        "continuum.hypergrad.unrolled",
        "continuum.ensemble.initial",
    ),
    document="n2_2_trichotomy.md",
)
