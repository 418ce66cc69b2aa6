"""Weight decay behind root gates, the grades free up to their sum c: the squared k-support norm with a real k = c."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor

from continuum.widths import Fuzzy, Geometry, project, weight_decay
from proofs_checks import strategies
from proofs_checks.compare import close, require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

UNITS, OUTPUTS = 4, 2
GEOMETRIES: tuple[tuple[Geometry, float], ...] = (("euclidean", 0.5), ("l2", 1.0))


def derive() -> list[Derivation]:
    """The best grades for three entries, the first at its cap; slope in c; no kink where a cap is left; the dual."""
    return [_budget(), _slope(), _smooth(), _dual()]


V1, V2, V3, C = sp.symbols("v_1 v_2 v_3 c", positive=True)


def _budget() -> Derivation:
    g, d = sp.symbols("g d", positive=True)  # d = c - 1, what is left behind the cap
    chain = Derivation("first grade 1, the others share d", V1**2 + V2**2 / g + V3**2 / (d - g))
    chain = chain.apply(
        lambda e: sp.simplify(e.subs(g, d * V2 / (V2 + V3))), V1**2 + (V2 + V3) ** 2 / d, "shares like |v_i|"
    )
    stationary = Derivation("slope in g", sp.diff(V2**2 / g + V3**2 / (d - g), g))
    stationary.apply(lambda e: sp.simplify(e.subs(g, d * V2 / (V2 + V3))), sp.Integer(0), "is 0 there")
    wrong = {"no cap": (V1 + V2 + V3) ** 2 / (d + 1), "equal shares": V1**2 + 2 * (V2**2 + V3**2) / d}
    return chain.claims(V1**2 + (V2 + V3) ** 2 / d, wrong)


def _slope() -> Derivation:
    chain = Derivation("squared norm", V1**2 + (V2 + V3) ** 2 / (C - 1))
    tau = (V2 + V3) / (C - 1)
    chain = chain.apply(lambda e: sp.diff(e, C), -(tau**2), "derivative in c")
    return chain.claims(-(((V2 + V3) / (C - 1)) ** 2), {"norm over c": -(V1**2 + (V2 + V3) ** 2 / (C - 1)) / C})


def _smooth() -> Derivation:
    """The second entry is at its cap: v_2 = tau."""
    left, right = (V2 + V3) / (C - 1), V3 / (C - 2)
    chain = Derivation("tau with one and with two grades at the cap", left - right)
    chain = chain.apply(lambda e: sp.simplify(e.subs(V2, V3 / (C - 2))), sp.Integer(0), "v_2 (c - 1) = v_2 + v_3")
    return chain.claims(sp.Integer(0), {"a jump": V2})


def _dual() -> Derivation:
    v, u = sp.symbols("v u", real=True)
    g = sp.Symbol("g", positive=True)
    chain = Derivation("u v - v^2/2g", u * v - v**2 / (2 * g))
    chain = chain.apply(lambda e: e.subs(v, sp.solve(sp.diff(e, v), v)[0]), g * u**2 / 2, "largest over v")
    return chain.claims(g * u**2 / 2, {"1/g": u**2 / (2 * g)})


Norm = Callable[[Tensor, float], tuple[Tensor, Tensor]]


def claimed(sizes: Tensor, c: float) -> tuple[Tensor, Tensor]:
    """Squared norm and grades: the largest n entries count by their squares, the rest share what is left of c."""
    ordered = sizes.sort(descending=True).values
    for n in range(len(sizes)):
        rest = ordered[n:].sum()
        if n < c and ordered[n] * (c - n) <= rest * (1 + 1e-14):
            break
    share = rest / (c - n)
    return ordered[:n].square().sum() + rest * share, (sizes / share).clamp(max=1)


def rounded(direction: Callable[[Tensor], Tensor]) -> Norm:
    """The k-support norm of an integer next to c."""

    def norm(sizes: Tensor, c: float) -> tuple[Tensor, Tensor]:
        whole = float(direction(torch.tensor(c)).clamp(1, len(sizes)))
        value, grades = claimed(sizes, whole)
        return value, grades * c / whole

    return norm


def uncapped(sizes: Tensor, c: float) -> tuple[Tensor, Tensor]:
    """|v|_1^2 / c."""
    return sizes.sum() ** 2 / c, (c * sizes / sizes.sum()).clamp(max=1)


def interpolated(sizes: Tensor, c: float) -> tuple[Tensor, Tensor]:
    """Linear between the integers."""
    low = max(1, min(int(c), len(sizes) - 1))
    values = [claimed(sizes, float(low + j))[0] for j in (0, 1)]
    return values[0] + (c - low) * (values[1] - values[0]), claimed(sizes, c)[1]


def as_their_squares(sizes: Tensor, c: float) -> tuple[Tensor, Tensor]:
    """Grades like |v|^2, the norm as claimed."""
    return claimed(sizes, c)[0], claimed(sizes.square(), c)[1]


def decay(effective: Tensor, gates: Tensor, geometry: Geometry) -> Tensor:
    """The shipped norm of the outgoing weights W_i = v_i/m_i."""
    return weight_decay(effective / gates.unsqueeze(-1), gates, geometry)


def largest(squares: Tensor, c: float) -> Tensor:
    """max of sum g_i u_i^2 over 0 <= g <= 1, sum g <= c: the largest ones, the last in part."""
    ordered = squares.sort(descending=True).values
    return ordered @ (c - torch.arange(len(squares))).clamp(0, 1)


def by_duality(formula: Norm, effective: Tensor, c: float, other: Tensor) -> None:
    """The shipped decay at the grades attains the value; a dual point proves that nothing is below it."""
    effective = roomy(effective)
    value, grades = formula(effective.norm(dim=-1), c)
    close(grades.sum(), torch.tensor(c), 1e-11)
    for geometry, exponent in GEOMETRIES:
        best = Fuzzy(UNITS, grades.sum(), grades, exponent=exponent).gates().detach()
        close(decay(effective, best, geometry), value, 1e-10)
        elsewhere = project(other, c).clamp(min=1e-9)
        law = Fuzzy(UNITS, elsewhere.sum(), elsewhere, exponent=exponent)
        require(bool(decay(effective, law.gates().detach(), geometry) >= value - 1e-9), "other grades are cheaper")
    point = effective / grades.unsqueeze(-1)
    bound = 2 * (point * effective).sum() - largest(point.square().sum(-1), c)
    close(bound, value, 1e-10)


def roomy(effective: Tensor) -> Tensor:
    """Rows of a size below 1/8 are replaced: their grades would be too small to divide by."""
    return torch.where(effective.norm(dim=-1, keepdim=True) < 1 / 8, 0.25, effective)


def published(sizes: Tensor, k: int) -> Tensor:
    """Argyriou, Foygel and Srebro's closed form, with their r."""
    beta = torch.cat([torch.tensor([torch.inf]), sizes.sort(descending=True).values])
    for r in range(k):
        tail = beta[k - r :].sum()
        if beta[k - r - 1] > tail / (r + 1) >= beta[k - r]:
            break
    return beta[1 : k - r].square().sum() + tail**2 / (r + 1)


def by_published(formula: Norm, effective: Tensor, k: int) -> None:
    """At an integer c, the shipped decay behind the shipped gates with these grades."""
    effective = roomy(effective)
    sizes = effective.norm(dim=-1)
    value, grades = formula(sizes, float(k))
    close(value, published(sizes, k), 1e-11)
    for geometry, exponent in GEOMETRIES:
        close(shipped(effective, grades, geometry, exponent), published(sizes, k), 1e-10)


def shipped(effective: Tensor, grades: Tensor, geometry: Geometry, exponent: float) -> Tensor:
    """The shipped decay behind the gates of the shipped law with these grades."""
    return decay(effective, Fuzzy(UNITS, grades.sum(), grades, exponent=exponent).gates().detach(), geometry)


Slope = Callable[[Tensor, float], Tensor]


def tau_squared(sizes: Tensor, c: float) -> Tensor:
    """-tau^2, tau the common |v_i|/g_i below the cap."""
    grades = claimed(sizes, c)[1]
    return -((sizes / grades)[grades.argmin()] ** 2)


def by_projection(formula: Slope, effective: Tensor, c: float) -> None:
    """The shipped grades moved with c by their own derivative: at the best grades any feasible move has this slope."""
    effective = roomy(effective)
    sizes = effective.norm(dim=-1)
    grades = claimed(sizes, c)[1]
    for geometry, exponent in GEOMETRIES:
        law = Fuzzy(UNITS, grades.sum(), grades, exponent=exponent, learnable=True)
        (slope,) = torch.autograd.grad(decay(effective, law.gates(), geometry), law.total)
        close(slope, formula(sizes, c), 1e-9)


def by_differences(formula: Slope, effective: Tensor, c: float) -> None:
    """The shipped decay at the best grades moved with c, across the integers as well."""
    effective, step = roomy(effective), 1e-6
    sizes = effective.norm(dim=-1)
    for geometry, exponent in GEOMETRIES:
        ahead, behind = (shipped(effective, claimed(sizes, c + s)[1], geometry, exponent) for s in (step, -step))
        torch.testing.assert_close((ahead - behind) / (2 * step), formula(sizes, c), rtol=1e-4, atol=1e-4)


def by_hand() -> dict[str, float]:
    """v = (3, 1)."""
    values = {}
    for c in (0.5, 1.0, 1.5, 2.0):
        grades = claimed(torch.tensor([3.0, 1.0]), c)[1]
        gates = Fuzzy(2, c, grades, exponent=0.5).gates().detach()
        values[f"c = {c:g}"] = float(decay(torch.tensor([[3.0], [1.0]]), gates, "euclidean"))
    return values


ROWS = strategies.tensors(UNITS, OUTPUTS)
REAL = st.one_of(strategies.numbers(0.25, UNITS - 1 / 64), strategies.interior(UNITS, 1 / 8))

IDENTITY = Identity(
    id="N6.1",
    title="fuzzy grades and the k-support norm",
    source="here",
    place="fixed features and optimised outgoing weights",
    printed=r"""$\min\left\{\sum_i \frac{v_i^2}{g_i} : 0 \leq g_i \leq 1, \sum_i g_i \leq c\right\}$ is the squared
k-support norm of $v$ with $k = c$""",
    precise=r"""Let $v_1, \ldots, v_N \in \mathbb{R}^m$ be effective outgoing weights, $|v|_{(1)} \geq |v|_{(2)}
\geq \ldots$ their Euclidean norms, $c > 0$ real, $0/0 = 0$, and

$\|v\|_c^2 = \min\left\{\sum_i \frac{|v_i|^2}{g_i} : 0 \leq g_i \leq 1, \sum_i g_i \leq c\right\}$.

(i) This is the weight decay $|W|^2$ behind gates $\sqrt{g_i}$, and $\sum_i g_i|W_i|^2$ behind gates $g_i$, at
$v_i = m_i W_i$, at the best grades of sum at most $c$. So training grades and weights so is regularising by
$\frac{\lambda}{2} \|v\|_c^2$.

(ii) If $c$ is at least the number of $v_i \ne 0$, $\|v\|_c = |v|$. Else, with $T_n = \sum_{i>n}|v|_{(i)}$ and $n <
c$ the smallest integer with $(c-n)|v|_{(n+1)} \leq T_n$,

$\|v\|_c^2 = \sum_{i \leq n} |v|_{(i)}^2 + \frac{T_n^2}{c-n}$,

and the best grades are $g_i = \min(1, |v_i|/\tau)$, $\tau = T_n/(c-n)$, unique where $v_i \ne 0$. For $c \leq 1$ it
is $|v|_1^2/c$; for integer $c = k$ the (group) k-support norm; for real $c$ the box norm with bounds 0 and 1.

(iii) It is a norm, with the dual norm $\left(\sum_{i \leq \lfloor c\rfloor}|u|_{(i)}^2 + (c - \lfloor c\rfloor)
|u|_{(\lfloor c\rfloor+1)}^2\right)^{1/2}$.

(iv) $\|v\|_c^2$ is convex and nonincreasing in $c$, with derivative $-\tau^2$: no kink at the integers, and one
kink only, where $c$ is the number of $v_i \ne 0$.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) Insert $W_i = v_i/m_i$. (ii) The objective is convex in $g$; with a multiplier $\tau^2$ for the
sum, $|v_i|^2/g_i^2 = \tau^2$ below the cap and $|v_i| \geq \tau$ at it. The sum of $\min(1, |v_i|/\tau)$ falls in
$\tau$ from the number of $v_i \ne 0$ to 0, so $\tau$ exists; if $n$ grades are at the cap, $T_n/\tau = c - n$.
(iii) For fixed $g$ the conjugate of $\frac{1}{2}\sum_i|v_i|^2/g_i$ is $\frac{1}{2}\sum_i g_i|u_i|^2$; the conjugate
of a minimum is the maximum of the conjugates, here a linear programme in $g$. Its root is a norm, and $(v, g)
\mapsto \sum_i|v_i|^2/g_i$ is jointly convex, so $\|v\|_c^2$ is closed, convex, and its own biconjugate. (iv) A
minimum of a jointly convex function over a constraint with right side $c$ is convex in $c$, and its slope is minus
the multiplier, which is continuous, and $|v|_{min} > 0$ just below the number of $v_i \ne 0$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped decay at the grades, and a dual bound",
            check=by_duality,
            claim=claimed,
            wrong={
                "integer below": rounded(torch.floor),
                "integer above": rounded(torch.ceil),
                "no cap": uncapped,
                "linear between integers": interpolated,
                "grades like |v|^2": as_their_squares,
            },
            given={"effective": ROWS, "c": REAL, "other": strategies.tensors(UNITS)},
        ),
        Witness(
            name="the published norm at integers",
            check=by_published,
            claim=claimed,
            wrong={"no cap": uncapped, "next k": lambda sizes, c: claimed(sizes, c + 1)},
            given={"effective": ROWS, "k": st.integers(1, UNITS)},
        ),
        Witness(
            name="slope in c through the shipped projection",
            check=by_projection,
            claim=tau_squared,
            wrong={
                "tau": lambda sizes, c: -((-tau_squared(sizes, c)) ** 0.5),
                "norm over c": lambda sizes, c: -claimed(sizes, c)[0] / c,
                "half": lambda sizes, c: tau_squared(sizes, c) / 2,
            },
            given={"effective": ROWS, "c": strategies.interior(UNITS, 1 / 8)},
        ),
        Witness(
            name="no kink at integers",
            check=by_differences,
            claim=tau_squared,
            wrong={"norm over c": lambda sizes, c: -claimed(sizes, c)[0] / c},
            given={"effective": ROWS, "c": st.sampled_from([1.0, 2.0, 3.0, 1.5, 0.5])},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""A real $k$ does not interpolate. $v = (3, 1)$: $k = 1$ gives $(3+1)^2 = 16$ and $k = 2$ gives
$9 + 1 = 10$. At $c = 1.5$ the first grade is at its cap ($3 \cdot 1.5 > 4$), the second has the rest: $9 + 1/0.5 =
11$, less than $13$. At $c = 0.5$ it is $16/0.5 = 32$.""",
            numbers={"c = 0.5": 32.0, "c = 1": 16.0, "c = 1.5": 11.0, "c = 2": 10.0},
            compute=by_hand,
        ),
    ),
    references=(
        "A. Argyriou, R. Foygel, N. Srebro, Sparse prediction with the k-support norm, NIPS 2012",
        "A. McDonald, M. Pontil, D. Stamos, New perspectives on k-support and cluster norms, JMLR 17, 2016 "
        "(box norms, in which c is real)",
        "A. McDonald, M. Pontil, D. Stamos, Spectral k-support norm regularization, NIPS 2014",
        "C. Micchelli, J. Morales, M. Pontil, Regularizers for structured sparsity, Adv. Comput. Math. 38, 2013 "
        "(infima of quadratics)",
        "F. Bach, R. Jenatton, J. Mairal, G. Obozinski, Optimization with sparsity-inducing penalties, 2012, section 5",
    ),
    covers=(
        "continuum.widths.fuzzy",
        "continuum.widths.simplex",
        "continuum.widths.penalty.geometry",
        "continuum.widths.power",
    ),
    document="n6_1_support_norm.md",
)
