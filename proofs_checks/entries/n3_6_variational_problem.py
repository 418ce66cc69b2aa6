"""The support as the unknown: its shape derivative, its topological derivative, and why its optimum is crisp."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
import torch
from hypothesis import strategies as st
from scipy.optimize import minimize
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Polynomial, SoftSupport, hard_derivative, hard_gates, soft_derivative
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.readout import Readout, difference, one_sided

UNITS = 3
Speed = Callable[[Tensor, float, float], Tensor]


def derive() -> list[Derivation]:
    """Moving ends of an interval, and the value of one more sliver of y in a ridge regression."""
    return [_shape(), _sliver()]


def _shape() -> Derivation:
    e, u, first, last = sp.symbols("epsilon u z_1 z_2", real=True)
    f, push, density = sp.Function("f"), sp.Function("phi"), sp.Function("h")
    up, down = sp.symbols("f'_1 f'_2", real=True)
    ends = [sp.Function("z_1")(e), sp.Function("z_2")(e)]
    chain = Derivation(
        "integral of h over the support [z_1, z_2] of f + epsilon phi", sp.Integral(density(u), (u, *ends))
    )
    speeds = [_speed(f, push, e, end) for end in ends]
    chain = chain.apply(
        lambda x: sp.diff(x, e), density(ends[1]) * ends[1].diff(e) - density(ends[0]) * ends[0].diff(e), "Leibniz"
    )
    slopes = {"at 0": [(ends[0].diff(e), speeds[0]), (ends[1].diff(e), speeds[1])]}
    at_zero = [(ends[0], first), (ends[1], last), (e, 0)]
    raw = density(first) * push(first) / up - density(last) * push(last) / down
    chain = chain.apply(
        lambda x: _named(x.subs(slopes["at 0"]).subs(at_zero), f, first, last, up, down),
        raw,
        "z' = -phi/f' by differentiating f(z) + epsilon phi(z) = 0",
    )
    sizes = {up: sp.Abs(up), down: -sp.Abs(down)}  # f rises at z_1 and falls at z_2
    chain = chain.apply(
        lambda x: x.subs(sizes, simultaneous=True),
        density(first) * push(first) / sp.Abs(up) + density(last) * push(last) / sp.Abs(down),
        "signs",
    )
    total = density(first) * push(first) / sp.Abs(up) + density(last) * push(last) / sp.Abs(down)
    wrong = {"no Jacobian": density(first) * push(first) + density(last) * push(last), "minus": -total}
    return chain.claims(total, wrong)


def _speed(f: sp.Function, push: sp.Function, e: sp.Symbol, end: sp.Expr) -> sp.Expr:
    z = sp.Symbol("z", real=True)
    velocity = sp.Symbol("velocity", real=True)
    total = sp.diff(f(z), z) * velocity + push(z) + e * sp.diff(push(z), z) * velocity  # d/d epsilon at z(epsilon)
    return sp.solve(total, velocity)[0].subs(e, 0).subs(z, end)


def _named(x: sp.Expr, f: sp.Function, first: sp.Symbol, last: sp.Symbol, up: sp.Symbol, down: sp.Symbol) -> sp.Expr:
    slopes = {sp.Derivative(f(first), first): up, sp.Derivative(f(last), last): down}
    return x.doit().subs(slopes)


def _sliver() -> Derivation:
    a, b, c, lam, rho, r = sp.symbols("a b c lambda rho r", positive=True)
    t, y = sp.Matrix(sp.symbols("t_1:3")), sp.Matrix(sp.symbols("y_1:3"))
    kernel = sp.Matrix([[a, b], [b, c]])  # K_E + lam for any E
    inverse = (kernel + r * y * y.T).inv()
    chain = Derivation("E and a sliver of length r at u", (lam / 2 * t.T * inverse * t)[0] + rho * r)
    dual = -lam * kernel.inv() * t  # u* = z - t
    claim = rho - (dual.T * y)[0] ** 2 / (2 * lam)
    chain = chain.apply(lambda x: sp.diff(x, r).subs(r, 0), claim, "slope in r at 0", test=_rational)
    wrong = {"no half": rho - (dual.T * y)[0] ** 2 / lam, "price falls": -claim, "none": sp.Integer(0)}
    return chain.claims(claim, wrong, test=_rational)


def _rational(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(sp.cancel(sp.together(left - right)) == 0)


def total(readout: Readout, lengths: Tensor, rho: float) -> Tensor:
    """V + rho |E| of a support with these lengths in the tiles, with the norm of L2(E)."""
    return readout.value(lengths, "l2") + rho * lengths.sum()


def topological(pulls: Tensor, decay: float, rho: float) -> Tensor:
    """rho - |<u*, y>|^2/2 lam, one for every tile."""
    return rho - pulls.square().sum(-1) / (2 * decay)


def no_penalty(pulls: Tensor, decay: float, rho: float) -> Tensor:
    """The derivative of the loss alone at the optimal density."""
    return rho - pulls.square().sum(-1) / decay


def rewarded(pulls: Tensor, decay: float, rho: float) -> Tensor:
    """A price of the wrong sign."""
    return -rho - pulls.square().sum(-1) / (2 * decay)


def silent(pulls: Tensor, decay: float, rho: float) -> Tensor:
    """No zeros, no gradient."""
    return torch.zeros(len(pulls))


def polynomial(roots: list[float], slope: float) -> Tensor:
    """Coefficients of slope * prod (u - z)."""
    return torch.from_numpy(slope * np.polynomial.polynomial.polyfromroots(roots))


def by_shape(
    formula: tuple[Speed, int], readout: Readout, roots: list[float], slope: float, push: Tensor, rho: float
) -> None:
    """Differences of V + rho |E| in f, a sum over the zeros, and the shipped derivative; (speed, power of 1/|f'|)."""
    speed, power = formula
    base, steep = polynomial(roots, slope), []
    for root in roots:
        steep.append(abs(slope * np.prod([root - other for other in roots if other != root])))
    padded = torch.cat([push, torch.zeros(max(0, len(base) - len(push)))])
    base = torch.cat([base, torch.zeros(len(padded) - len(base))])
    support = hard_gates(Polynomial(base), UNITS)
    s = speed(readout.pull(support, "l2"), readout.decay, rho)
    phi = Polynomial(push)
    expected = sum(phi(torch.tensor([z])).detach()[0] * s[int(z)] / d**power for z, d in zip(roots, steep, strict=True))
    assert_close(hard_derivative(Polynomial(base), s, phi).value, expected, rtol=1e-7, atol=1e-9)
    step = 1e-2 * min(steep) / (1 + float(push.abs().sum()) * UNITS ** len(push))
    moved = lambda e: total(readout, hard_gates(Polynomial(base + e * padded), UNITS), rho)  # noqa: E731
    assert_close(difference(moved, 0.0, step), expected, rtol=1e-4, atol=1e-5)


def by_soft_support(
    formula: Speed, readout: Readout, roots: list[float], slope: float, push: Tensor, rho: float
) -> None:
    """The same for finite kappa, where the shipped derivative is an integral over the line."""
    base = polynomial(roots, slope)
    size = max(len(base), len(push))
    base, padded = (torch.cat([row, torch.zeros(size - len(row))]) for row in (base, push))
    width = SoftSupport(UNITS, Polynomial(base), 4.0)
    s = formula(readout.pull(width.gates().detach(), "l2"), readout.decay, rho)
    expected = soft_derivative(width, s, Polynomial(push)).detach()

    def moved(e: float) -> Tensor:
        gates = SoftSupport(UNITS, Polynomial(base + e * padded), 4.0).gates().detach()
        return total(readout, gates, rho)

    assert_close(difference(moved, 0.0, 1e-3), expected, rtol=1e-4, atol=1e-5)


def by_nucleation(formula: Speed, readout: Readout, support: Tensor, tile: int, rho: float) -> None:
    """A sliver of length r at the middle of a tile, put there by a field, beside a support that is half as large."""
    support = support / 2
    s = formula(readout.pull(support, "l2"), readout.decay, rho)[tile]
    middle = tile + 0.5

    def grown(length: float) -> Tensor:
        sliver = hard_gates(Polynomial([(length / 2) ** 2 - middle**2, 2 * middle, -1.0]), UNITS) if length else 0.0
        return total(readout, support + sliver, rho)

    assert_close(one_sided(grown, 0.0, 1e-3), s, rtol=1e-3, atol=1e-4)


def relaxed(readout: Readout, rho: float) -> Tensor:
    """Grades that minimise V + rho sum g: convex, with the topological derivative for a gradient."""

    def problem(grades: np.ndarray) -> tuple[float, np.ndarray]:
        g = torch.from_numpy(grades)
        best = readout.optimum(g, "l2")
        slope = topological(readout.features.T @ best.output_gradient, readout.decay, rho)
        return float(best.value + rho * g.sum()), slope.numpy()

    solve: Any = minimize  # its overloads know no function that returns its gradient
    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 300}
    optimum = solve(problem, np.full(UNITS, 0.5), jac=True, method="L-BFGS-B", bounds=[(0, 1)] * UNITS, options=options)
    return torch.from_numpy(optimum.x)


def by_bathtub(formula: Callable[[float, float], float], readout: Readout, rho: float) -> None:
    """Tiles whose pull is above the threshold are full, those below are empty; no set of whole tiles is better."""
    grades = relaxed(readout, rho)
    pulls = readout.pull(grades, "l2").square().sum(-1)
    threshold = formula(readout.decay, rho)
    for grade, pull in zip(grades.tolist(), pulls.tolist(), strict=True):
        require(pull < threshold * (1 + 1e-3) or grade > 1 - 1e-3, "a tile above the threshold is not full")
        require(pull > threshold * (1 - 1e-3) or grade < 1e-3, "a tile below the threshold is not empty")
    best = total(readout, grades, rho)
    crisp = (total(readout, torch.tensor(tiles), rho) for tiles in product([0.0, 1.0], repeat=UNITS))
    require(all(bool(best <= value + 1e-8) for value in crisp), "a set of whole tiles is better")


def nothing_to_something() -> dict[str, float]:
    """One tile, y = 2, t = lam = 1, rho = 0.5, f = -1: derivatives in the level set chart and by nucleation."""
    one = Readout(torch.full((1, 1), 2.0), torch.ones(1, 1), 1.0)
    s = topological(one.pull(torch.zeros(1), "l2"), 1.0, 0.5)
    chart = hard_derivative(Polynomial([-1.0]), s, Polynomial([1.0])).value
    return {"level set": float(chart), "topological": float(s)}


def escaping() -> dict[str, float]:
    """y(u) = u on the half line, t = lam = rho = 1, E = [R, R + R^(-3/2)]: V + rho |E| from K = int u^2."""
    figures = {}
    for radius in (1e2, 1e4):
        length = radius**-1.5
        kernel = radius**2 * length + radius * length**2 + length**3 / 3
        one = Readout(torch.full((1, 1), (kernel / length) ** 0.5), torch.ones(1, 1), 1.0)
        figures[f"R = {radius:g}"] = round(float(total(one, torch.tensor([length]), 1.0)), 6)
    return figures


FIELD = {
    "readout": strategies.readouts(UNITS),
    "roots": strategies.crossings(UNITS, apart=2),
    "slope": strategies.slopes(),
    "push": strategies.tensors(2),
    "rho": st.sampled_from([0.25, 0.5, 0.0]),
}

IDENTITY = Identity(
    id="N3.6",
    title="the variational problem in the support",
    source="here",
    place="DFM, section 1.7, the problem over f with E = {f > 0}, with the norm of L2(E)",
    printed=r"""$\rho - \frac{1}{2\lambda} |\langle u^*, y(u)\rangle|^2$""",
    precise=r"""Let $y \in L^2([0,N]; \mathbb{R}^n)$, $F$, $\lambda$ as in N3.1, $\rho \geq 0$, and for measurable
$E$

$P(E) = \min_{W \in L^2(E)} F\left(\int_E yW\,du\right) + \frac{\lambda}{2} \int_E |W|^2 du + \rho |E|$,

with $u^* = F'$ at the optimal output, and $s(u) = \rho - \frac{1}{2\lambda} |\langle u^*, y(u)\rangle|^2$.

(i) *Shape.* Let $E = \{f > 0\}$, $f \in C^1$ with simple zeros $z \in (0,N)$ only, $f \ne 0$ at both ends, and $y$
continuous at the zeros. Then in the direction of a continuous $\varphi$ the derivative of $P$ is
$\sum_z \frac{\varphi(z)\, s(z)}{|f'(z)|}$.

(ii) *Topology.* For intervals $B$ around almost every $u$, $P(E \cup B) = P(E) + s(u) |B \setminus E| + o(|B|)$ and
$P(E \setminus B) = P(E) - s(u) |B \cap E| + o(|B|)$; $|B \setminus E|/|B| \to 1$ at almost every $u \notin E$. This
does not vanish for $E$ empty, where (i) is an empty sum.

(iii) *Relaxation.* With grades $g: [0,N] \to [0,1]$ in place of $1_E$ the problem is convex and has a minimiser.
$g$ is one iff $g = 1$ a.e. where $s < 0$ and $g = 0$ a.e. where $s > 0$. All minimisers share $u^*$, so $s$. If
$\{s = 0\}$ is null, the minimiser is unique, and a set.

(iv) *Crisp minimisers always exist,* null or not: the relaxation is exact, $\min_g P = \min_E P$. For $y$
continuous and $\{s = 0\}$ null the set is open up to a null set, namely $\{f > 0\}$ for $f = -s$.

(v) On the whole line, with $y \in L^2_{\mathrm{loc}}$ only, there may be no minimiser.""",
    verdict=Verdict.HOLDS,
    proof=r"""$P(E) = \hat V(K_E) + \rho|E|$ with $K_E = \int_E y y^\top$ and $\hat V$ convex and $C^1$, with
derivative $-\frac{1}{2\lambda} u^* u^{*\top}$ (N3.4). (i) All zeros near $z$ are at $z - \epsilon\varphi/f' +
o(\epsilon)$, so $K_E$ and $|E|$ move by $\sum_z \varphi\, (y y^\top, 1)/|f'|$; chain rule. (ii) Chain rule at
Lebesgue points of $y y^\top$. (iii) $g \mapsto K_g$ is linear and weak-* continuous ($y y^\top \in L^1$), the
grades are weak-* compact, and $\hat V$ is convex and continuous. The variational inequality $\int (h - g)\, s \geq
0$ for all $h$ is the pointwise condition. Minimisers and dual maximisers form a saddle set, a product; $u^* =
F'(z^*)$ is the only dual maximiser at each $g$. (iv) By Lyapunov's theorem the values $\int_A (y y^\top, 1)$, $A
\subset \{s=0\}$, are a convex set: it contains the value of $g$ there. (v) The second counterexample.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shape: differences in f, and the shipped derivative",
            check=by_shape,
            claim=(topological, 1),
            wrong={
                "no Jacobian": (topological, 0),
                "loss without penalty": (no_penalty, 1),
                "price of the wrong sign": (rewarded, 1),
            },
            given=FIELD,
            examples=10,
        ),
        Witness(
            name="shape for finite kappa",
            check=by_soft_support,
            claim=topological,
            wrong={"loss without penalty": no_penalty, "price of the wrong sign": rewarded},
            given=FIELD,
            examples=8,
        ),
        Witness(
            name="nucleation",
            check=by_nucleation,
            claim=topological,
            wrong={"no zeros, no gradient": silent, "loss without penalty": no_penalty, "price": rewarded},
            given={
                "readout": strategies.readouts(UNITS),
                "support": st.one_of(st.just(torch.zeros(UNITS, dtype=torch.float64)), strategies.grades(UNITS)),
                "tile": st.integers(0, UNITS - 1),
                "rho": FIELD["rho"],
            },
            examples=12,
        ),
        Witness(
            name="bathtub",
            check=by_bathtub,
            claim=lambda decay, rho: 2 * decay * rho,
            wrong={"no 2": lambda decay, rho: decay * rho, "4": lambda decay, rho: 4 * decay * rho},
            given={"readout": strategies.readouts(UNITS), "rho": st.sampled_from([0.125, 0.03125, 0.5])},
            examples=12,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r""""No zeros, no gradient" is a matter of the chart. One tile, $y = 2$, $t = \lambda = 1$,
$F = \frac{1}{2}(z-t)^2$, $\rho = 0.5$ and $f = -1$: the derivative of $P$ in $f$ is 0, but each sliver of support
changes $P$ by $\rho - \frac{4}{2} = -1.5$ times its length.""",
            numbers={"level set": 0.0, "topological": -1.5},
            compute=nothing_to_something,
        ),
        Counterexample(
            text=r"""No minimiser for $y \in L^2_{\mathrm{loc}}$: $y(u) = u$ on $[0, \infty)$,
$t = \lambda = \rho = 1$, $F = \frac{1}{2}(z-t)^2$. The interval $E = [R, R + R^{-3/2}]$ has $K_E \approx \sqrt{R}$,
so $P(E) = \frac{1}{2(1+K_E)} + |E|$ is $0.046454$ for $R = 100$ and $0.004951$ for $R = 10^4$: the infimum is 0,
but $P > 0$ for every $E$ of finite length.""",
            numbers={"R = 100": 0.046454, "R = 10000": 0.004951},
            compute=escaping,
            tolerance=1e-6,
        ),
    ),
    references=(
        "J. Sokolowski, A. Zochowski, On the topological derivative in shape optimization, SIAM J. Control 37, 1999",
        "M. Burger, B. Hackl, W. Ring, Incorporating topological derivatives into level set methods, J. Comput. Phys. "
        "194, 2004",
        "C. G. Krishnanunni, T. Bui-Thanh, C. Dawson, Topological derivative approach for deep neural network "
        "architecture adaptation, arXiv 2502.06885, 2025 (layers)",
        "E. H. Lieb, M. Loss, Analysis, 2001, theorem 1.14 (bathtub principle)",
        "A. A. Lyapunov, On completely additive vector functions, 1940; see M. Mazzola, K. T. Nguyen, Lyapunov's "
        "theorem via Baire category",
        "F. Bach, Breaking the curse of dimensionality with convex neural networks, JMLR 18, 2017",
    ),
    covers=(
        "continuum.widths.fields.variation",
        "continuum.widths.fields.zeros",
        "continuum.widths.softsupport",
        "continuum.widths.penalty.geometry",
    ),
    document="n3_6_variational_problem.md",
)
