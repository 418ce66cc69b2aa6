"""Grades with a given sum: the projection on the capped simplex, its threshold and its derivatives."""

from collections.abc import Callable
from itertools import permutations

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Fuzzy, Side, project
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness

UNITS = 4
Grades = Callable[[Tensor, float], Tensor]
Slope = Callable[[Tensor, float, Side], Tensor]
STEP = 2.0**-10  # the projection is affine between multiples of 1/64 in c, if the scores are such


def derive() -> list[Derivation]:
    """Stationary point of the Lagrangian with one grade at 1, three free, one at 0."""
    scores, grades = sp.symbols("p_1:6", real=True), sp.symbols("g_1:6", real=True)
    total, threshold = sp.symbols("c tau", real=True)
    lagrangian = sum((g - p) ** 2 for g, p in zip(grades, scores, strict=True)) / 2 + threshold * (sum(grades) - total)
    grade = Derivation("a free grade", lagrangian)
    grade = grade.apply(lambda e: sp.solve(sp.diff(e, grades[1]), grades[1])[0], scores[1] - threshold, "stationary")
    solution = dict(zip(grades, (1, *(p - threshold for p in scores[1:4]), 0), strict=True))
    solved = (1 + sum(scores[1:4]) - total) / 3
    level = Derivation("threshold", (sum(grades) - total).subs(solution))
    level = level.apply(lambda e: sp.solve(e, threshold)[0], solved, "the constraint")
    in_total = Derivation("derivative in c", (scores[1] - threshold).subs(threshold, solved))
    free = sp.Matrix([p - solved for p in scores[1:4]])
    in_scores = Derivation("derivative in p", free)
    jacobian = sp.eye(3) - sp.ones(3, 3) / 3
    return [
        grade.claims(scores[1] - threshold, {"scaled": scores[1] * threshold}),
        level.claims(solved, {"the unit at 1 is forgotten": solved - sp.Rational(1, 3)}),
        in_total.apply(lambda e: sp.diff(e, total), sp.Rational(1, 3), "three units share").claims(
            sp.Rational(1, 3), {"all units share": sp.Rational(1, 5), "the unit at 1 counts": sp.Rational(1, 4)}
        ),
        in_scores.apply(lambda e: e.jacobian(list(scores[1:4])), jacobian, "differentiate").claims(
            jacobian, {"identity": sp.eye(3)}
        ),
    ]


def threshold(scores: Tensor, total: float) -> float:
    """Of clip(p - tau, 0, 1) with sum c: on a plateau, its end towards larger c."""
    ends = torch.cat([scores, scores - 1]).sort(descending=True).values
    sums = (scores - ends.unsqueeze(-1)).clamp(0, 1).sum(-1)  # grows along the list, affinely in between
    above = int((sums <= total).sum()) - 1  # the last end that does not give more than c
    if above == len(ends) - 1:
        return ends[-1].item()
    part = (total - sums[above]) / (sums[above + 1] - sums[above])
    return (ends[above] + part * (ends[above + 1] - ends[above])).item()


def clipped(scores: Tensor, total: float) -> Tensor:
    """clip(p - tau, 0, 1)."""
    return (scores - threshold(scores, total)).clamp(0, 1)


def rescaled(scores: Tensor, total: float) -> Tensor:
    """Clip, then rescale to the sum."""
    inside = scores.clamp(0, 1)
    return inside * total / inside.sum().clamp(min=1e-9)


def shifted(scores: Tensor, total: float) -> Tensor:
    """Shift to the sum as if no bound were active, then clip."""
    return (scores - (scores.sum() - total) / UNITS).clamp(0, 1)


def uncapped(scores: Tensor, total: float) -> Tensor:
    """Projection on the simplex of size c, without the bound 1."""
    ordered = scores.sort(descending=True).values
    levels = (ordered.cumsum(0) - total) / torch.arange(1, UNITS + 1)
    return (scores - levels[(ordered > levels).sum() - 1]).clamp(min=0)


def by_corners(formula: Grades, scores: Tensor, total: float) -> None:
    """Feasible, nearest (no corner of the polytope lies ahead), and what the shipped projection and law return."""
    grades = formula(scores, total)
    assert_close(grades.sum().item(), total, rtol=0, atol=1e-13)
    assert_close(grades, grades.clamp(0, 1), rtol=0, atol=1e-13)
    whole = [min(max(total - i, 0.0), 1.0) for i in range(UNITS)]
    corners = torch.tensor(list(set(permutations(whole))))
    ahead = (corners - grades) @ (scores - grades)
    assert_close(ahead.clamp(max=0), ahead, rtol=0, atol=1e-12)
    for rows in (1, 16):  # a few rows and many may be solved in different ways
        assert_close(project(scores.expand(rows, UNITS), total), grades.expand(rows, UNITS), rtol=0, atol=1e-13)
    width = Fuzzy(UNITS, 0.0)
    with torch.no_grad():
        width.scores.copy_(scores)
    width.set_cardinality(total)
    assert_close(width.gates().detach(), grades, rtol=0, atol=1e-13)


def share(scores: Tensor, total: float, side: Side) -> Tensor:
    """1 / |F| for the units that move with c on that side."""
    if side == "left":  # turned round, a smaller sum is a larger one
        return share(1 - scores, UNITS - total, "right")
    ahead = scores - threshold(scores, total)
    moving = ((ahead >= -1e-12) & (ahead < 1 - 1e-12)).double()
    return moving / moving.sum()


def other_side(scores: Tensor, total: float, side: Side) -> Tensor:
    """The derivative from the other side."""
    return share(scores, total, "left" if side == "right" else "right")


def all_share(scores: Tensor, total: float, side: Side) -> Tensor:
    """1 / N for every unit."""
    return torch.full((UNITS,), 1 / UNITS)


def in_total(formula: Slope, scores: Tensor, total: float, side: Side) -> None:
    """Autograd, and one-sided differences, which are exact on a piece."""
    c, expected = torch.tensor(total, requires_grad=True), formula(scores, total, side)
    sign = 1 if side == "right" else -1
    ahead = project(scores, total + sign * STEP) - project(scores, total)
    assert_close(sign * ahead / STEP, expected, rtol=0, atol=1e-11)
    slopes = [torch.autograd.grad(g, c, retain_graph=True)[0] for g in project(scores, c, side)]
    assert_close(torch.stack(slopes), expected, rtol=0, atol=1e-13)


def centring(scores: Tensor, total: float) -> Tensor:
    """I_F - 1_F 1_F' / |F|."""
    grades = clipped(scores, total)
    free = ((grades > 0) & (grades < 1)).double()
    return free.diag() - free.outer(free) / free.sum().clamp(min=1)


def diagonal(scores: Tensor, total: float) -> Tensor:
    """The threshold is taken for fixed."""
    return centring(scores, total).sign().clamp(min=0)


def over_all(scores: Tensor, total: float) -> Tensor:
    """Centred over all units instead of the free ones."""
    grades = clipped(scores, total)
    free = ((grades > 0) & (grades < 1)).double()
    return free.diag() - free.outer(free) / UNITS


def in_scores(formula: Grades, scores: Tensor, total: float) -> None:
    """Autograd, and central differences away from the kinks."""
    ahead = scores - threshold(scores, total)
    assume(float(torch.minimum(ahead.abs(), (ahead - 1).abs()).min()) > 4 * STEP)
    expected = formula(scores, total)
    p = scores.clone().requires_grad_()
    rows = [torch.autograd.grad(grade, p, retain_graph=True)[0] for grade in project(p, total)]
    assert_close(torch.stack(rows), expected, rtol=0, atol=1e-13)
    moved = STEP * torch.eye(UNITS)
    differences = (project(scores + moved, total) - project(scores - moved, total)) / (2 * STEP)
    assert_close(differences.T, expected, rtol=0, atol=1e-11)


SCORES = strategies.tensors(UNITS, low=-1.5, high=2.5)
TOTALS = st.one_of(st.integers(1, UNITS - 1).map(float), st.integers(1, 64 * UNITS - 1).map(lambda n: n / 64))

IDENTITY = Identity(
    id="A26",
    title="a constraint on the sum of the grades",
    source="DFM",
    place="section 1.7, fuzzy vector spaces",
    printed=r""""Each neuron [...] has a grade of membership, and there is a constraint on the sum of these grades.
As learning occurs the constraint changes and sume neurons are given larger and larger gradings untill they are
'members'".""",
    precise=r"""For scores $p \in \mathbb{R}^N$ and $0 \leq c \leq N$ the nearest point of $\{g \in [0,1]^N : \sum_i
g_i = c\}$ is unique, $g_i = \operatorname{clip}(p_i - \tau, 0, 1)$, where $\tau$ is such that the sum is $c$. Let
$F = \{i : 0 < g_i < 1\}$. Where no $p_i - \tau$ is 0 or 1, $\frac{\partial g}{\partial p} = I_F - \frac{1}{|F|}1_F
1_F^T$, and $\frac{\partial g}{\partial c} = \frac{1}{|F|}1_F$ if $F$ is not empty. The right derivative in $c < N$
is always $\frac{1}{|F_+|}1_{F_+}$ with $F_+ = \{i : 0 \leq p_i - \tau < 1\}$ for the smallest possible $\tau$, the
left one has $F_- = \{i : 0 < p_i - \tau \leq 1\}$ for the largest. So each grade grows with $c$ at fixed scores,
and reaches 1 at the latest at $c = N$. A crisp grade has no gradient in the scores.""",
    verdict=Verdict.HOLDS,
    proof=r"""The set is convex and closed, the distance strictly convex. $g_i - p_i + \tau - \alpha_i + \beta_i =
0$ with multipliers $\alpha_i, \beta_i \geq 0$ of $g_i \geq 0$ and $g_i \leq 1$ gives the clip; the sum falls
continuously from $N$ to 0 as $\tau$ grows, so some $\tau$ has sum $c$. As long as $F$ stays, $\sum_F(p_i - \tau) =
c$ less the number of grades 1, so $d\tau = (\sum_F dp_i - dc)/|F|$. Just right of $c$, $\tau$ is just below its
smallest value, and the units that move are those of $F_+$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="feasible, nearest against all corners, shipped projection and law",
            check=by_corners,
            claim=clipped,
            wrong={"clip, then rescale": rescaled, "shift, then clip": shifted, "no cap at 1": uncapped},
            given={"scores": SCORES, "total": TOTALS},
            examples=40,
        ),
        Witness(
            name="one-sided derivatives in c",
            check=in_total,
            claim=share,
            wrong={"the other side": other_side, "all units share": all_share},
            given={"scores": SCORES, "total": TOTALS, "side": st.sampled_from(["right", "left"])},
            examples=40,
        ),
        Witness(
            name="derivative in the scores",
            check=in_scores,
            claim=centring,
            wrong={"threshold held fixed": diagonal, "centred over all units": over_all},
            given={"scores": SCORES, "total": TOTALS},
            examples=40,
        ),
    ),
    references=(
        "W. Wang and C. Lu, Projection onto the capped simplex, arXiv:1503.01002, 2015",
        "R. Cominetti, W. Mascarenhas and P. Silva, A Newton's method for the continuous quadratic knapsack problem, "
        "Math. Prog. Comp. 6, 2014",
    ),
    covers=("continuum.widths.simplex", "continuum.widths.clipped", "continuum.widths.fuzzy"),
)
