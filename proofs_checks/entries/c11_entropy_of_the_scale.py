"""The entropy term makes the sampled hyperparameters as wide as the outer loss is flat."""

from collections.abc import Callable
from itertools import product

import numpy as np
import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.func import hessian, vmap
from torch.testing import assert_close

from continuum.hypergrad import BestResponse, Bilevel, Hermite, linear, scale_gradient
from continuum.problems import QuadraticBilevel
from proofs_checks import strategies
from proofs_checks.bilevel import solve
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness

PARAMETERS, HYPERPARAMETERS = 2, 2


def derive() -> list[Derivation]:
    """Gaussian integrals of a quartic and of the log-density; then the stationary scale of a quadratic."""
    point, centre, x = sp.symbols("epsilon lambda x", real=True)
    scale, price, curve = sp.symbols("sigma tau c", positive=True)
    values = sp.symbols("f_0:5", real=True)
    loss = sum(value * x**i for i, value in enumerate(values))
    density = sp.exp(-(point**2) / 2) / sp.sqrt(2 * sp.pi)

    def mean(expression: sp.Expr) -> sp.Expr:
        moments = sp.Poly(sp.expand(expression), point).terms()
        return sum(value * sp.integrate(point**n * density, (point, -sp.oo, sp.oo)) for (n,), value in moments)

    moved = centre + scale * point
    curvature = mean(sp.diff(loss, x, 2).subs(x, moved))
    smooth = Derivation("mean outer loss, any quartic", mean(loss.subs(x, moved)))
    smooth = smooth.apply(lambda e: sp.diff(e, scale), scale * curvature, "differentiate the integral in sigma")

    normal = sp.exp(-(x**2) / (2 * scale**2)) / (scale * sp.sqrt(2 * sp.pi))
    surprise = sp.log(scale) + sp.log(2 * sp.pi) / 2 + x**2 / (2 * scale**2)
    minus = Derivation("-log of the density", sp.expand_log(-sp.log(normal), force=True)).rewrite(surprise, "logarithm")
    entropy = Derivation("entropy", sp.integrate(sp.expand(normal * minus.value), (x, -sp.oo, sp.oo)))
    entropy = entropy.rewrite(sp.log(scale) + sp.log(2 * sp.pi) / 2 + sp.Rational(1, 2), "integrate")
    entropy = entropy.apply(lambda e: sp.diff(e, scale), 1 / scale, "differentiate")

    still = Derivation("stationary scale", sp.solve(sp.Eq(scale * curve, price / scale), scale)[0])
    still = still.rewrite(sp.sqrt(price / curve), "sigma^2 E F'' = tau")
    at_centre = sp.diff(loss, x, 2).subs(x, centre)
    return [
        smooth.claims(scale * curvature, {"curvature at the centre": scale * at_centre, "no sigma": curvature}),
        entropy.claims(1 / scale, {"of the variance": 1 / scale**2, "half": 1 / (2 * scale)}),
        still.claims(sp.sqrt(price / curve), {"no root": price / curve, "upside down": sp.sqrt(curve / price)}),
    ]


def quartic(target: Tensor, weights: Tensor, hyperparameters: Tensor) -> Tensor:
    """An outer loss of degree 4 along a linear response."""
    miss = weights - target
    return miss.pow(4).sum() / 4 + miss.pow(3).sum() / 3 + weights.prod() * hyperparameters.sum()


Formula = Callable[[Tensor, Tensor, Tensor, float], Tensor]


def with_noise(mean_curvature: Tensor, centre_curvature: Tensor, scale: Tensor, entropy: float) -> Tensor:
    """sigma_i^2 E d_ii F - tau, the derivative in log sigma_i."""
    return scale.square() * mean_curvature - entropy


WRONG: dict[str, Formula] = {
    "curvature at the centre": lambda mean, centre, scale, entropy: scale.square() * centre - entropy,
    "one sigma lost": lambda mean, centre, scale, entropy: scale * mean - entropy,
    "half the curvature": lambda mean, centre, scale, entropy: scale.square() * mean / 2 - entropy,
    "entropy added": lambda mean, centre, scale, entropy: scale.square() * mean + entropy,
    "entropy of the variance": lambda mean, centre, scale, entropy: scale.square() * mean - 2 * entropy,
}


def by_quadrature(
    formula: Formula, level: Tensor, slopes: Tensor, target: Tensor, at: Tensor, scale: Tensor, entropy: float
) -> None:
    """The shipped gradient against the mean of the curvature along the response, by quadrature of our own."""
    response = BestResponse(level, slopes, at, linear)
    problem = Bilevel(lambda w, h: w.square().sum(), lambda w, h: quartic(target, w, h))
    actual = scale_gradient(problem, response, at, scale, Hermite(5), entropy)

    def along(h: Tensor) -> Tensor:
        return quartic(target, level + slopes @ (h - at), h)

    nodes, masses = np.polynomial.hermite_e.hermegauss(4)  # a curvature of degree 2 needs no more
    points = torch.tensor(list(product(nodes, repeat=HYPERPARAMETERS)))
    weights = torch.tensor([np.prod(pair) for pair in product(masses / masses.sum(), repeat=HYPERPARAMETERS)])
    curvatures = vmap(lambda point: hessian(along)(at + scale * point).diagonal())(points)
    expected = formula(weights @ curvatures, hessian(along)(at).diagonal(), scale, entropy)
    assert_close(actual, expected, rtol=1e-10, atol=1e-9)


def stationary(curvature: Tensor, entropy: float) -> Tensor:
    """sigma_i = sqrt(tau / d_ii F)."""
    return (entropy / curvature).sqrt()


def by_rest(formula: Callable[[Tensor, float], Tensor], problem: QuadraticBilevel, at: Tensor, entropy: float) -> None:
    """On a quadratic problem the shipped gradient is 0 at the claimed scale, and pushes back on both sides."""

    def along(h: Tensor) -> Tensor:
        return problem.outer(solve(problem.a, problem.b + problem.slope @ h), h)

    curvature = hessian(along)(at).diagonal()
    assert_close(problem.outer_curvature(at).diagonal(), curvature, rtol=1e-10, atol=1e-11)
    assume(bool((curvature > 0.1).all()))
    response = BestResponse(problem.solution(at), problem.jacobian(at), at, linear)
    scale = formula(curvature, entropy)
    rest, wider = (scale_gradient(problem, response, at, s, Hermite(3), entropy) for s in (scale, 2 * scale))
    assert_close((rest, wider), (torch.zeros(2), torch.full((2,), 3 * entropy)), rtol=1e-8, atol=1e-8)


IDENTITY = Identity(
    id="C11",
    title="entropy of the sampled hyperparameters",
    source="STN",
    place="slide on adjusting the hyperparameter distribution",
    printed=r"""$\mathbb{E}_{\epsilon\sim p(\epsilon|\sigma)}[\mathcal{L}_{val}(\lambda+\epsilon,
\hat{\mathbf{w}}_\phi(\lambda+\epsilon))] - \tau\mathbb{H}[p(\epsilon|\sigma)]$""",
    precise=r"""Let $f(\lambda) = F(\hat w(\lambda), \lambda)$ be $C^2$ with second derivatives of at most
exponential growth, and $\epsilon_i = \sigma_i\xi_i$ with independent standard normal $\xi_i$. The printed objective
$J$ satisfies $\frac{\partial J}{\partial\sigma_i} = \sigma_i\,\mathbb{E}\,\partial_{ii}f(\lambda + \epsilon) -
\frac{\tau}{\sigma_i}$, so a stationary scale has $\sigma_i^2 = \tau/\mathbb{E}\,\partial_{ii}f$, where the mean
depends on $\sigma$ itself. (This is the partial derivative, with $\hat w$ held, as the algorithm alternates; its
slopes are fitted under the same noise and follow $\sigma$, too, see C10.) For one hyperparameter and convex $f$
that is not affine, $J$ is strictly convex in $\sigma > 0$ and has exactly one minimum. Where $\mathbb{E}\,f'' \leq
0$ for all $\sigma$ there is none, and $\sigma$ grows without bound.""",
    verdict=Verdict.HOLDS,
    proof=r"""$\partial_{\sigma_i}\mathbb{E}f(\lambda+\sigma\xi) = \mathbb{E}\,\xi_i\,\partial_i f$, which by parts
(Stein) is $\sigma_i\mathbb{E}\,\partial_{ii}f$. The entropy of $N(0, \sigma_i^2)$ is $\log\sigma_i$ and a constant,
and entropies of independent variables add. For convex $f$, $\mathbb{E}f(\lambda+\sigma\xi)$ is convex in $\sigma$
as a mean of convex functions, even in $\sigma$ and not constant, so it grows at least linearly, while
$-\tau\log\sigma$ is strictly convex and tends to infinity at 0.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="gradient in log sigma, outer loss of degree 4",
            check=by_quadrature,
            claim=with_noise,
            wrong=WRONG,
            given={
                "level": strategies.tensors(PARAMETERS, low=-1, high=1),
                "slopes": strategies.tensors(PARAMETERS, HYPERPARAMETERS, low=-1, high=1),
                "target": strategies.tensors(PARAMETERS, low=-1, high=1),
                "at": strategies.tensors(HYPERPARAMETERS, low=-1, high=1),
                "scale": strategies.tensors(HYPERPARAMETERS, low=0.25, high=1),
                "entropy": st.sampled_from([0.5, 1.0, 0.125]),
            },
            examples=6,
        ),
        Witness(
            name="stationary scale of a quadratic problem",
            check=by_rest,
            claim=stationary,
            wrong={
                "no root": lambda curvature, entropy: entropy / curvature,
                "upside down": lambda curvature, entropy: (curvature / entropy).sqrt(),
                "half the curvature": lambda curvature, entropy: (2 * entropy / curvature).sqrt(),
            },
            given={
                "problem": strategies.quadratics(3, HYPERPARAMETERS),
                "at": strategies.tensors(HYPERPARAMETERS),
                "entropy": st.sampled_from([0.5, 1.0, 0.125]),
            },
            examples=8,
        ),
    ),
    references=("M. MacKay, P. Vicol, J. Lorraine, D. Duvenaud, R. Grosse, Self-Tuning Networks, ICLR 2019",),
    covers=(
        "continuum.hypergrad.scale",
        "continuum.hypergrad.noise",
        "continuum.hypergrad.bestresponse",
        "continuum.problems.bilevel",
    ),
)
