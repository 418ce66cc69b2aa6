"""The area under the width, as a function of its price, is the loss that the pool can remove."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import best_gates, full_norm, reverse_huber, reverse_huber_prox, threshold
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.readout import Readout

UNITS = 4
#: Prices of the rule that integrates, spaced evenly in their square roots.
NODES = 150


def derive() -> list[Derivation]:
    """One unit in full: its width at every price, and the area; and the ratio of two widths with a moving noise."""
    return [_one_unit(), _feedback()]


def _one_unit() -> Derivation:
    lam, rho = sp.symbols("lambda rho", positive=True)
    bend, end = lam / (2 * (1 + lam) ** 2), 1 / (2 * lam)
    width = sp.sqrt(lam / (2 * rho)) - lam
    chain = Derivation("width of one unit of slope 1: 1 up to the bend, then sqrt(lam/2 rho) - lam", width)
    chain = chain.apply(
        lambda e: bend + sp.integrate(e, (rho, bend, end)), 1 / (2 * (1 + lam)), "area up to the price that silences"
    )
    wrong = {"all of the loss": sp.Rational(1, 2), "twice": 1 / (1 + lam), "no square": lam / (2 * (1 + lam))}
    return chain.claims(sp.Rational(1, 2) - lam / (2 * (1 + lam)), wrong)


def _feedback() -> Derivation:
    eta = sp.Symbol("eta", positive=True)
    slope = sp.Symbol("d", real=True)
    chain = Derivation("log s = kappa + eta log s + const, differentiated in kappa", slope - 1 - eta * slope)
    chain = chain.apply(lambda e: sp.solve(e, slope)[0], 1 / (1 - eta), "d log s / d kappa", test=_same)
    return chain.claims(1 / (1 - eta), {"no feedback": sp.Integer(1), "damped": 1 / (1 + eta)}, test=_same)


def _same(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(sp.simplify(left - right) == 0)


def solved(readout: Readout, rho: float) -> Tensor:
    """argmin of the loss plus the shipped penalty, by its shipped proximal step, accelerated."""
    step = readout.rows / max(float(torch.linalg.matrix_norm(readout.features, 2)) ** 2, 1e-9)
    v = ahead = torch.zeros(readout.units, readout.targets.shape[1])
    inertia = 1.0
    for _ in range(3000):
        slope = readout.features.T @ readout.derivatives(readout.features @ ahead)[0]
        new = reverse_huber_prox(ahead - step * slope, step, readout.decay, rho)
        after = (1 + (1 + 4 * inertia**2) ** 0.5) / 2
        ahead, moved = new + (inertia - 1) / after * (new - v), float((new - v).abs().max())
        v, inertia = new, after
        if moved < 1e-11:
            break
    return v


def width_at(readout: Readout, rho: float) -> float:
    """Sum of the shipped gates at the optimum."""
    return float(best_gates(solved(readout, rho), readout.decay, rho).sum())


def value_at(readout: Readout, rho: float) -> Tensor:
    """Loss and shipped penalty at the optimum."""
    v = solved(readout, rho)
    return readout.criterion(readout.features @ v, readout.targets) + reverse_huber(v, readout.decay, rho).sum()


def silencing(readout: Readout) -> float:
    """The price from which on all units are silent: max |G|^2 / 2 lam at the silent network."""
    pull = readout.features.T @ readout.derivatives(torch.zeros_like(readout.targets))[0]
    return float(pull.square().sum(1).max()) / (2 * readout.decay)


Slope = Callable[[Readout, float], float]


def by_value(formula: Slope, readout: Readout, share: float) -> None:
    """The central difference of the optimal value in the price."""
    rho = share * silencing(readout)
    assume(rho > 1e-4)
    step = 1e-3 * rho
    change = (value_at(readout, rho + step) - value_at(readout, rho - step)) / (2 * step)
    assert_close(float(change), formula(readout, rho), rtol=2e-3, atol=2e-3)


def live_units(readout: Readout, rho: float) -> float:
    """How many units are on."""
    return float((solved(readout, rho).norm(dim=1) > 0).sum())


def half_width(readout: Readout, rho: float) -> float:
    """Half of the width."""
    return width_at(readout, rho) / 2


Copies = Callable[[float, float], int]


def enough(norm: float, full: float) -> int:
    """ceil(|v| / v0), at least 1."""
    return max(1, math.ceil(norm / full - 1e-12))


def by_copies(formula: Copies, weight: Tensor, lam: float, rho: float) -> None:
    """So many copies cost mu |v| by the shipped penalty, and one fewer cost more."""
    norm, mu = float(weight.norm()), threshold(lam, rho)
    count = formula(norm, full_norm(lam, rho))

    def cost(copies: int) -> float:
        return float(copies * reverse_huber(weight[None] / copies, lam, rho).sum())

    assert_close(cost(count), mu * norm, rtol=1e-12, atol=1e-12)
    if count > 1:
        require(cost(count - 1) > mu * norm * (1 + 1e-12), "fewer copies would do")


Area = Callable[[Readout], float]


def removable(readout: Readout) -> float:
    """The loss of the silent network minus the least loss with decay."""
    silent = readout.criterion(torch.zeros_like(readout.targets), readout.targets)
    return float(silent - readout.value(torch.ones(readout.units)))


def without_decay(readout: Readout) -> float:
    """Minus the least loss without decay."""
    fit = readout.features @ torch.linalg.pinv(readout.features) @ readout.targets
    silent = readout.criterion(torch.zeros_like(readout.targets), readout.targets)
    return float(silent - readout.criterion(fit, readout.targets))


def twice(readout: Readout) -> float:
    """Without the one half of the squared error."""
    return 2 * removable(readout)


def area(readout: Readout) -> float:
    """Integral of the width over all prices, by the trapezoid rule in the root of the price."""
    roots = torch.linspace(0, silencing(readout) ** 0.5, NODES)[1:]
    widths = torch.tensor([width_at(readout, float(root) ** 2) for root in roots])
    # Below the first node the width is between that there and the number of units; at price 0 all units count.
    heights = torch.cat([torch.full((1,), float(readout.units)), widths])
    at = torch.cat([torch.zeros(1), roots])
    return float(torch.trapezoid(heights * 2 * at, at))


def by_integration(formula: Area, readout: Readout) -> None:
    """The area against the loss that can be removed."""
    assume(removable(readout) > 1e-2 and without_decay(readout) > 1.05 * removable(readout))
    require(silencing(readout) > 0, "a slope at the silent network")
    assert_close(area(readout), formula(readout), rtol=5e-3, atol=1e-3)


def pools() -> dict[str, float]:
    """Targets 1, features 0.8 (small pool) against 0.8 and 1 (large), lam = 1/4: widths at two prices."""
    features = torch.tensor([[0.8, 1.0]])
    figures = {}
    for name, columns in (("small", features[:, :1]), ("large", features)):
        readout = Readout(columns, torch.ones(1, 1), 0.25)
        for rho in (0.2, 1.0):
            figures[f"{name}, {rho:g}"] = width_at(readout, rho)
    return figures


IDENTITY = Identity(
    id="N3.10",
    title="the area under the width, and pools",
    source="here",
    place="for any set of networks and any width that is charged by a price",
    printed=r"""$\int_0^\infty \gamma(\rho)\, d\rho = E(\mathrm{silent}) - \inf E$""",
    precise=r"""A *pool* is any set of networks $f$, each with a loss $E(f)$ (decay included) and a width $0 \leq
\gamma(f) < \infty$, that contains a silent network $f_0$ of width 0; $E$ is bounded below, and
$J(\rho) = \inf_f\, E(f) + \rho\,\gamma(f)$. Nothing is convex.

(i) $J$ is concave and does not fall; at all but countably many prices every minimiser has the width $J'(\rho)$,
and the width of minimisers never rises with the price.

(ii) *Area.* If $E(f) \geq E(f_0) - C\gamma(f)$ for some $C$, then $\gamma = 0$ is optimal for $\rho \geq C$ and
$\int_0^\infty J'(\rho)\, d\rho = E(f_0) - \inf_f E(f)$: the area under the width is the loss that the pool can
remove. For the reverse Huber penalty of N3.5 on fixed features and a convex loss the least $C$ is $\max_i
\frac{|G_i|^2}{2\lambda}$ at the silent network, and $\inf E$ is the ridge optimum of all units.

(iii) *Two pools* $A \subset B$ with such a $C$ and the same $f_0$: $\int_0^\infty (\gamma_B - \gamma_A)\, d\rho =
\inf_A E - \inf_B E \geq 0$. Pools that can remove the same loss have the same mean width over prices: if one is
wider at some of them it is narrower at others. A larger pool need not be wider at a given price.

(iv) *Copies.* For the reverse Huber penalty $R$ of N3.5 with $\mu = \sqrt{2\lambda\rho}$ and $v_0 =
\sqrt{2\rho/\lambda}$, $R(v) \geq \mu|v|$ with equality iff $|v| \leq v_0$, and $j$ equal copies of a unit cost $j
R(v/j)$, which is $\mu|v|$ iff $j \geq |v|/v_0$. So a unit longer than $v_0$ gains by copies, and a pool with
enough of them has the penalty $\mu|v|$ and the width $\sum_i |v_i|/v_0$: that of gates without the bound $a \leq
1$.

(v) *Feedback.* Let the price be $\pi s$ with the training residual $s = r(\pi s)$ for noise, $r$ the mean square
as a function of the price, $\eta = \frac{d \log r}{d \log \rho} < 1$. A pool whose residual is $e^{-\kappa}$
times as large at every price has $\frac{d \log s}{d\kappa} = -\frac{1}{1-\eta}$ at $\kappa = 0$: what a pool
changes is enlarged $\frac{1}{1-\eta}$ times. A residual of other rows, kept fixed, has the factor 0.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) $J$ is an infimum of functions of $\rho$ that are affine with slopes $\gamma(f) \geq 0$. A minimiser
at $\rho$ gives an affine function above $J$ that touches it there: its slope is a supergradient, which is $J'(\rho)$
where $J$ is differentiable, and supergradients of a concave function fall. (ii) $J(\rho) \leq E(f_0)$, and for
$\rho \geq C$ every $E(f) + \rho\gamma(f) \geq E(f_0)$: $J = E(f_0)$ there. As widths are finite, $J(0^+) = \inf E$. A
concave function is the integral of its derivative. On fixed features, with $F$ convex in the effective weights,
$F(v) \geq F(0) + \sum_i G_i \cdot v_i$ and $R(v_i) \geq \mu|v_i|$, so the silent network is optimal iff
$|G_i| \leq \mu$ for all units. (iii) Subtract. (iv) $R(v) = \min_{a \leq 1} \frac{\lambda|v|^2}{2a} + \rho a$, whose
minimum over all $a > 0$ is $\mu|v|$, at $a = |v|/v_0$; $jR(v/j)$ is the same minimum over $a \leq j$.
(v) Differentiate $\log s = -\kappa + \log r(\pi s)$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="the slope of the value in the price",
            check=by_value,
            claim=width_at,
            wrong={"units that are on": live_units, "half": half_width},
            given={
                "readout": strategies.readouts(UNITS, losses=("squared",)),
                "share": st.sampled_from([0.5, 0.1, 0.25, 0.05]),
            },
            examples=20,
        ),
        Witness(
            name="the area under the width",
            check=by_integration,
            claim=removable,
            wrong={"without decay": without_decay, "twice": twice},
            given={"readout": strategies.readouts(2, rows=2, losses=("squared",))},
            examples=2,
        ),
        Witness(
            name="copies of a long unit",
            check=by_copies,
            claim=enough,
            wrong={
                "one will do": lambda norm, full: 1,
                "one more": lambda norm, full: enough(norm, full) + 1,
                "floor": lambda norm, full: max(1, math.floor(norm / full)),
            },
            given={
                "weight": strategies.tensors(2, low=-3, high=3),
                "lam": st.sampled_from([1.0, 0.5, 2.0]),
                "rho": st.sampled_from([0.5, 0.125, 0.03125]),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""A larger pool is narrower at one price and wider at another. One row with target 1 and
$\lambda = 1/4$: the small pool has a unit of feature $0.8$, the large one a second of feature $1$, which alone is used.
With $\mu = \sqrt{\rho/2}$ a unit of feature $y$ has $|v| = \frac{y - \mu}{y^2}$ and the width
$\frac{y - \mu}{4 y^2 \mu}$: at $\rho = 0.2$ that is $0.5976$ in the small and $0.5406$ in the large pool, at
$\rho = 1$ it is $0.0513$ and $0.1036$.""",
            numbers={"small, 0.2": 0.5976, "small, 1": 0.0513, "large, 0.2": 0.5406, "large, 1": 0.1036},
            compute=pools,
            tolerance=5e-5,
        ),
    ),
    references=(
        "R. T. Rockafellar, Convex Analysis, 1970, section 24 (a concave function is the integral of its derivative)",
        "F. Bach, Breaking the curse of dimensionality with convex neural networks, JMLR 18, 2017",
        "H. Dong, K. Chen, J. Linderoth, Regularization vs. relaxation, arXiv 1510.06083",
    ),
    covers=("continuum.widths.penalty.reverse_huber",),
    document="n3_10_pool_area.md",
)
