"""One fresh neuron, squared loss, T steps of descent: the capacity loss in closed form, and its horizon."""

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, Unrolled
from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.training import gates_at


@dataclass(frozen=True)
class Model:
    """h (phi W - v)^2 / 2 for training and k (phi W - u)^2 / 2 for validation, W_0 = s or -s."""

    h: float
    v: float
    k: float
    u: float
    s: float
    rate: float
    steps: int


Parts = Callable[[Model, float], tuple[float, float]]  # model, phi -> d C_T / d psi: direct part, total


def derive() -> list[Derivation]:
    """Solve the recursion of descent, average over the start, differentiate at psi = 0."""
    h, k, s, alpha, phi, psi = sp.symbols("h k s alpha phi psi", positive=True)
    v, u, w0 = sp.symbols("v u W_0", real=True)
    t, steps = sp.symbols("t T", integer=True, positive=True)
    w, name = sp.Function("w"), sp.Function("W")
    contraction = 1 - alpha * h * phi**2
    solved = sp.rsolve(name(t + 1) - contraction * name(t) - alpha * h * phi * v, name(t), {name(0): w0})
    residual = Derivation("residual after t steps", phi * solved - v)
    residual = residual.rewrite((phi * w0 - v) * contraction**t, "phi W_t - v contracts", _powers)

    def mean(e: sp.Expr) -> sp.Expr:
        return (e.subs(w0, s) + e.subs(w0, -s)) / 2

    loss = Derivation("Psi_T", h * ((phi * w0 - v) * contraction**steps) ** 2 / 2).apply(
        mean, h * (v**2 + s**2 * phi**2) * contraction ** (2 * steps) / 2, "W_0 has mean 0 and variance s^2"
    )
    loss = loss.apply(
        lambda e: sp.diff(e.subs(phi, sp.sqrt(psi)), psi).subs(psi, 0),
        h * s**2 / 2 - alpha * steps * h**2 * v**2,
        "derivative in psi at 0",
    )
    kappa = h * s**2 / 2 - alpha * steps * h**2 * v**2
    loss = loss.claims(
        kappa, {"half the gain": h * s**2 / 2 - alpha * steps * h**2 * v**2 / 2, "noise twice": kappa + h * s**2 / 2}
    )

    horizon = Derivation("horizon", kappa).apply(
        lambda e: sp.solve(e, steps)[0], s**2 / (2 * alpha * h * v**2), "kappa_T = 0"
    )
    trained = (phi * w0 - v) * contraction**steps  # phi W_T - v
    output = Derivation("other validation target", k * (trained + v - u) ** 2 / 2).apply(
        lambda e: sp.diff(sp.expand(mean(e)).subs(phi, sp.sqrt(psi)), psi).subs(psi, 0),
        k * s**2 / 2 - alpha * steps * h * k * v * u,
        "mean, then derivative in psi at 0",
    )
    direct = Derivation("direct part", k * (phi * w(t) - u) ** 2 / 2).apply(
        lambda e: sp.diff(e, phi) / (2 * phi),
        k * (phi * w(t) - u) * w(t) / (2 * phi),
        "W_T frozen, dphi/dpsi = 1/(2 phi)",
    )
    direct = direct.apply(
        lambda e: sp.limit(sp.simplify(mean(e.subs(w(t), (trained + v) / phi)).subs(steps, 3)), phi, 0),
        (k * s**2 / 2 - alpha * 3 * h * k * u * v / 2),
        "mean, then phi -> 0, for T = 3",
    )
    whole = k * s**2 / 2 - alpha * steps * h * k * u * v
    return [
        residual.claims((phi * w0 - v) * contraction**t, {"no contraction": phi * w0 - v}),
        loss,
        horizon.claims(s**2 / (2 * alpha * h * v**2), {"twice": s**2 / (alpha * h * v**2)}),
        output.claims(whole, {"targets do not matter": kappa}),
        direct.claims((k * s**2 - 3 * alpha * h * k * u * v) / 2, {"the total": whole.subs(steps, 3)}),
    ]


def _powers(left: sp.Expr, right: sp.Expr) -> bool:
    t = next(symbol for symbol in left.free_symbols if symbol.name == "t")
    return all(sp.simplify((left - right).subs(t, n)) == 0 for n in range(1, 5))


def parts_of(model: Model, phi: float) -> tuple[float, float]:
    """d C_T/d psi from the closed form: with W_T frozen, and in all."""
    h, v, k, u, s, T = model.h, model.v, model.k, model.u, model.s, model.steps
    c = 1 - model.rate * h * phi**2
    direct = total = 0.0
    for start in (s, -s):
        error = (phi * start - v) * c**T + v - u
        weight = (error + u) / phi
        change = start * c**T - (phi * start - v) * T * c ** (T - 1) * 2 * model.rate * h * phi
        direct += k * error * weight / (2 * phi) / 2
        total += k * error * change / (2 * phi) / 2
    return direct, total


def at_zero(model: Model) -> tuple[float, float]:
    """k s^2/2 - alpha T h k v u/2, and the total k s^2/2 - alpha T h k v u."""
    noise, gain = model.k * model.s**2 / 2, model.rate * model.steps * model.h * model.k * model.v * model.u
    return noise - gain / 2, noise - gain


def shipped(model: Model, a: float, exponent: float = 0.5) -> tuple[float, float]:
    """Direct part and total of the shipped hypergradient in gamma = a, averaged over W_0 = s and -s."""

    def loss(size: float, target: float) -> Callable[[Tensor, Tensor], Tensor]:
        return lambda w, gamma: size * (gates_at(gamma, 1, exponent)[0] * w - target) ** 2 / 2

    problem, method = Bilevel(loss(model.h, model.v), loss(model.k, model.u)), Unrolled(model.steps, model.rate)
    results = [method(problem, torch.tensor(start), torch.tensor(a)) for start in (model.s, -model.s)]
    direct, total = (
        sum(float(value) for value in column) / 2
        for column in zip(*((f.direct, f.total) for f in results), strict=True)
    )
    return direct, total


def by_hypergradient(formula: Parts, model: Model, a: float) -> None:
    """The square-root gate (psi = a) inside the tile."""
    direct, total = formula(model, a**0.5)
    actual = shipped(model, a)
    assert_close(actual[0], direct, rtol=1e-9, atol=1e-11)
    assert_close(actual[1], total, rtol=1e-9, atol=1e-11)


def near_zero(formula: Callable[[Model], tuple[float, float]], model: Model) -> None:
    """Both parts at psi = 2^-24, which are O(psi) away from their limits."""
    actual, expected = shipped(model, 2.0**-24), formula(model)
    assume(abs(expected[0]) + abs(expected[1]) > 0.1)
    assert_close(torch.tensor(actual), torch.tensor(expected), rtol=1e-5, atol=1e-5)


MODELS = st.builds(
    Model,
    h=strategies.numbers(0.25, 2),
    v=strategies.numbers(0.5, 2),
    k=strategies.numbers(0.25, 2),
    u=strategies.numbers(-2, 2),
    s=strategies.numbers(0.25, 2),
    rate=st.sampled_from([0.0625, 0.25]),
    steps=st.integers(1, 6),
)
SHOWN = Model(h=1.0, v=1.0, k=1.0, u=1.0, s=2.0, rate=0.125, steps=24)


def swapped(model: Model, phi: float) -> tuple[float, float]:
    """The two parts exchanged."""
    direct, total = parts_of(model, phi)
    return total, direct


def no_validation(model: Model, phi: float) -> tuple[float, float]:
    """As if validation were the training loss."""
    same = Model(model.h, model.v, model.h, model.v, model.s, model.rate, model.steps)
    return parts_of(same, phi)


def one_step_less(model: Model, phi: float) -> tuple[float, float]:
    """T - 1 steps in the response."""
    shorter = Model(model.h, model.v, model.k, model.u, model.s, model.rate, model.steps - 1)
    return parts_of(model, phi)[0], parts_of(shorter, phi)[1]


def numbers_at(steps: int) -> tuple[float, float]:
    """Direct part and total of SHOWN at psi = 1e-9 after some steps."""
    return shipped(Model(**{**SHOWN.__dict__, "steps": steps}), 1e-9)


def horizon() -> dict[str, float]:
    """Between T_c and 2 T_c the direct part has the wrong sign."""
    return {
        "total at 24": numbers_at(24)[1],
        "direct at 24": numbers_at(24)[0],
        "total at 16": numbers_at(16)[1],
        "direct at 32": numbers_at(32)[0],
    }


ROWS = torch.tensor([[1.0, -0.5, 0.75], [0.25, 1.0, -1.0], [-0.5, 0.5, 1.0], [1.0, 1.0, 0.5]], dtype=torch.float64)
TARGETS = torch.tensor([1.0, -1.0, 2.0, 0.5], dtype=torch.float64)
STEP = 0.25


def frozen_features(steps: int) -> float:
    """kappa_T of a readout on two old features and a fresh third one, W_0 = 1 or -1, outer loss = training loss."""
    phi, total = 2.0**-12, 0.0
    for sign, gamma in ((1.0, 2 + phi), (-1.0, 2 + phi), (1.0, 2.0), (-1.0, 2.0)):
        gated = ROWS * Interval(3, gamma).gates().detach()
        weights = torch.tensor([0.0, 0.0, sign])
        for _ in range(steps):
            weights = weights - STEP * gated.T @ (gated @ weights - TARGETS) / 4
        loss = (gated @ weights - TARGETS).square().mean().item() / 2
        total += (loss if gamma > 2 else -loss) / 2
    return total / phi**2


def remaining_gradient() -> float:
    """|G|^2 of the fresh feature at the optimum of the old ones."""
    old = ROWS[:, :2]
    residual = old @ torch.linalg.lstsq(old, TARGETS).solution - TARGETS
    return float((residual @ ROWS[:, 2] / 4) ** 2)


IDENTITY = Identity(
    id="N2.3",
    title="a solvable model and its horizon",
    source="here",
    place="capacity loss",
    printed="",
    precise=r"""$L_{tr} = \frac{h}{2}(\phi W - v)^2$, $W_0$ of mean $0$ and variance $s^2$, $T$ steps of gradient
descent at rate $\alpha$, $\psi = \phi^2$. The mean training loss after $T$ steps is
$\Psi_T(\phi) = \frac{h}{2}(v^2 + s^2\phi^2)(1 - \alpha h\phi^2)^{2T}.$
For the validation loss $\frac{k}{2}(\phi W - u)^2$ the capacity loss has at $\psi = 0$ the derivative
$\kappa_T = \frac{dC_T}{d\psi} = \frac{k s^2}{2} - \alpha T h k v u,$
of which the direct part ($W_T$ frozen, $\psi \rightarrow 0$) is $\frac{1}{2}ks^2 - \frac{1}{2}\alpha Thkvu$ and
the response $-\frac{1}{2}\alpha Thkvu$. For $vu > 0$ the total is negative iff $T > T_c$,
$T_c = \frac{s^2}{2\alpha h v u},$
and the direct part iff $T > 2T_c$: between the two it has the wrong sign. For $vu \leq 0$ a wider layer never
pays to this order. More generally, let hidden features be frozen, $F$ convex and $C^3$, validation the training
loss, and let gradient descent on the old readout converge exponentially to a strict minimum, where $G_\infty =
\langle F', y_k\rangle$. Then
$\kappa_T/T \rightarrow -\alpha|G_\infty|^2.$""",
    verdict=Verdict.HOLDS,
    proof=r"""$\phi W_{t+1} - v = (1-\alpha h\phi^2)(\phi W_t - v)$. Hence $\phi W_T = v + (\phi W_0 - v)(1-\alpha
h\psi)^T = \phi W_0 + \alpha Th\psi v + O(\phi^3)$, and the mean of $\frac{k}{2}(\phi W_T-u)^2$ is
$\frac{k}{2}(u^2 + s^2\psi) - \alpha Thkvu\,\psi + O(\psi^2)$. With $W_T$ frozen the derivative is the mean of
$k(\phi W_T - u)W_T/(2\phi)$, and $W_T = W_0 + \alpha Th\phi v + O(\phi^2)$. For frozen features the terms of
order $\phi^2$ in the loss are $-\alpha\langle G_T, G_0 + \dots + G_{T-1}\rangle$, a second-derivative term that
stays bounded, and the old gradient, exponentially small, times a change of the old weights that grows linearly.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped hypergradient through the square-root gate",
            check=by_hypergradient,
            claim=parts_of,
            wrong={"parts exchanged": swapped, "training loss": no_validation, "one step less": one_step_less},
            given={"model": MODELS, "a": strategies.fractions(1 / 16)},
            examples=12,
        ),
        Witness(
            name="both parts near psi = 0",
            check=near_zero,
            claim=at_zero,
            wrong={
                "no response": lambda model: (at_zero(model)[0], at_zero(model)[0]),
                "no noise": lambda model: tuple(part - model.k * model.s**2 / 2 for part in at_zero(model)),
                "sign of the gain": lambda model: tuple(model.k * model.s**2 - part for part in at_zero(model)),
            },
            given={"model": MODELS},
            examples=12,
        ),
    ),
    rates=(
        Rate(
            name="total minus its limit, by psi",
            scales=[1e-2, 1e-3, 1e-4],
            error=lambda a: shipped(SHOWN, a)[1] - at_zero(SHOWN)[1],
            claim=Asymptote(1.0),
            wrong={"order 1/2": Asymptote(0.5), "order 2": Asymptote(2.0)},
        ),
        Rate(
            name="frozen features, kappa_2T - kappa_T by T",
            scales=[32.0, 64.0, 128.0],
            error=lambda steps: frozen_features(2 * int(steps)) - frozen_features(int(steps)),
            claim=Asymptote(1.0, -STEP * remaining_gradient()),
            wrong={
                "bounded": Asymptote(0.0),
                "half": Asymptote(1.0, -STEP * remaining_gradient() / 2),
                "sign": Asymptote(1.0, STEP * remaining_gradient()),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""The direct part alone misleads: $h = v = k = u = 1$, $s = 2$, $\alpha = 1/8$, so that $T_c =
16$. At $T = 24$ the total is $2 - 3 = -1$ and the direct part $2 - 1.5 = 0.5$. The total vanishes at $T = 16$,
the direct part at $T = 32$.""",
            numbers={"total at 24": -1.0, "direct at 24": 0.5, "total at 16": 0.0, "direct at 32": 0.0},
            compute=horizon,
            tolerance=1e-6,
        ),
    ),
    references=(
        "Y. Wu, M. Ren, R. Liao, R. Grosse, Understanding short-horizon bias in stochastic meta-optimization, "
        "ICLR 2018 (noisy quadratic: short horizons mislead the learning rate)",
        "A. Shaban, C.-A. Cheng, N. Hatch, B. Boots, Truncated back-propagation for bilevel optimization, AISTATS 2019",
    ),
    covers=("continuum.widths.interval", "continuum.widths.power", "continuum.hypergrad.unrolled"),
    document="n2_3_solvable_model.md",
)
