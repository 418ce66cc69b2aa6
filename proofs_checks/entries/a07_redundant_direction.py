"""Gate and weight enter as a product: one redundant direction, a conserved quantity, and a dead point at a = 0."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor

from continuum.widths import Interval
from proofs_checks import gated_product as product
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.shipped import linears, mlp

UNITS = 4


# ---- symbols ---------------------------------------------------------------------------------------------------------

A, W1, W2 = sp.symbols("a W_1 W_2", real=True)
SLOPES = sp.symbols("g_1 g_2", real=True)  # gradient g of the loss in v = a W


def derive() -> list[Derivation]:
    """All from l = Phi(a W_1, a W_2), two outputs; incoming weights from F(S + a W sigma(V x + b))."""
    return [_euler(), _kernel(), _birth(), _flow(), _conserved(), _discrete(), _incoming()]


def _gradients() -> tuple[sp.Expr, ...]:
    """dl/da, dl/dW_1, dl/dW_2, with g_i for the derivative of Phi in v_i."""
    loss = sp.Function("Phi")(A * W1, A * W2)
    names = dict(zip((A * W1, A * W2), SLOPES, strict=True))
    named = (sp.diff(loss, x).replace(sp.Subs, lambda _, __, point: names[point[0]]) for x in (A, W1, W2))
    return tuple(named)


def _euler() -> Derivation:
    da, d1, d2 = _gradients()
    g1, g2 = SLOPES
    chain = Derivation("dl/da by the chain rule", da).rewrite(g1 * W1 + g2 * W2, "v = a W")
    chain = chain.apply(lambda e: A * e, W1 * d1 + W2 * d2, "times a, against <W, dl/dW>")
    return chain.claims(A * (g1 * W1 + g2 * W2), {"without a": g1 * W1 + g2 * W2, "frozen W": sp.Integer(0)})


def _kernel() -> Derivation:
    chain = Derivation("(a, W) -> a W", sp.Matrix([A * W1, A * W2]))
    chain = chain.apply(lambda e: e.jacobian([A, W1, W2]), sp.Matrix([[W1, A, 0], [W2, 0, A]]), "Jacobian")
    claim = sp.Matrix([A, -W1, -W2])
    chain = chain.apply(lambda e: sp.Matrix.hstack(*e.nullspace()), claim, "its kernel is a line", test=_parallel)
    return chain.claims(claim, {"(a, W)": sp.Matrix([A, W1, W2]), "(1, -W)": sp.Matrix([1, -W1, -W2])}, test=_parallel)


def _birth() -> Derivation:
    chain = Derivation("(a, W) -> a W at a = 0", sp.Matrix([A * W1, A * W2]))
    born = sp.Matrix([[W1, 0, 0], [W2, 0, 0]])
    chain = chain.apply(lambda e: e.jacobian([A, W1, W2]).subs(A, 0), born, "W has no effect")
    chain = chain.apply(lambda e: sp.Integer(e.rank()), sp.Integer(1), "rank for W != 0")
    return chain.claims(sp.Integer(1), {"m": sp.Integer(2), "m + 1": sp.Integer(3)})


def _parallel(left: sp.Matrix, right: sp.Matrix) -> bool:
    return bool(left.row_join(right).applyfunc(sp.simplify).rank() == 1)


def _flow() -> Derivation:
    da, d1, d2 = _gradients()
    g, weight = sp.Matrix(SLOPES), sp.Matrix([W1, W2])
    moved = sp.Matrix([A * W1, A * W2]).jacobian([A, W1, W2]) * -sp.Matrix([da, d1, d2])
    chain = Derivation("dv/dt = J (da/dt, dW/dt) under gradient flow", moved)
    claim = -(A**2 * sp.eye(2) + weight * weight.T) * g
    chain = chain.rewrite(claim, "J J^T = a^2 I + W W^T")
    wrong = {"parallel to g": -(A**2 + W1**2 + W2**2) * g, "W alone": -(A**2) * g}
    return chain.claims(claim, wrong)


def _conserved() -> Derivation:
    time = sp.Symbol("t", real=True)
    da, d1, d2 = _gradients()
    path = {x: sp.Function(x.name)(time) for x in (A, W1, W2)}
    flow = {sp.diff(path[x], time): -rate.subs(path) for x, rate in zip((A, W1, W2), (da, d1, d2), strict=True)}

    def drift(quantity: sp.Expr) -> sp.Expr:
        return sp.expand(sp.diff(quantity.subs(path), time).subs(flow)).subs({v: k for k, v in path.items()})

    chain = Derivation("a^2 - |W|^2 along the flow", A**2 - W1**2 - W2**2)
    chain = chain.apply(drift, sp.Integer(0), "differentiate in time, insert the flow")
    wrong = {"a^2 + |W|^2": drift(A**2 + W1**2 + W2**2), "a^2 - W_1^2": drift(A**2 - W1**2)}
    return chain.claims(sp.Integer(0), wrong)


def _discrete() -> Derivation:
    da, d1, d2 = _gradients()
    alpha, beta = sp.symbols("alpha beta", positive=True)
    quantity = A**2 / beta - (W1**2 + W2**2) / alpha
    step = {A: A - beta * da, W1: W1 - alpha * d1, W2: W2 - alpha * d2}
    g1, g2 = SLOPES
    claim = beta * (g1 * W1 + g2 * W2) ** 2 - alpha * A**2 * (g1**2 + g2**2)
    chain = Derivation("a^2/beta - |W|^2/alpha at rates beta, alpha", quantity)
    chain = chain.apply(lambda e: sp.expand(e.subs(step, simultaneous=True) - e), claim, "one step of descent")
    return chain.claims(claim, {"conserved": sp.Integer(0), "sign": -claim})


def _incoming() -> Derivation:
    v, x, b, base, weight = sp.symbols("V x b S W", real=True)
    p, loss = sp.Symbol("p", positive=True), sp.Function("F")  # p = V x + b > 0; where it is < 0 both sides are 0

    def sides(activation: Callable[[sp.Expr], sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
        value = loss(base + A * weight * activation(v * x + b))
        euler, gate = v * sp.diff(value, v) + b * sp.diff(value, b), A * sp.diff(value, A)
        return euler.subs(b, p - v * x).doit(), gate.subs(b, p - v * x).doit()

    left, right = sides(lambda e: e)
    chain = Derivation("<V, dl/dV> + b dl/db of an active ReLU neuron", left)
    chain = chain.rewrite(right, "Euler: sigma'(p) p = sigma(p)", test=_expanded)
    return chain.claims(right, {"tanh": sides(sp.tanh)[0], "without a": right / A}, test=_expanded)


def _expanded(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(sp.expand((left - right).replace(sp.Function("F"), sp.exp).doit()) == 0)


# ---- figures ---------------------------------------------------------------------------------------------------------

GATE, WEIGHT, TARGET, TIME = 0.25, 1.0, 0.5, 6.0
CONSERVED = GATE**2 - WEIGHT**2


def _constant() -> float:
    """-C int (t - v) / sqrt(C^2 + 4 v^2) dv from a W to t, since (a^2 + W^2)^2 = C^2 + 4 v^2."""

    def primitive(v: float) -> float:
        return TARGET / 2 * math.asinh(2 * v / abs(CONSERVED)) - math.hypot(CONSERVED, 2 * v) / 4

    return -CONSERVED * (primitive(TARGET) - primitive(GATE * WEIGHT))


def total_drift(rate: float) -> float:
    """a^2 - W^2 at time 6 minus its start: descent on (a W - 1/2)^2 / 2 from a = 1/4, W = 1 by the shipped gates."""
    width, weight = Interval(1, GATE), torch.tensor([WEIGHT], requires_grad=True)
    for _ in range(round(TIME / rate)):
        loss = (width.gates() @ weight - TARGET).square() / 2
        slope, pull = torch.autograd.grad(loss, [width.gamma, weight])
        with torch.no_grad():
            width.gamma -= rate * slope
            weight -= rate * pull
    return float(width.gamma.detach() ** 2 - weight.detach() ** 2) - CONSERVED


def _velocity(a: float, weight: list[float], g: list[float]) -> tuple[float, Tensor, Tensor]:
    """dl/da, dl/dW and dv/dt for the loss <g, z> of one neuron with activation 1."""
    width, rows = Interval(1, a), torch.tensor([weight], requires_grad=True)
    output = width.gates() @ rows
    slope, pull = torch.autograd.grad(output @ torch.tensor(g), [width.gamma, rows])
    return float(slope), pull[0], -slope * rows.detach()[0] - a * pull[0]


def not_parallel() -> dict[str, float]:
    """a = 1/2, W = (1, 0), g = (1, 1); and one output with a = 1/2, W = 1, g = 1."""
    _, pull, both = _velocity(0.5, [1.0, 0.0], [1.0, 1.0])
    _, single, joint = _velocity(0.5, [1.0], [1.0])
    alone = -0.5 * pull
    return {
        "v_1": float(both[0]),
        "v_2": float(both[1]),
        "W alone, v_1": float(alone[0]),
        "W alone, v_2": float(alone[1]),
        "one output, ratio": float(joint[0] / (-0.5 * single[0])),
    }


def dead_point() -> dict[str, float]:
    """a = 0, W = (1, 0), g = (0, 1): the loss would fall along -g, and no parameter moves."""
    slope, pull, _ = _velocity(0.0, [1.0, 0.0], [0.0, 1.0])
    return {"dl/da": slope, "|dl/dW|": float(pull.norm()), "|g|": 1.0}


def tanh_pair() -> dict[str, float]:
    """One neuron, x = 1, V = 1, W = 1, a = 1/2, F(z) = z: both sides of the incoming identity."""
    one = torch.ones(1, 1, dtype=torch.float64)
    figures: dict[str, float] = {}
    for name, activation in {"tanh": torch.tanh, "ReLU": torch.relu}.items():
        width = Interval(1, 0.5)
        net = mlp(Network(one, one, one, one, activation), width)
        slope, weight = torch.autograd.grad(net(one).sum(), [width.gamma, linears(net)[0].weight])
        figures |= {f"{name}, gate": float(slope) / 2, f"{name}, weight": float(weight)}
    return figures


ANY = {"network": strategies.networks(UNITS), "gamma": strategies.interior(UNITS, margin=1 / 16)}
SQUARED = {**ANY, "network": strategies.networks(UNITS, losses=("squared",))}
TWO = {**ANY, "network": strategies.networks(UNITS, outputs=2)}
POWERS = st.sampled_from([1.0, 0.5, 2.0])
RATES = st.sampled_from([product.STEP, product.STEP / 4])

WITNESSES = (
    Witness(
        name="both gradients, and Euler's relation",
        check=product.gradients,
        claim=product.product_rule,
        wrong={"gate lost in W": product.lost_gate, "power lost": product.lost_power},
        given={**ANY, "exponent": POWERS},
    ),
    Witness(
        name="a step of the engine at a = 0",
        check=product.at_birth,
        claim=product.product_rule,
        wrong={
            "W moves too": product.lost_gate,
            "gamma rests too": lambda n, g, p: (torch.zeros(()), product.product_rule(n, g, p)[1]),
        },
        given={"network": SQUARED["network"], "k": st.integers(0, UNITS - 1)},
    ),
    Witness(
        name="drift of a^2/beta - p|W|^2/alpha in a step of the engine",
        check=product.one_step,
        claim=product.drift,
        wrong={
            "none": lambda *_: torch.zeros(()),
            "sign": lambda *args: -product.drift(*args),
            "power lost": lambda a, s, w, p, lr, glr: glr * s**2 - lr * w.square().sum(),
            "rates swapped": lambda a, s, w, p, lr, glr: product.drift(a, s, w, p, glr, lr),
            "first order: a^2 + |W|^2": lambda a, s, w, p, lr, glr: -4 * a * s,
        },
        given={**SQUARED, "exponent": POWERS, "lr": RATES, "gamma_lr": RATES},
    ),
    Witness(
        name="velocity of the effective weight",
        check=product.speed,
        claim=product.anisotropic,
        wrong={
            "parallel to g": lambda a, w, g: -(a**2 + w @ w) * g,
            "W alone": lambda a, w, g: -(a**2) * g,
            "a in place of its square": lambda a, w, g: -(a * g + w * (w @ g)),
        },
        given=TWO,
        examples=15,
    ),
    Witness(
        name="one output: extra time on W",
        check=product.extra_time,
        claim=lambda a, w: 1 + (w / a) ** 2,
        wrong={
            "twice the time": lambda a, w: torch.full_like(w, 2),
            "(a + |W|)^2 / a^2": lambda a, w: (1 + w.abs() / a) ** 2,
            "a^2 + W^2": lambda a, w: a**2 + w**2,
        },
        given={**ANY, "network": strategies.networks(UNITS, outputs=1)},
        examples=12,
    ),
    Witness(
        name="the redundant direction",
        check=product.kernel,
        claim=lambda a, w: torch.cat([torch.tensor([a]), -w]),
        wrong={
            "(a, W)": lambda a, w: torch.cat([torch.tensor([a]), w]),
            "(1, -W)": lambda a, w: torch.cat([torch.ones(1), -w]),
            "(-W^2, a W)": lambda a, w: torch.cat([-(w @ w)[None], a * w]),
        },
        given=TWO,
        examples=10,
    ),
    Witness(
        name="rank of outputs in (a, W)",
        check=product.rank,
        claim=product.full_unless_born,
        wrong={
            "m + 1: independent": lambda a, w: len(w) + 1,
            "1: dependent": lambda a, w: 1,
            "m also at a = 0": lambda a, w: len(w),
        },
        given={
            "network": strategies.networks(UNITS),
            "gamma": st.one_of(st.integers(0, UNITS - 1).map(float), ANY["gamma"]),
        },
        examples=16,
    ),
    Witness(
        name="the curve of equal outputs",
        check=product.orbit,
        claim=lambda w, s: w / s,
        wrong={"W s": lambda w, s: w * s, "W": lambda w, s: w, "straight line": lambda w, s: w * (2 - s)},
        given={**ANY, "scale": strategies.fractions(1 / 8)},
        examples=12,
    ),
    Witness(
        name="incoming weights",
        check=product.incoming,
        claim=(torch.relu, True),
        wrong={"tanh": (torch.tanh, True), "bias left out": (torch.relu, False)},
        given={**ANY, "bias": strategies.tensors(UNITS)},
        examples=20,
    ),
)

IDENTITY = Identity(
    id="A07",
    title="gate and weight are one parameter too many",
    source="DFM",
    place="section 1.7, paragraph after the first display, last sentence",
    printed=r"""Searching over $\gamma$ is effectively the same as spending extra time changing the weight
$W^1_{\lfloor\gamma\rfloor}$ using two linearly dependent parameters, $(\gamma - \lfloor\gamma\rfloor)$ and
$W^1_{\lfloor\gamma\rfloor}$, itself.""",
    precise=r"""On a tile the loss is $\Phi(v)$ with $v = aW \in \mathbb{R}^m$, $W = W_k$; all else may depend on
time. Put $g = \Phi'(v)$.

(i) $\partial_a \ell = \langle g, W\rangle$ and $\partial_W \ell = a g$, so that $a\,\partial_a \ell = \langle W,
\partial_W \ell\rangle$.

(ii) The parameters are not linearly dependent. For $a \neq 0$ the Jacobian of $(a, W) \to aW$ has rank $m$ on $m
+ 1$ parameters; its kernel is the line of $(a, -W)$, tangent to the curve $(sa, W/s)$ of equal outputs.

(iii) At $a = 0$ (a newborn neuron) the rank is 1, or 0 for $W = 0$, and $\partial_W \ell = 0$: $W$ is frozen, and
only $a$ moves.

(iv) Under gradient flow of $a$ and $W$, jointly with any other parameters, within a tile and without weight
decay, $\dot v = -(a^2 I + W W^T) g$ and $a^2 - \|W\|^2$ is conserved. With learning rates $\beta$ of $a$ and
$\alpha$ of $W$, and a gate $a^p$, the conserved quantity is $a^2/\beta - p\|W\|^2/\alpha$; one step of gradient
descent changes it by exactly $\beta(\partial_a \ell)^2 - p\,\alpha\|\partial_W \ell\|^2$.

(v) So for one output ($m = 1$, $a \neq 0$, equal rates) training both is training $W$ alone at $1 + W^2/a^2$
times its speed: the claim is right. For $m > 1$ only the component of $g$ along $W$ is sped up, and the direction
of descent changes.

(vi) If the activation is positively homogeneous (ReLU, with derivative 0 at 0), also $a\,\partial_a \ell =
\langle V_k, \partial_{V_k} \ell\rangle + b_k \partial_{b_k} \ell$ for the incoming weights, and $a^2 - \|V_k\|^2
- b_k^2$ is conserved. For tanh it is not.""",
    verdict=Verdict.CORRECTED,
    proof=r"""(i) is the chain rule. (ii) The Jacobian is $[\,W \;\; aI\,]$: for $a \neq 0$ it has $m$ independent
columns, and $a W + a(-W) = 0$. (iii) Put $a = 0$: its image is the span of $W$. (iv) $J J^T = a^2 I + W W^T$ for
this Jacobian $J$, and half the derivative of $a^2/\beta - p\|W\|^2/\alpha$ is $-a\,\partial_a \ell + p\langle W,
\partial_W \ell\rangle$, which is 0 by (i) for the gate $a^p$, where $a\,\partial_a \ell = p\,a^p\langle g,
W\rangle = p\langle W, \partial_W \ell\rangle$. In a step these are the terms linear in the rates; the squares
remain. (v) For $m = 1$, $\dot v = -(a^2 + W^2) g$ against $-a^2 g$. (vi) With $p_n = \langle V_k, x_n\rangle +
b_k$ Euler's relation $\sigma'(p_n) p_n = \sigma(p_n)$ turns $\langle V_k, \partial_{V_k}\ell\rangle +
b_k\partial_{b_k}\ell$, which is $a \sum_n \langle F'_n, W\rangle \sigma'(p_n) p_n$, into $a \sum_n \langle F'_n,
W\rangle \sigma(p_n) = a\,\partial_a \ell$.""",
    symbolic=derive,
    witnesses=WITNESSES,
    rates=(
        Rate(
            name="total drift of a^2 - W^2 by descent to time 6, against the rate",
            scales=(1 / 8, 1 / 16, 1 / 32, 1 / 64),
            error=total_drift,
            claim=Asymptote(order=1.0, constant=_constant()),
            wrong={
                "exactly conserved by steps": Asymptote(order=2.0),
                "not conserved by the flow": Asymptote(order=0.0),
                "sign": Asymptote(order=1.0, constant=-_constant()),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Two outputs, $a = 0.5$, $W = (1, 0)$, $g = (1, 1)$: training both moves $v$ at $-(1.25,
0.25)$, training $W$ alone at $-(0.25, 0.25)$: another direction, no extra time. One output, $a = 0.5$, $W = 1$:
$-1.25$ against $-0.25$, 5 times as fast.""",
            numbers={
                "v_1": -1.25,
                "v_2": -0.25,
                "W alone, v_1": -0.25,
                "W alone, v_2": -0.25,
                "one output, ratio": 5.0,
            },
            compute=not_parallel,
        ),
        Counterexample(
            text=r"""$a = 0$, $W = (1, 0)$, $g = (0, 1)$: $\partial_a \ell = \langle g, W\rangle = 0$ and
$\partial_W \ell = a g = 0$. The weight $v = 0$ could lower the loss at rate $\|g\| = 1$, and neither parameter
moves.""",
            numbers={"dl/da": 0.0, "|dl/dW|": 0.0, "|g|": 1.0},
            compute=dead_point,
        ),
        Counterexample(
            text=r"""Incoming weights, $x = V = W = 1$, $a = 0.5$, $F(z) = z$. tanh: $a\,\partial_a \ell =
0.5\tanh 1 = 0.3808$, but $V \partial_V \ell = 0.5(1 - \tanh^2 1) = 0.2100$. ReLU: $0.5$ and $0.5$.""",
            numbers={"tanh, gate": 0.3808, "tanh, weight": 0.2100, "ReLU, gate": 0.5, "ReLU, weight": 0.5},
            compute=tanh_pair,
            tolerance=5e-5,
        ),
    ),
    references=(
        "S. S. Du, W. Hu, J. D. Lee, Algorithmic Regularization in Learning Deep Homogeneous Models: Layers are "
        "Automatically Balanced, NeurIPS 2018 (conservation along the flow)",
        "A. M. Saxe, J. L. McClelland, S. Ganguli, Exact solutions to the nonlinear dynamics of learning in deep "
        "linear neural networks, ICLR 2014",
    ),
    covers=(
        "continuum.widths.interval",
        "continuum.widths.power",
        "continuum.nn.mlp",
        "continuum.ensemble.chunk",
        "continuum.ensemble.gating",
        "continuum.ensemble.layers",
        "continuum.ensemble.optimizer",
    ),
)
