"""Where f < 0 the integral J is 0: stationary, but a global minimum only if no unit does harm."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Polynomial, RadialBasis, Sum, Tiled, hard_derivative
from proofs_checks import strategies, support
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

UNITS = 4
Least = Callable[[Tensor], Tensor]
Radius = Callable[[float], float]


def derive() -> list[Derivation]:
    """The least value of one tile over all measures a in [0, 1] of its support."""
    g, share = sp.Symbol("g", real=True), sp.Symbol("a", real=True)
    tile = Derivation(
        "J of one tile at both ends of a", sp.Tuple((g * share).subs(share, 0), (g * share).subs(share, 1))
    )
    tile = tile.apply(lambda e: sp.Min(*e), sp.Min(0, g), "linear in a: least at an end")
    negative = (g - sp.Abs(g)) / 2
    tile = tile.apply(lambda e: e.rewrite(sp.Abs), negative, "by |g|", _everywhere)
    return [tile.claims(negative, {"0, as for f < 0": sp.Integer(0), "|g|": -sp.Abs(g)}, _everywhere)]


def _everywhere(left: sp.Expr, right: sp.Expr) -> bool:
    """Equal for negative, zero and positive g."""
    (g,) = left.free_symbols | right.free_symbols or (sp.Symbol("g"),)
    signs = (sp.Symbol("n", negative=True), sp.Integer(0), sp.Symbol("p", positive=True))
    return all(sp.simplify(left.subs(g, value) - right.subs(g, value)) == 0 for value in signs)


def least(g: Tensor) -> Tensor:
    """The infimum of J: the sum of the negative parts."""
    return g.clamp(max=0).sum()


def reached(formula: Least, g: Tensor, weights: Tensor, offset: float) -> None:
    """No field is below the infimum, and f = -g on every tile reaches it."""
    best = Tiled(-g.unsqueeze(-1).expand(UNITS, 2))
    assert_close(support.hard(best, g), formula(g).item(), rtol=1e-12, atol=0)
    other = support.hard(RadialBasis(weights, [1.0, 2.6], 0.9, offset), g)
    if other < formula(g).item() - 1e-12:
        raise AssertionError(f"{other} is below the least value")


def radius(depth: float) -> float:
    """sup-norm distance within which J stays 0 around a field with supremum -depth."""
    return depth


def ball(formula: Radius, place: float, depth: float, g: Tensor) -> None:
    """J and its derivative vanish inside the ball; just outside, J takes both signs of g."""
    gamma = Polynomial([-depth - place**2, 2 * place, -1.0])  # -depth - (u - place)^2
    assume(abs(g[int(place)].item()) > 0.1)
    bump = RadialBasis([1.0], [place], 0.5)  # sup norm 1
    assert_close(support.hard(gamma, g), 0.0, rtol=0, atol=0)
    assert_close(hard_derivative(gamma, g, bump).value.item(), 0.0, rtol=0, atol=0)
    inside = Sum([gamma, bump], [1.0, 0.999 * formula(depth)])
    outside = Sum([gamma, bump], [1.0, 1.001 * formula(depth)])
    assert_close(support.hard(inside, g), 0.0, rtol=0, atol=0)
    support.same(support.hard(outside, g) * g[int(place)].item() > 0, True)


def helpful() -> dict[str, float]:
    """g = -1 on [0, 1]."""
    g = torch.tensor([-1.0])
    return {"Gamma": support.hard(Polynomial([-1.0]), g), "f = 1": support.hard(Polynomial([1.0]), g)}


def creeping() -> dict[str, float]:
    """Gamma = -e^(-u^2) and epsilon = e^-4, e^-9; g = -1/((k+1)(k+2)), with mass -1/10 beyond tile 9."""
    tile = torch.arange(9.0)
    g = -1 / ((tile + 1) * (tile + 2))
    integrals = [support.hard(RadialBasis([-1.0], [0.0], 0.5**0.5, offset), g) for offset in _OFFSETS]
    return {"m=2": integrals[0] - 0.1, "m=3": integrals[1] - 0.1}


_OFFSETS = (0.01831563888873418, 0.00012340980408667956)  # e^-4, e^-9


IDENTITY = Identity(
    id="A17",
    title="a negative f is a minimum",
    source="DFM",
    place="section 1.7, below the functional gradient step",
    printed=r"""when $\Gamma < 0$ we have only found a minimum for $J$""",
    precise=r"""Let $J[f] = \int_{\{f>0\}} g\,d\mu$ with $g \in L^1$. If $\sup \Gamma < 0$, $J$ vanishes on the
sup-norm ball of radius $|\sup\Gamma|$ about $\Gamma$, so that $\Gamma$ is a local minimum and a local maximum,
neither strict. It is a global minimum iff $g \geq 0$ almost everywhere; in general $\inf_f J[f] = \int \min(g,
0)\,d\mu$, for continuous or smooth $f$ alike. $\Gamma < 0$ alone (with $\sup\Gamma = 0$) need not be a local
minimum. For finite $\kappa$ it is not even stationary in general.""",
    verdict=Verdict.CORRECTED,
    proof=r"""$\|f-\Gamma\|_\infty < |\sup\Gamma|$ gives $f<0$, hence $J[f]=0$. For all $f$, $J[f] \geq \int
\min(g,0)$, with equality iff $\{f>0\}$ is $\{g<0\}$ up to null sets and zeros of $g$. Given $\eta>0$ choose a
finite union $U$ of open intervals with $\int_{U \Delta \{g<0\}} |g|\,d\mu < \eta$ (absolute continuity of the
integral) and a smooth $f$ that is positive on $U$ and negative off its closure; then $|J[f] - \int
\min(g,0)\,d\mu| < \eta$. So the infimum is $0 = J[\Gamma]$ iff $g \geq 0$ almost everywhere. At finite $\kappa$
the derivative $\int \kappa\sigma'(\kappa\Gamma)\phi g\,d\mu$ vanishes for all $\phi$ only if $g=0$ almost
everywhere, since $\sigma'>0$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="the least value of J, reached and never passed",
            check=reached,
            claim=least,
            wrong={
                "0, as for f < 0": lambda g: 0 * g.sum(),
                "the total of g": lambda g: g.sum(),
                "the worst unit": lambda g: g.min(),
            },
            given={
                "g": strategies.tensors(UNITS),
                "weights": strategies.tensors(2),
                "offset": strategies.numbers(-1, 1),
            },
        ),
        Witness(
            name="J is 0 on a ball, and on no larger one",
            check=ball,
            claim=radius,
            wrong={"half of it": lambda depth: depth / 2, "twice": lambda depth: 2 * depth},
            given={
                "place": strategies.crossings(UNITS, most=1).map(lambda places: places[0]),
                "depth": strategies.numbers(0.1, 1.0),
                "g": strategies.tensors(UNITS),
            },
            examples=12,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$g = -1$ on $[0,1]$ (the unit lowers the loss): $J[\Gamma] = 0$ for $\Gamma = -1$, but $J[1] =
-1$.""",
            numbers={"Gamma": 0.0, "f = 1": -1.0},
            compute=helpful,
        ),
        Counterexample(
            text=r"""$\Gamma = -e^{-u^2} < 0$ on the half line, $g = -\frac{1}{(k+1)(k+2)}$ on tile $k$. $\Gamma +
e^{-m^2}$ is positive beyond $m$, so $J = -\frac{1}{m+1}$: $-0.3333$ and $-0.25$ for $m=2,3$, below $J[\Gamma]=0$
at distance $e^{-m^2}$: no local minimum.""",
            numbers={"m=2": -0.3333, "m=3": -0.25},
            compute=creeping,
            tolerance=5e-5,
        ),
    ),
    references=(),
    covers=("continuum.widths.fields.zeros", "continuum.widths.fields.variation", "continuum.widths.fields.piecewise"),
)
