"""Discrete steps chatter about the kink, and the trained neuron frees gamma after a time like 1/(step of gamma)."""

from collections.abc import Callable
from math import gcd

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness

Shares = Callable[[float, float, float], tuple[float, float]]  # |l|, r, eta -> share of on-steps, mean gate
Bound = Callable[[float, float, float, float], float]  # |l|, r_0, eta, alpha |G|^2 -> steps


def derive() -> list[Derivation]:
    """Share and mean gate of a rotation, and the time that the averaged equation needs."""
    left, r, eta, x, rate = sp.symbols("l r eta x alpha", positive=True)  # l stands for |l|, alpha for alpha |G|^2
    on, off = eta * left, eta * r
    density = 1 / (on + off)
    share = Derivation("share of on-steps", density).apply(
        lambda e: sp.integrate(e, (x, 0, on)), left / (left + r), "uniform law of the rotation on [-eta r, eta l)"
    )
    mean = Derivation("mean gate", x * density).apply(
        lambda e: sp.integrate(e, (x, 0, on)), eta * left**2 / (2 * (left + r)), "the gate is x on [0, eta l)"
    )
    p, q, j = sp.symbols("p q j", integer=True, positive=True)
    start, gap = sp.symbols("x_0 d", positive=True)
    periodic = Derivation("mean gate, l/r = p/q", sp.Sum(start + gap * j, (j, 0, p - 1)) / (p + q)).apply(
        lambda e: sp.simplify(e.doit()), p * (2 * start + gap * (p - 1)) / (2 * (p + q)), "p equally spaced on-places"
    )
    periodic = periodic.apply(
        lambda e: sp.integrate(e, (start, 0, gap)) / gap, gap * p**2 / (2 * (p + q)), "mean over the phase x_0"
    )
    again = periodic.apply(
        lambda e: sp.simplify(e.subs(q, p * r / left).subs(gap, eta * left / p)),
        eta * left**2 / (2 * (left + r)),
        "p d = eta l",
    )
    time = Derivation("steps", 2 * (left + x) / (rate * eta * left**2)).apply(
        lambda e: sp.integrate(e, (x, 0, r)),
        r * (2 * left + r) / (rate * eta * left**2),
        "dn = -dr / (alpha mean gate)",
    )
    return [
        share.claims(on / (on + off), {"other side": r / (left + r), "half": sp.Rational(1, 2)}),
        mean.claims(
            eta * left / 2 * left / (left + r),
            {"while it is on": eta * left / 2, "lost half": eta * left**2 / (left + r)},
        ),
        again.claims(eta * left**2 / (left + r) / 2, {"lost half": eta * left**2 / (left + r)}),
        time.claims(
            (2 * left * r + r**2) / (rate * eta * left**2), {"r^2 twice": 2 * r * (left + r) / (rate * eta * left**2)}
        ),
    ]


def shares(left: float, r: float, eta: float) -> tuple[float, float]:
    """|l|/(|l|+r) and eta l^2 / (2(|l|+r))."""
    return left / (left + r), eta * left**2 / (2 * (left + r))


def slopes(gamma: Tensor, left: float, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Derivatives of the loss -|l| m_0 + W m_1 in gamma and in W (so r = W and G = 1), and the gate m_1."""
    width = Interval(2, gamma)
    weight = weight.detach().requires_grad_()
    first, second = width.gates().unbind(-1)
    by_gamma, by_weight = torch.autograd.grad((weight * second - left * first).sum(), [width.gamma, weight])
    return by_gamma, by_weight, second.detach()


def by_rotation(formula: Shares, p: int, q: int, unit: float, eta: float) -> None:
    """One period of the shipped gates' descent from 8 phases; over midpoints of phases the mean is exact."""
    p, q = p // gcd(p, q), q // gcd(p, q)
    left, r = p * unit, q * unit
    gamma = 1 + eta * unit * (torch.arange(8) + 0.5) / 8
    on, gate = torch.zeros(8), torch.zeros(8)
    for _ in range(p + q):
        slope, _, part = slopes(gamma, left, torch.full((8,), r))
        on, gate = on + (gamma >= 1), gate + part
        gamma = gamma - eta * slope
    share, mean = formula(left, r, eta)
    assert_close(on / (p + q), torch.full((8,), share), rtol=1e-12, atol=0)
    assert_close((gate / (p + q)).mean().item(), mean, rtol=1e-10, atol=0)


def steps_to_unpin(gamma: Tensor, left: float, start: float, eta: float, rate: float, most: int) -> Tensor:
    """Steps until r <= 0, by phase; ``most`` where that does not happen."""
    weight, count = torch.full_like(gamma, start), torch.full(gamma.shape, float(most), dtype=gamma.dtype)
    for step in range(most):
        by_gamma, by_weight, _ = slopes(gamma, left, weight)
        pinned = weight > 0  # an un-pinned width would leave the two tiles
        gamma, weight = torch.where(pinned, gamma - eta * by_gamma, gamma), weight - rate * by_weight
        count = torch.where(pinned & (weight <= 0), step + 1.0, count)
        if bool((weight <= 0).all()):
            break
    return count


def least(left: float, start: float, eta: float, rate: float) -> float:
    """r_0/(alpha eta |l| |G|^2)."""
    return start / (rate * eta * left)


def averaged(left: float, start: float, eta: float, rate: float) -> float:
    """r_0(2|l| + r_0)/(alpha eta l^2 |G|^2)."""
    return start * (2 * left + start) / (rate * eta * left**2)


def never_earlier(bound: Bound, left: float, start: float, eta: float, rate: float) -> None:
    """No phase un-pins before the bound."""
    phases = 1 - eta * start + eta * (left + start) * (torch.arange(16) + 0.5) / 16
    steps = bound(left, start, eta, rate)
    needed = steps_to_unpin(phases, left, start, eta, rate, 40)
    assert_close(torch.minimum(needed, torch.tensor(min(steps, 40.0))), torch.full((16,), min(steps, 40.0)))


LEFT, START, RATE = 1.0, 0.75, 0.25


def mean_steps(eta: float) -> float:
    """Mean over 128 phases and r_0 = 0.75 +- 1/16."""
    r = START + torch.linspace(-1, 1, 128) / 16
    phases = 1 - eta * r + eta * (LEFT + r) * ((0.5 + torch.arange(128) * 0.6180339887498949) % 1)
    weight, total, gamma = r, torch.zeros(128), phases
    while bool((weight > 0).any()):
        by_gamma, by_weight, _ = slopes(gamma, LEFT, weight)
        total = total + (weight > 0)
        gamma, weight = gamma - eta * by_gamma, torch.where(weight > 0, weight - RATE * by_weight, weight)
    return total.mean().item()


LIMIT = (START * (2 * LEFT + START) + (1 / 16) ** 2 / 3) / (RATE * LEFT**2)  # mean of r(2|l|+r) over the interval


def resonance() -> dict[str, float]:
    """|l| = r = 1, eta = 1/8, from the integer: steps by the formula, and W after 2000 steps."""
    gamma, weight = torch.ones(1), torch.ones(1)
    for _ in range(2000):
        by_gamma, by_weight, _ = slopes(gamma, 1.0, weight)
        gamma, weight = gamma - by_gamma / 8, weight - RATE * by_weight
    return {"formula": averaged(1.0, 1.0, 0.125, RATE), "W": weight.item(), "gamma": gamma.item()}


def adam_steps(eta: float) -> float:
    """Steps until r <= 0 when W follows Adam at rate 1/8, from gamma = 1 + eta/3; |l| = 1, r_0 = 0.75."""
    gamma, weight = torch.full((1,), 1 + eta / 3), torch.full((1,), START, requires_grad=True)
    optimiser = torch.optim.Adam([weight], lr=0.125)
    for step in range(1000):
        by_gamma, by_weight, _ = slopes(gamma, LEFT, weight)
        gamma, weight.grad = gamma - eta * by_gamma, by_weight
        optimiser.step()
        if weight.item() <= 0:
            return step + 1.0
    return 1000.0


IDENTITY = Identity(
    id="N1.3",
    title="chattering, and the time to un-pin",
    source="here",
    place="pinning",
    printed="",
    precise=r"""Interval gates with $p = 1$; near the integer $k$ the loss has the constant slopes $l < 0$ on the
left and $r > 0$ on the right; $\gamma$ takes steps of rate $\eta$ with the right derivative at $k$, and $\eta|l|
< 1$, $\eta r < 1$. (a) $r$ constant. After one pass $\gamma - k$ stays in $[-\eta r, \eta|l|)$ and moves by a
rotation of this circle by $\eta|l|$. The share of steps with the fresh neuron on tends to $|l|/(|l|+r)$ from
every phase. Its gate has the mean
$\langle a\rangle = \frac{\eta l^2}{2(|l|+r)}$
in time if $|l|/r$ is irrational. If $|l|/r = p/q$ in lowest terms the mean in time depends on the phase and lies
within a factor $1 \pm 1/p$ of it; its mean over phases is exact. (b) $W_k$ follows its gradient at rate $\alpha$
with $G_k$ constant, so that $r$ falls by $\alpha|G_k|^2 a$ a step. Let $n^*$ be the number of steps until $r \leq
0$. From every phase
$n^* \geq \frac{r_0}{\alpha\eta|l||G_k|^2},$
and as $\alpha\eta|G_k|^2 \rightarrow 0$ at fixed $|l|$,
$\alpha\eta|G_k|^2\,n^* \rightarrow \frac{r_0(2|l|+r_0)}{l^2}$
in measure with respect to the phase and $r_0$, uniform on a box. Single phases may never un-pin. In the time
$\alpha n^*$ of the flow of $W$ this is of order $1/\eta$: the continuous flow does not un-pin while $G_k$ stays
constant. For Adam the law fails.""",
    verdict=Verdict.HOLDS,
    proof=r"""(a) Below $k$ add $\eta|l|$, from $k$ on subtract $\eta r$: both are $+\eta|l|$ modulo
$\eta(|l|+r)$. The displacements cancel up to a bounded term, which gives the share; the mean of the gate is the
integral of the positive part over the circle (Weyl), or a sum over $p$ equally spaced places. (b) An on-step has
$a < \eta|l|$. For the limit, the map of $(\xi, r)$, $\xi = (\gamma-k)/\eta$, is injective with Jacobian $1$ or
$1-\varepsilon$, $\varepsilon = \alpha\eta|G_k|^2$, so that it carries Lebesgue measure over $N/\varepsilon$ steps
with a density of at most $e^{2N}$: Anosov's averaging argument applies, and $dr/dn = -\varepsilon l^2/(2(|l|+r))$
in the limit.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="one period of the shipped gates' descent",
            check=by_rotation,
            claim=shares,
            wrong={
                "sides exchanged": lambda left, r, eta: (r / (left + r), shares(left, r, eta)[1]),
                "mean while it is on": lambda left, r, eta: (left / (left + r), eta * left / 2),
                "lost half": lambda left, r, eta: (left / (left + r), eta * left**2 / (left + r)),
            },
            given={
                "p": st.integers(1, 6),
                "q": st.integers(1, 6),
                "unit": st.sampled_from([0.25, 0.375]),
                "eta": st.sampled_from([1 / 16, 1 / 64]),
            },
            examples=20,
        ),
        Witness(
            name="no phase un-pins earlier",
            check=never_earlier,
            claim=least,
            wrong={
                "the averaged time": averaged,
                "independent of the step": lambda left, start, eta, rate: start / (rate * eta**2 * left),
            },
            given={
                "left": strategies.numbers(0.5, 2),
                "start": strategies.numbers(0.125, 0.5),
                "eta": st.sampled_from([1 / 8, 1 / 4]),
                "rate": st.sampled_from([0.25, 0.5]),
            },
            examples=8,
        ),
    ),
    rates=(
        Rate(
            name="mean steps to un-pin, by eta",
            scales=[1 / 4, 1 / 8, 1 / 16, 1 / 32],
            error=mean_steps,
            claim=Asymptote(-1.0, LIMIT),
            wrong={
                "independent of eta": Asymptote(0.0),
                "order 1/eta^2": Asymptote(-2.0),
                "gate always on": Asymptote(-1.0, 2 * START / (RATE * LEFT)),
                "first share kept": Asymptote(-1.0, 2 * START * (LEFT + START) / (RATE * LEFT**2)),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""A phase that never un-pins: $|l| = r = 1$, $\eta = 1/8$, $\alpha|G|^2 = 1/4$, from $\gamma =
k$ exactly. The orbit alternates between $k$ and $k - 1/8$; the gate is $0$ at every step and $W$ keeps its value
$1$ for ever, while the averaged formula gives $96$ steps.""",
            numbers={"formula": 96.0, "W": 1.0, "gamma": 1.0},
            compute=resonance,
        ),
        Counterexample(
            text=r"""Adam is not proportional to the gradient: with $|l| = 1$, $r_0 = 0.75$, Adam at rate $1/8$
for $W$ and plain steps for $\gamma$ from $k + \eta/3$, $r$ reaches $0$ after $8$ steps at each of $\eta = 1/8$,
$1/64$ and $1/512$.""",
            numbers={"1/8": 8.0, "1/64": 8.0, "1/512": 8.0},
            compute=lambda: {f"1/{n}": adam_steps(1 / n) for n in (8, 64, 512)},
        ),
    ),
    references=(
        "D. V. Anosov, Averaging in systems of ordinary differential equations with rapidly oscillating solutions, "
        "1960",
        "Yu. Kifer, Averaging in difference equations driven by dynamical systems, Asterisque 287, 2003",
        "V. I. Utkin, Sliding Modes in Control and Optimization, 1992",
        "J. Wenshoj, B. Pepin, R. Selvan, Oscillations make neural networks robust to quantization, 2025 (oscillation "
        "about a threshold in training)",
    ),
    covers=("continuum.widths.interval",),
    document="n1_3_chattering.md",
)
