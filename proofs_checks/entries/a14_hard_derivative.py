"""The derivative of J in the hard limit: a sum over the zeros of f, with the Jacobian 1/|f'| that was left out."""

import math
from collections.abc import Callable
from typing import Any

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths import (
    Affine,
    HardVariation,
    PiecewiseLinear,
    Polynomial,
    RadialBasis,
    Sum,
    hard_derivative,
)
from proofs_checks import strategies, support
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

UNITS = 4
Term = Callable[[Any, Any, Any], Any]
Side = Callable[[float, float, float, float, float], tuple[float, float]]


def derive() -> list[Derivation]:
    """From the motion of a zero to the term that it adds, for both signs of f'; and Dirac's delta of 1 - u^2."""
    return [moving(falling=True), moving(falling=False), delta()]


def moving(*, falling: bool) -> Derivation:
    """J near a zero is the integral of g up to it (f falling) or from it (f rising); x is the distance to it."""
    epsilon, x, speed, bend = sp.symbols("epsilon x v w", real=True)
    steep = sp.Symbol("s", positive=True)
    curve, push, tilt, value, rise = sp.symbols("f_2 phi_0 phi_1 g_0 g_1", real=True)
    slope = -steep if falling else steep
    path = speed * epsilon + bend * epsilon**2
    at_path = (slope * x + curve * x**2 + epsilon * (push + tilt * x)).subs(x, path)
    (velocity,) = sp.solve(sp.expand(at_path).coeff(epsilon, 1), speed)
    gained = sp.integrate(value + rise * x, (x, 0, path) if falling else (x, path, 0))
    chain = Derivation(f"f {'falling' if falling else 'rising'}", gained)
    sign = 1 if falling else -1
    chain = chain.apply(
        lambda e: sp.diff(e, epsilon).subs(epsilon, 0), sign * value * speed, "derivative of J at epsilon = 0"
    )
    claim = push * value / steep
    chain = chain.apply(lambda e: e.subs(speed, velocity), claim, "first order of f(x) + epsilon phi(x) = 0 gives v")
    return chain.claims(claim, {"no Jacobian": push * value, "the other sign": -claim})


def delta() -> Derivation:
    """delta(1 - u^2) from the definition of delta at simple roots, integrated against g phi."""
    u = sp.Symbol("u", real=True)
    weight = sp.Function("w")
    chain = Derivation("delta of 1 - u^2", sp.DiracDelta(1 - u**2) * weight(u))
    split = (sp.DiracDelta(u - 1) + sp.DiracDelta(u + 1)) * weight(u) / 2
    chain = chain.apply(lambda e: sp.expand(e.expand(diracdelta=True, wrt=u)), sp.expand(split), "simple roots")
    claim = (weight(1) + weight(-1)) / 2
    chain = chain.apply(lambda e: sp.integrate(e, (u, -sp.oo, sp.oo)), claim, "integrate")
    return chain.claims(claim, {"as printed": weight(1) + weight(-1)})


def term(phi: Any, g: Any, slope: Any) -> Any:
    """What one simple zero adds."""
    return phi * g / abs(slope)


WRONG: dict[str, Term] = {
    "as printed, without the Jacobian": lambda phi, g, slope: phi * g,
    "signed slope": lambda phi, g, slope: phi * g / slope,
    "|f'| in the numerator": lambda phi, g, slope: phi * g * abs(slope),
    "an ascent and a descent mistaken": lambda phi, g, slope: -term(phi, g, slope),
}


def with_known_zeros(formula: Term, roots: list[float], lead: float, phi: list[float], g: Tensor) -> None:
    """Shipped sum for a polynomial with given zeros."""
    f, direction = support.vanishing(roots, lead), Polynomial(phi)
    variation = hard_derivative(f, g, direction)
    pushes, slopes = direction(torch.tensor(roots)).tolist(), [support.jet(f, root)[1] for root in roots]
    terms = [formula(p, g[int(z)].item(), slope) for p, z, slope in zip(pushes, roots, slopes, strict=True)]
    assert_close(variation.value.item(), float(sum(terms)), rtol=1e-9, atol=1e-9 * (1 + sum(map(abs, terms))))
    assert_close(torch.tensor(variation.zeros.simple), torch.tensor(roots), rtol=0, atol=1e-9)


def by_moved_zeros(formula: Term, f: nn.Module, ends: list[float], g: Tensor) -> None:
    """Differences of J with the zeros solved afresh, for fields of every kind and an affine direction."""
    direction = PiecewiseLinear(ends, [0.0, UNITS])
    variation = hard_derivative(f, g, direction, grid=8)
    assume(variation.differentiable and ordinary(f, variation))
    pushes = direction(torch.tensor(variation.zeros.simple)).tolist()
    pairs = zip(pushes, variation.zeros.zeros, strict=True)
    expected = float(sum(formula(push, g[int(zero.at)].item(), zero.right) for push, zero in pairs))
    assert_close(variation.value.item(), expected, rtol=1e-9, atol=1e-12)
    assert_close(support.one_sided(f, g, direction, step=2e-5), (expected, expected), rtol=1e-5, atol=1e-5)


def ordinary(f: nn.Module, variation: HardVariation) -> bool:
    """Whether small shifts neither make zeros nor carry one over a corner: then differences have no jumps."""
    corners = torch.tensor([*range(UNITS + 1), *KNOTS])
    apart = [(corners - zero.at).abs().min().item() > 0.01 for zero in variation.zeros.zeros]
    values = f(torch.linspace(0, UNITS, 401)).detach()
    turns = values.diff()[1:] * values.diff()[:-1] <= 0
    extrema = values[1:-1][turns].abs()
    return all(apart) and all(abs(zero.right) > 0.1 for zero in variation.zeros.zeros) and bool((extrema > 1e-3).all())


KNOTS = (0.0, 1.3, 2.2, 3.6)
FIELDS = st.one_of(
    strategies.tensors(4).map(lambda values: PiecewiseLinear(values, list(KNOTS))),
    strategies.tensors(2).map(lambda weights: RadialBasis(weights, [1.0, 2.6], 0.5, -0.3)),
    st.builds(
        lambda gamma, slope: Sum([Affine(gamma), support.constant(0.1, UNITS)], [slope, 1.0]),
        strategies.interior(UNITS),
        strategies.slopes(),
    ),
)


def sides(push: float, before: float, after: float, left: float, right: float) -> tuple[float, float]:
    """Derivatives ahead and behind at a zero with g and f' = (before, left) and (after, right) of its two sides."""
    to_right = push * right < 0
    terms = push * before / abs(left), push * after / abs(right)
    return (terms[1], terms[0]) if to_right else (terms[0], terms[1])


def exchanged(push: float, before: float, after: float, left: float, right: float) -> tuple[float, float]:
    """Behind and ahead."""
    return sides(push, before, after, left, right)[::-1]


def one_value(push: float, before: float, after: float, left: float, right: float) -> tuple[float, float]:
    """The right side for both."""
    return push * after / abs(right), push * after / abs(right)


def from_the_left(push: float, before: float, after: float, left: float, right: float) -> tuple[float, float]:
    """As if every zero moved to the right for epsilon > 0."""
    return push * after / abs(right), push * before / abs(left)


def border_or_kink(formula: Side, place: float, slopes: tuple[float, float, int], push: float, g: Tensor) -> None:
    """Shipped one-sided derivatives, differences of J, and what the report calls the zero."""
    left, right = slopes[2] * slopes[0], slopes[2] * slopes[1]
    f = PiecewiseLinear([-5 * left, 0.0, 5 * right], [place - 5, place, place + 5])
    padded = [0.0, *g.tolist(), 0.0]  # nothing outside of the units
    before, after = padded[math.ceil(place)], padded[math.floor(place) + 1]
    direction = support.constant(push, UNITS)
    variation = hard_derivative(f, g, direction)
    expected = formula(push, before, after, left, right)
    assert_close((variation.ahead.item(), variation.behind.item()), expected, rtol=1e-8, atol=1e-12)
    assert_close(support.one_sided(f, g, direction), expected, rtol=1e-7, atol=1e-8)
    kind = "border" if place % 1 == 0 else "simple" if left == right else "kink"
    support.same([zero.kind for zero in variation.zeros.zeros], [kind])
    support.same(refused(variation), kind != "simple")


def refused(variation: HardVariation) -> bool:
    """Whether the shipped report says that there is no derivative."""
    try:
        _ = variation.value
    except BadInput:
        return True
    return False


def multiple(formula: Callable[[int], bool], place: float, multiplicity: int, g: Tensor) -> None:
    """f = (u - z)^p: the shipped report has a derivative iff p is as the formula says, else NaN on both sides."""
    variation = hard_derivative(support.vanishing([place] * multiplicity), g, Polynomial([1.0]))
    exists = formula(multiplicity)
    support.same(variation.differentiable, exists)
    support.same(refused(variation), not exists)
    support.same([bool(value.isnan()) for value in (variation.ahead, variation.behind)], [not exists] * 2)


def parabola() -> dict[str, float]:
    """f = 1 - (u - 1/2)^2, g = 1, phi = 1: the zero in [0, 2] is 3/2."""
    f, g, one = Polynomial([0.75, 1.0, -1.0]), torch.ones(2), Polynomial([1.0])
    variation = hard_derivative(f, g, one)
    return {
        "true": variation.value.item(),
        "differences": sum(support.one_sided(f, g, one)) / 2,
        "printed": float(len(variation.zeros.zeros)),
    }


def steep() -> dict[str, float]:
    """f = 4 (gamma - u) at gamma = 1/2, g = 3."""
    return {"true": hard_derivative(Affine(0.5, 4.0), torch.tensor([3.0]), Polynomial([1.0])).value.item()}


def cancelling() -> dict[str, float]:
    """J[f + epsilon] for one double zero and for two with g = 1 and -1; whether the shipped report refuses the two."""
    one, g = support.constant(1.0, UNITS), torch.tensor([1.0, 0.0, -1.0, 0.0])
    single, pair = support.vanishing([0.5, 0.5]), support.vanishing([0.5, 0.5, 2.5, 2.5])

    def change(f: nn.Module, epsilon: float) -> float:
        return support.hard(support.shifted(f, one, epsilon), g) - support.hard(f, g)

    values = {f"pair, epsilon = {epsilon}": change(pair, epsilon) for epsilon in (-0.01, 0.01)}
    return {**values, "single": change(single, -0.01), "refused": float(refused(hard_derivative(pair, g, one)))}


IDENTITY = Identity(
    id="A14",
    title="a sum over zeros, with a Jacobian",
    source="DFM",
    place="section 1.7, display of the functional derivative, last line",
    printed=r"""$\frac{\delta J}{\delta f} = \int_{\mathbb{R}} \delta(f(u))\,\phi(u)\,y^1(u)\,\omega_1(u)\,d\mu(u) =
\sum_{z \in Z(f)} \phi(z)\,y^1(z)\,\omega_1(z)$""",
    precise=r"""False as printed; right iff $|f'(z)| = 1$ at the zeros that count (as for signed distances, and for
$f = \gamma - u$). Let $f$ be continuous with finitely many zeros in $[0,N]$, all simple: $f$ is $C^1$ near them
and $f'(z) \neq 0$. Let $\phi$ be continuous on $[0,N]$ and $C^1$ near them, and
$g = y^1\omega_1$ bounded and continuous at them. Then
$\epsilon \mapsto J[f + \epsilon\phi]$ is differentiable at $0$, and
$\frac{d}{d\epsilon} J[f+\epsilon\phi] = \sum_{z \in Z(f)} \frac{\phi(z)\,g(z)}{|f'(z)|}$,
that is $\delta(f) = \sum_z \delta_z/|f'(z)|$. If at a zero $f$ changes sign but $g$ or $f'$ jumps (an integer, an
end of the range with $g = 0$ outside, a kink of $f$), with one-sided slopes that are not $0$, the two one-sided
derivatives exist: the zero moves to the right iff $\epsilon\,\phi(z)\,f' < 0$, and $g$ and $f'$ are those of the
side to which it moves. A zero $z$ of multiplicity $p \geq 2$ ($f$ in $C^p$ near $z$, $f^{(p)}(z) \neq 0$) at which
$g$ is continuous and $\phi(z) g(z) \neq 0$ leaves no derivative if it is the only multiple zero. The singular terms
of several may cancel (the shipped report then still refuses).""",
    verdict=Verdict.FALSE,
    proof=r"""By the implicit function theorem $f + \epsilon\phi$ has near $z$ exactly one zero $z(\epsilon)$, with
$z'(0) = -\phi(z)/f'(z)$, and elsewhere on $[0,N]$ none for small $\epsilon$ ($|f|$ is bounded below there). If $f$
falls at $z$, $\{f + \epsilon\phi > 0\}$ lies on the left of $z(\epsilon)$ and $J$ changes by $\int_z^{z(\epsilon)}
g\,d\mu = g(z)\,z'(0)\,\epsilon + o(\epsilon) = \epsilon\,\phi g/|f'| + o(\epsilon)$; if it rises, by minus that
integral, which is the same. With one-sided slopes the same holds on each side of $0$ with the values of the side
entered. Multiplicity $p \geq 2$: for $\epsilon$ of at least one sign zeros move by about
$|\epsilon\,\phi\,p!/f^{(p)}|^{1/p}$, so that $J$ changes by $|g|$ times this length, or twice it, and the simple
zeros add $O(\epsilon)$: the quotient by $\epsilon$ is unbounded.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped sum for polynomials with given zeros",
            check=with_known_zeros,
            claim=term,
            wrong=WRONG,
            given={
                "roots": strategies.crossings(UNITS),
                "lead": strategies.slopes(),
                "phi": strategies.tensors(3).map(Tensor.tolist),
                "g": strategies.tensors(UNITS),
            },
        ),
        Witness(
            name="differences with the zeros solved afresh",
            check=by_moved_zeros,
            claim=term,
            wrong=WRONG,
            given={
                "f": FIELDS,
                "ends": strategies.tensors(2).map(Tensor.tolist),
                "g": strategies.tensors(UNITS),
            },
            examples=9,
        ),
        Witness(
            name="one-sided at integers, ends and kinks",
            check=border_or_kink,
            claim=sides,
            wrong={
                "sides exchanged": exchanged,
                "the right side for both": one_value,
                "always to the right": from_the_left,
            },
            given={
                "place": st.integers(0, 4 * UNITS).map(lambda quarter: quarter / 4),
                "slopes": st.tuples(
                    st.integers(2, 8).map(lambda n: n / 4),
                    st.integers(2, 8).map(lambda n: n / 4),
                    st.sampled_from([1, -1]),
                ),
                "push": strategies.slopes(0.5, 2.0),
                "g": strategies.tensors(UNITS),
            },
            examples=25,
        ),
        Witness(
            name="a derivative only at simple zeros",
            check=multiple,
            claim=lambda multiplicity: multiplicity == 1,
            wrong={
                "wherever f changes sign": lambda multiplicity: multiplicity % 2 == 1,
                "everywhere": lambda multiplicity: True,
            },
            given={
                "place": strategies.crossings(UNITS, most=1).map(lambda places: places[0]),
                "multiplicity": st.integers(1, 3),
                "g": strategies.tensors(UNITS),
            },
            examples=15,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$f = 1 - (u - \frac{1}{2})^2$ on $[0,2]$, $g=1$, $\phi=1$: $\{f+\epsilon>0\} = [0, \frac{1}{2}
+ \sqrt{1+\epsilon})$, so $\frac{d}{d\epsilon} J = 0.5$. The printed sum over the one zero $\frac{3}{2}$ is $1$.""",
            numbers={"true": 0.5, "differences": 0.5, "printed": 1.0},
            compute=parabola,
            tolerance=1e-7,
        ),
        Counterexample(
            text=r"""$f = 4(\gamma - u)$ and $4f$ have the same support, but $g=3$ and $\gamma = \frac{1}{2}$ give
$\frac{3}{4} = 0.75$ for $f$; the printed sum is $3$ for both.""",
            numbers={"true": 0.75},
            compute=steep,
        ),
        Counterexample(
            text=r"""Double zeros need not be singular together: $f = (u-\frac{1}{2})^2(u-\frac{5}{2})^2$, $\phi =
1$ and $g = (1, 0, -1, 0)$. $f$ is symmetric about $\frac{3}{2}$ and $g$ antisymmetric, so that $J[f+\epsilon] = 0$
for every $\epsilon$, with the derivative $0$. For $f = (u-\frac{1}{2})^2$ alone, $J$ changes by
$-2\sqrt{|\epsilon|} = -0.2$ at $\epsilon = -0.01$.""",
            numbers={"pair, epsilon = -0.01": 0.0, "pair, epsilon = 0.01": 0.0, "single": -0.2, "refused": 1.0},
            compute=cancelling,
        ),
    ),
    references=(
        "L. Hormander, The Analysis of Linear Partial Differential Operators I, 1983, theorem 6.1.5",
        "B. Engquist, A.-K. Tornberg, R. Tsai, Discretization of Dirac delta functions in level set methods, "
        "J. Comput. Phys. 207, 2005",
    ),
    covers=(
        "continuum.widths.fields.variation",
        "continuum.widths.fields.zeros",
        "continuum.widths.fields.line",
        "continuum.widths.fields.field",
        "continuum.widths.fields.piecewise",
        "continuum.widths.fields.combined",
    ),
)
