"""Units are removed by exact least squares, in which columns that stay, such as the inputs, take over what they can."""

from collections.abc import Callable

import numpy as np
import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st

from continuum.learn.network import Array
from continuum.learn.rounding import removals
from proofs_checks import strategies
from proofs_checks.compare import close
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

UNITS, FIXED, ROWS = 4, 2, 24
#: Ridge of the shipped Gram matrix, as a share of its mean diagonal entry.
RIDGE = 1e-6


def derive() -> list[Derivation]:
    """Cost and move of one removal among three columns, from the sum that is to stay."""
    a, b, c, d, e, f, v = sp.symbols("a b c d e f v", real=True)
    gram = sp.Matrix([[a, b, c], [b, d, e], [c, e, f]])
    moves = sp.Matrix(sp.symbols("u_1 u_2", real=True))
    change = sp.Matrix([v, *(-moves)])
    cost = sp.expand((change.T * gram * change)[0])
    solution = sp.solve([sp.diff(cost, u) for u in moves], list(moves), dict=True)[0]
    inverse = gram.inv()
    chain = Derivation("mean square of v h_1 - u_1 h_2 - u_2 h_3", cost)
    chain = chain.apply(lambda x: sp.simplify(x.subs(solution)), v**2 / inverse[0, 0], "at the best u", test=_same)
    wrong = {"nobody takes over": a * v**2, "not the inverse": v**2 * inverse[0, 0]}
    costs = chain.claims(v**2 / inverse[0, 0], wrong, test=_same)
    move = Derivation("what the second column gains", solution[moves[0]])
    claim = -v * inverse[1, 0] / inverse[0, 0]
    return [costs, move.claims(claim, {"sign": -claim, "without the third": v * b / d}, test=_same)]


def _same(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(sp.simplify(left - right) == 0)


def sample(seed: int) -> tuple[Array, Array, Array]:
    """Units and two inputs that are correlated with them, weights of both, and how much each row counts."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(ROWS, FIXED))
    h = np.tanh(x @ random.normal(size=(FIXED, UNITS)) + random.normal(size=UNITS))
    importance = random.uniform(0.2, 1.8, size=(ROWS, 1))
    return np.hstack([h, x]), random.normal(size=(UNITS + FIXED, 2)), importance / importance.mean()


Refit = Callable[[Array, Array, Array, Array], Array]


def refitted(columns: Array, v: Array, importance: Array, order: Array) -> Array:
    """Least squares of the whole sum by the columns that are left, with the ridge on every weight that moves."""
    shares = importance / importance.sum()
    centred = columns - (shares * columns).sum(0)
    gram = (shares * centred).T @ centred
    gram += RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    gone = np.setdiff1d(np.arange(len(v)), order)
    return np.asarray(v[order] + np.linalg.solve(gram[np.ix_(order, order)], gram[np.ix_(order, gone)] @ v[gone]))


def units_alone(columns: Array, v: Array, importance: Array, order: Array) -> Array:
    """As if the inputs took nothing over."""
    units = order[order < UNITS]
    kept = v[order].copy()
    if len(units):
        kept[: len(units)] = refitted(columns[:, :UNITS], v[:UNITS], importance, units)
    return np.asarray(kept)


def unweighted(columns: Array, v: Array, importance: Array, order: Array) -> Array:
    """As if all rows weighed the same."""
    return refitted(columns, v, np.ones_like(importance), order)


def not_at_all(columns: Array, v: Array, importance: Array, order: Array) -> Array:
    """As if units just went."""
    return np.asarray(v[order])


def by_least_squares(formula: Refit, seed: int, keep: int) -> None:
    """What the shipped removal leaves of the weights, whatever order units went in, and of the mean."""
    columns, v, importance = sample(seed)
    order, kept, shift = removals(columns, v, keep, importance, FIXED)
    shares = importance / importance.sum()
    mean = (shares * (columns @ v - columns[:, order] @ kept - shift)).sum(0)
    close(torch.from_numpy(mean), torch.zeros(2), 1e-9)
    close(torch.from_numpy(kept), torch.from_numpy(formula(columns, v, importance, order)), 1e-7)


Cost = Callable[[Array, Array, Array, int], float]


def cost(columns: Array, v: Array, importance: Array, unit: int) -> float:
    """The least mean square by which the sum changes when one unit goes."""
    shares, rest = importance / importance.sum(), np.delete(np.arange(len(v)), unit)
    change = (columns - (shares * columns).sum(0)) @ v
    left = (columns - (shares * columns).sum(0))[:, rest]
    fitted = left @ np.linalg.lstsq(np.sqrt(shares) * left, np.sqrt(shares) * change, rcond=None)[0]
    return float((shares * np.square(change - fitted)).sum())


def alone(columns: Array, v: Array, importance: Array, unit: int) -> float:
    """The variance of what the unit says, as if nothing took over."""
    shares = importance / importance.sum()
    centred = columns[:, unit] - (shares * columns).sum(0)[unit]
    return float((shares[:, 0] * np.square(centred)).sum() * np.square(v[unit]).sum())


def size(columns: Array, v: Array, importance: Array, unit: int) -> float:
    """The length of its weights."""
    return float(np.square(v[unit]).sum())


def by_order(formula: Cost, seed: int) -> None:
    """The unit that the shipped removal lets go first is that of least cost; a column that is fixed never goes."""
    columns, v, importance = sample(seed)
    order, _, _ = removals(columns, v, UNITS - 1, importance, FIXED)
    gone = np.setdiff1d(np.arange(UNITS + FIXED), order)
    least, second, *_ = sorted(cost(columns, v, importance, unit) for unit in range(UNITS))
    assume(second > 1.01 * least)  # else the ridge decides
    costs = [formula(columns, v, importance, unit) for unit in range(UNITS)]
    close(torch.tensor(int(gone[0])), torch.tensor(int(np.argmin(costs))))


def pair() -> dict[str, float]:
    """relu(x) - relu(-x) = x on x = -2, -1, 1, 2: what is left of both units, with the line and without."""
    x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    h = np.hstack([np.maximum(x, 0), np.maximum(-x, 0)])
    v = np.array([[1.0], [-1.0]])
    _, with_line, _ = removals(np.hstack([h, x]), np.vstack([v, [[0.0]]]), 0, None, 1)
    order, one, shift = removals(h, v, 1)
    left = x - h[:, order] @ one - shift
    return {"line": float(with_line[0, 0]), "one unit": float(np.square(left).mean())}


IDENTITY = Identity(
    id="N7.2",
    title="removing units beside a line",
    source="here",
    place="for columns of which some are units, and the others inputs that stay",
    printed=r"""$\min_u \mathrm{Var}(v_i h_i - \sum_{j \neq i} u_j h_j) = \frac{|v_i|^2}{(G^{-1})_{ii}}$""",
    precise=r"""Let columns $h_j$, units and inputs alike, have the weighted covariance G, invertible, and outgoing
weights $v_j$; the bias follows the mean.

(i) *One removal.* To let unit i go costs at least $\frac{|v_i|^2}{(G^{-1})_{ii}}$ of the mean squared change of
$\sum_j h_j v_j$, attained if every other column, inputs included, moves by $-v_i
\frac{(G^{-1})_{ji}}{(G^{-1})_{ii}}$.

(ii) *Several.* After any number of such removals the weights are those of least squares of the whole first sum by
the columns left, whatever the order; a ridge $\varepsilon$ on the moves adds $\varepsilon I$ to G.

(iii) *Lines are free.* A unit that is on the rows a combination $h_i = c + \sum_j \beta_j x_j$ of the inputs costs
at most $\varepsilon (1 + |\beta|^2) |v_i|^2$, which is 0 without the ridge. So of a network that is linear on the
rows no unit need stay beside a line, if its units are linear there one by one, or are pairs that differ by a linear
function.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) The mean square is $v_i^2 G_{ii} - 2 v_i u \cdot G_{ri} + u \cdot G_{rr} u$ for the rest r, least
at $u = v_i G_{rr}^{-1} G_{ri}$ with value $v_i^2 (G_{ii} - G_{ir} G_{rr}^{-1} G_{ri})$. The bracket is a Schur
complement: the reciprocal of $(G^{-1})_{ii}$, and $G_{rr}^{-1} G_{ri} = -\frac{(G^{-1})_{ri}}{(G^{-1})_{ii}}$, by
blocks. (ii) Least squares onto the columns left is an orthogonal projection; projecting onto fewer columns step by
step is projecting onto the last ones at once. (iii) Take $u = v_i \beta$ in (i) with $G + \varepsilon I$. In a pair
$\mathrm{relu}(a) = a + \mathrm{relu}(-a)$ either is a line plus the other.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="what the shipped removal leaves, against least squares",
            check=by_least_squares,
            claim=refitted,
            wrong={"units alone": units_alone, "rows alike": unweighted, "no refit": not_at_all},
            given={"seed": strategies.seeds(), "keep": st.sampled_from([2, 0, 1, 3])},
        ),
        Witness(
            name="which unit goes first",
            check=by_order,
            claim=cost,
            wrong={"variance alone": alone, "length": size},
            given={"seed": strategies.seeds()},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""The rows $-2, -1, 1, 2$ with $\mathrm{relu}(x) - \mathrm{relu}(-x) = x$: beside a line both
units go, and the line has the slope 1. Without one the second unit cannot go: what is left of the mean square 2.5 is
at least 0.2273.""",
            numbers={"line": 1.0, "one unit": 0.2273},
            compute=pair,
            tolerance=5e-5,
        ),
    ),
    references=(
        "B. Hassibi, D. G. Stork, Second order derivatives for network pruning: optimal brain surgeon, NeurIPS 1992",
        "T. N. E. Greville, Some applications of the pseudoinverse of a matrix, SIAM Review 2, 1960",
    ),
    covers=("continuum.learn.rounding",),
    document="n7_2_removal_beside_a_line.md",
)
