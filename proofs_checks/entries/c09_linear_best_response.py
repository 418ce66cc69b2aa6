"""When the best response is affine in the hyperparameters, and what the compact form can say of it."""

from collections.abc import Callable

import numpy as np
import sympy as sp
import torch
from torch import Tensor
from torch.func import jacfwd
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, Dense, Hermite, Implicit, SelfTuning
from continuum.nn import row_scaled
from continuum.problems import PlainRidge, QuadraticBilevel
from proofs_checks import strategies
from proofs_checks.bilevel import solve
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

PARAMETERS, HYPERPARAMETERS = 3, 2


def derive() -> list[Derivation]:
    """Solve the inner problems, differentiate twice; the minors of the compact form's Jacobian."""
    price, w = sp.symbols("lambda w", real=True)
    a, b, d, first, second, m, n = sp.symbols("A_11 A_12 A_22 b_1 b_2 B_1 B_2", real=True)
    hess, right = sp.Matrix([[a, b], [b, d]]), sp.Matrix([first + m * price, second + n * price])
    weights = sp.Matrix(sp.symbols("w_1 w_2", real=True))
    loss = (weights.T * hess * weights)[0] / 2 - (right.T * weights)[0]
    solved = sp.solve([sp.diff(loss, v) for v in weights], list(weights), dict=True)[0]
    affine = Derivation("quadratic, affine linear term", sp.Matrix([solved[v] for v in weights]))
    slope = hess.inv() * sp.Matrix([m, n])
    affine = affine.apply(lambda e: e.diff(price), slope, "differentiate the minimum")
    bend = Derivation("its curvature", affine.value).apply(lambda e: e.diff(price), sp.zeros(2, 1), "once more")

    c, s = sp.symbols("c s", positive=True)
    ridge = Derivation("ridge, one feature", sp.solve(sp.diff(s * w**2 / 2 - c * w + price * w**2 / 2, w), w)[0])
    ridge = ridge.apply(
        lambda e: sp.diff(e, price, 2), 2 * c / (s + price) ** 3, "second derivative of c / (s + lambda)"
    )

    rest = sp.Symbol("r", real=True)  # w - 2 lambda - 1
    quartic = Derivation("a quartic", sp.FiniteSet(*sp.solve(sp.diff(rest**4 + rest**2 / 2, rest), rest)))
    quartic = quartic.apply(lambda e: next(iter(e)) + 2 * price + 1, 2 * price + 1, "only r = 0 is real")

    rates, moving = sp.Matrix([sp.symbols("V_1 V_2")]), sp.Matrix(sp.symbols("W_1 W_2 W_3"))
    change = sp.Matrix(sp.symbols("lambda_1 lambda_2", real=True))
    row = (rates * change)[0] * moving
    compact = Derivation("minors of a row's response", sp.Matrix(row.jacobian(change)))
    compact = compact.rewrite(moving * rates, "an outer product")
    compact = compact.apply(
        lambda e: sp.Matrix([e[list(pair), :].det() for pair in ((0, 1), (0, 2), (1, 2))]), sp.zeros(3, 1), "rank one"
    )
    free = sp.Matrix([moving[0] * rates[1], moving[1] * rates[0], moving[2]])
    return [
        affine.claims(
            slope, {"inverse forgotten": sp.Matrix([m, n]), "intercept": hess.inv() * sp.Matrix([first, second])}
        ),
        bend.claims(sp.zeros(2, 1), {"as curved as ridge": sp.Matrix([m, n])}),
        ridge.claims(2 * c / (s + price) ** 3, {"affine": sp.Integer(0)}),
        quartic.claims(2 * price + 1, {"through 0": 2 * price}),
        compact.claims(sp.zeros(3, 1), {"full rank": free}),
    ]


def moved(problem: QuadraticBilevel, change: Tensor) -> Tensor:
    """A^{-1} B change."""
    return solve(problem.a, problem.slope @ change)


def by_fitting(
    formula: Callable[[QuadraticBilevel, Tensor], Tensor],
    problem: QuadraticBilevel,
    at: Tensor,
    change: Tensor,
    scale: float,
) -> None:
    """Far from the centre: the shipped minimum, and a linear response that self-tuning fits from 0 at any scale."""
    expected = formula(problem, change)
    assert_close(problem.solution(at + change) - problem.solution(at), expected, rtol=1e-10, atol=1e-11)
    assert_close(problem.self_tuned(at)[1] @ change, expected, rtol=1e-10, atol=1e-11)
    # The mean square of all inputs sets the unit of the rate, so that each of h slopes descends h times more slowly.
    lr = HYPERPARAMETERS / float(torch.linalg.eigvalsh(problem.a)[-1])
    method = SelfTuning(scale, steps=40, lr=lr, noise=Hermite(2), linearised=False)
    fitted = method.fit(problem, problem.solution(at), at)
    assert_close(fitted(at + change) - fitted(at), expected, rtol=1e-5, atol=1e-5)


def outer_product(scale: Tensor, direction: Tensor) -> Tensor:
    """Response of row r: W'_r V_r^T, (rows, inputs, hyperparameters)."""
    return direction.unsqueeze(-1) * scale.unsqueeze(-2)


def by_jacobian(formula: Callable[[Tensor, Tensor], Tensor], scale: Tensor, direction: Tensor, at: Tensor) -> None:
    """Jacobian of the shipped compact response, anywhere."""
    actual = jacfwd(lambda change: row_scaled({"weight": (scale, direction)}, change)["weight"])(at)
    assert_close(actual, formula(scale, direction), rtol=1e-12, atol=1e-13)


def second_value(target: Tensor) -> Tensor:
    """Second singular value of the true response of a row."""
    values: Tensor = torch.linalg.svdvals(target)
    return values[1]


def by_distance(
    formula: Callable[[Tensor], Tensor], problem: QuadraticBilevel, scale: Tensor, direction: Tensor
) -> None:
    """How near compact responses of one row come to the true one, in the spectral norm: a drawn one, and the best."""
    target = problem.jacobian(torch.zeros(HYPERPARAMETERS))
    left, values, right = torch.linalg.svd(target, full_matrices=False)
    best = (right[:1], (values[0] * left[:, 0]).unsqueeze(0))
    units = torch.eye(HYPERPARAMETERS)

    def distance(slopes: tuple[Tensor, Tensor]) -> Tensor:
        columns = [row_scaled({"row": slopes}, unit)["row"][0] for unit in units]
        values: Tensor = torch.linalg.svdvals(target - torch.stack(columns, -1))
        return values[0]

    bound = formula(target)
    assert_close(distance(best), bound, rtol=1e-9, atol=1e-11)
    drawn = distance((scale, direction))
    assert_close(torch.maximum(drawn, bound), drawn, rtol=1e-9, atol=1e-11)
    # One hyperparameter: V = 1 and W' = the response itself.
    single = row_scaled({"row": (torch.ones(1, 1), target[:, :1].mT)}, torch.tensor(0.5))["row"]
    assert_close(single[0], 0.5 * target[:, 0], rtol=1e-12, atol=1e-13)


def ridge_is_curved() -> dict[str, float]:
    """Minima of (w - 1)^2/2 + lambda w^2/2 at lambda = 0, 1, 2."""
    one = torch.ones(1, 1)
    problem = PlainRidge(one, one[0], one, one[0])
    minima = [float(problem.solution(torch.tensor(price))) for price in (0.0, 1.0, 2.0)]
    return {"w*(0)": minima[0], "w*(1)": minima[1], "w*(2)": minima[2]}


def quartic_is_straight() -> dict[str, float]:
    """Minima and slopes of r^4 + r^2/2, r = w - 2 lambda - 1, at lambda = 0 and 1; and its fourth derivative."""
    problem = Bilevel(lambda w, h: (w - 2 * h - 1) ** 4 + (w - 2 * h - 1) ** 2 / 2, lambda w, h: w)
    figures = {"fourth derivative": float(np.polyder(np.poly1d([1.0, 0, 0.5, 0, 0]), 4)(0.0))}
    for price in (0.0, 1.0):
        roots = np.roots([4.0, 0.0, 1.0, 0.0])
        minimum = float(roots[np.abs(roots.imag) < 1e-9].real[0]) + 2 * price + 1
        slope = Implicit(Dense())(problem, torch.tensor(minimum), torch.tensor(price)).response
        figures |= {f"w*({price:g})": minimum, f"slope at {price:g}": float(slope)}
    return figures


def two_directions() -> dict[str, float]:
    """Inner loss |w - lambda|^2/2 with two weights in one row and two hyperparameters."""
    one, none = torch.eye(2), torch.zeros(2)
    target = QuadraticBilevel(one, none, one, none, one).jacobian(none)
    return {"first": float(torch.linalg.svdvals(target)[0]), "second": float(torch.linalg.svdvals(target)[1])}


IDENTITY = Identity(
    id="C09",
    title="linear best responses, and the compact form",
    source="STN",
    place="slides on the compact best-response approximation and on local approximation",
    printed=r"""$\hat{W}_\phi(\lambda) = W_{elem} + (V\lambda)\odot_{row} W_{hyper}$: "an additional weight/bias
that is scaled by a linear transformation of the hyperparameters", as an approximation of $\mathbf{w}^*(\lambda)$""",
    precise=r"""(a) If $L = w^T A w/2 - (b + B\lambda)^T w$ up to terms without $w$, with $A$ positive definite and
free of $\lambda$, then $w^* = A^{-1}(b + B\lambda)$ is affine, and a linear response fitted under noise of any
scale is exact. (b) It is not enough that $L$ is quadratic in $w$ and affine in $\lambda$: ridge is, and $w^*$
bends. (c) Nor need $L$ be quadratic for $w^*$ to be affine. (d) In the compact form the response of row $r$ is
$W_{hyper,r}V_r^T$, of rank one: for one hyperparameter it can be any response, for more it differs in the spectral
norm from the true response $J_r$ of the row by at least $\sigma_2(J_r)$, which the best choice attains.""",
    verdict=Verdict.CORRECTED,
    proof=r"""(a) $Aw = b + B\lambda$. The inner loss at $\hat w = w^* + \Theta\varepsilon$ is, up to terms without
$\Theta$, $|A^{1/2}(\Theta - A^{-1}B)\varepsilon|^2/2$, whose mean is least at $\Theta = A^{-1}B$ whatever the
covariance. (b), (c) The counterexamples. (d) $\partial_\lambda[(V_r\lambda)W_{hyper,r}] = W_{hyper,r}V_r^T$; Eckart
and Young.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="a quadratic with affine linear term: minimum and fitted response",
            check=by_fitting,
            claim=moved,
            wrong={
                "inverse forgotten": lambda problem, change: problem.slope @ change,
                "the other sign": lambda problem, change: -moved(problem, change),
                "intercept": lambda problem, change: moved(problem, change) + solve(problem.a, problem.b),
            },
            given={
                "problem": strategies.quadratics(PARAMETERS, HYPERPARAMETERS),
                "at": strategies.tensors(HYPERPARAMETERS),
                "change": strategies.tensors(HYPERPARAMETERS),
                "scale": strategies.numbers(0.25, 4),
            },
            examples=2,
        ),
        Witness(
            name="response of the compact form",
            check=by_jacobian,
            claim=outer_product,
            wrong={
                "of the other hyperparameter": lambda scale, direction: outer_product(scale, direction).flip(-1),
                "of another row": lambda scale, direction: outer_product(scale.roll(1, 0), direction),
            },
            given={
                "scale": strategies.tensors(2, HYPERPARAMETERS),
                "direction": strategies.tensors(2, PARAMETERS),
                "at": strategies.tensors(HYPERPARAMETERS),
            },
            examples=8,
        ),
        Witness(
            name="distance of the compact form from the true response",
            check=by_distance,
            claim=second_value,
            wrong={
                "exact": lambda target: torch.zeros(()),
                "first singular value": lambda target: torch.linalg.svdvals(target)[0],
            },
            given={
                "problem": strategies.quadratics(PARAMETERS, HYPERPARAMETERS),
                "scale": strategies.tensors(1, HYPERPARAMETERS),
                "direction": strategies.tensors(1, PARAMETERS),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""(b) $L = (w-1)^2/2 + \lambda w^2/2$: $w^* = 1/(1+\lambda)$ is $1, 1/2, 1/3$ at
$\lambda = 0, 1, 2$, not on a line.""",
            numbers={"w*(0)": 1.0, "w*(1)": 0.5, "w*(2)": 1 / 3},
            compute=ridge_is_curved,
        ),
        Counterexample(
            text=r"""(c) $L = r^4 + r^2/2$ with $r = w - 2\lambda - 1$ has the fourth derivative 24 in $w$, and
$w^* = 2\lambda + 1$: 1 and 3 at $\lambda = 0$ and 1, of slope 2 at both.""",
            numbers={"fourth derivative": 24.0, "w*(0)": 1.0, "w*(1)": 3.0, "slope at 0": 2.0, "slope at 1": 2.0},
            compute=quartic_is_straight,
        ),
        Counterexample(
            text=r"""(d) One row of two weights, two hyperparameters, $L = |w - \lambda|^2/2$: the response is the
identity, with singular values 1 and 1. Any response of rank one is off by at least 1.""",
            numbers={"first": 1.0, "second": 1.0},
            compute=two_directions,
        ),
    ),
    references=(
        "J. Bae, R. Grosse, Delta-STN: efficient bilevel optimization for neural networks using structured response "
        "Jacobians, NeurIPS 2020",
    ),
    covers=(
        "continuum.nn.hyperlinear",
        "continuum.hypergrad.selftuning",
        "continuum.hypergrad.bestresponse",
        "continuum.hypergrad.noise",
        "continuum.problems.bilevel",
    ),
)
