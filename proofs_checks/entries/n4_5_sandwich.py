"""Root gates bound the best subset of units from below, random gates from above."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import sympy as sp
import torch
from hypothesis import strategies as st
from scipy.optimize import minimize
from torch import Tensor

from continuum.estimators import Bernoulli, Exact
from continuum.widths import Fuzzy, price
from continuum.widths.fuzzy import Mode
from continuum.widths.power import power
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.noise import cells, uniforms
from proofs_checks.readout import Readout

Array = npt.NDArray[np.float64]
UNITS, PARTS, ROUNDING = 3, 8, 1e-10
COUPLINGS: tuple[Mode, ...] = ("bernoulli", "systematic", "comonotone")


def derive() -> list[Derivation]:
    """One unit: which masks stay below the mean of off and on for all data, and the three values of an example."""
    return [_least_mask(), _example()]


def _least_mask() -> Derivation:
    g, psi, h, lam, pull = sp.symbols("g psi h lambda G", positive=True)

    def gain(share: sp.Expr) -> sp.Expr:
        return share * pull**2 / (2 * (lam + h * share))

    chain = Derivation("mean of off and on, less the gate: E V(m) - V(g)", gain(psi) - g * gain(1))
    chain = chain.rewrite(
        pull**2 * (psi * (lam + h) - g * (lam + h * psi)) / (2 * (lam + h * psi) * (lam + h)), "common denominator"
    )
    chain = chain.apply(lambda e: sp.limit(e, h, 0), (psi - g) * pull**2 / (2 * lam), "data without curvature")
    return chain.claims((psi - g) * pull**2 / (2 * lam), {"g - psi": (g - psi) * pull**2 / (2 * lam)})


def _example() -> Derivation:
    g, rho = sp.symbols("g rho", positive=True)
    relaxed = 1 / (2 * (1 + g)) + rho * g
    chain = Derivation("y = t = lambda = 1, root gate", relaxed)
    chain = chain.apply(
        lambda e: sp.simplify(e.subs(g, max(sp.solve(sp.diff(e, g), g), key=lambda r: r.subs(rho, sp.Rational(1, 5))))),
        sp.sqrt(2 * rho) - rho,
        "least value",
    )
    return chain.claims(sp.sqrt(2 * rho) - rho, {"no price": sp.sqrt(2 * rho) / 2, "crisp": sp.Rational(1, 4) + rho})


def masks() -> Tensor:
    """All of {0, 1}^N, in the order of binary numbers."""
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * UNITS)


def table(readout: Readout) -> Tensor:
    """V of every mask."""
    return torch.stack([readout.value(mask) for mask in masks()])


def look_up(values: Tensor) -> Callable[[Tensor], Tensor]:
    """V for rows of on-off gates."""
    return lambda gates: values[(gates @ torch.tensor([4.0, 2.0, 1.0])).long()]


def mean_value(values: Tensor, grades: Tensor, mode: Mode) -> Tensor:
    """E V(m) over all samples of the shipped law."""
    noise = cells(PARTS, UNITS if mode == "bernoulli" else 1)
    every = grades.expand(len(noise), UNITS)
    width = Fuzzy(UNITS, every.sum(-1), every, mode=mode)
    with uniforms(noise):
        return look_up(values)(width.gates().detach()).mean()


Exponents = tuple[float, ...]


def below(formula: Exponents, readout: Readout, grades: Tensor, unit: int, small: float) -> None:
    """V at gates g^p is at most the mean over every coupling, also for one grade that is small and others crisp."""
    values = table(readout)
    crisp = grades.round()
    off, on = (crisp.index_fill(0, torch.tensor([unit]), side) for side in (0.0, 1.0))
    for exponent in formula:
        law = Fuzzy(UNITS, grades.sum(), grades, exponent=exponent)
        relaxed = readout.value(law.gates())
        means = [mean_value(values, grades, mode) for mode in COUPLINGS]
        require(all(bool(relaxed <= mean + ROUNDING) for mean in means), f"above a mean for p = {exponent}")
        opened = readout.value(power(off + small * (on - off), exponent))
        mean = (1 - small) * look_up(values)(off[None])[0] + small * look_up(values)(on[None])[0]
        require(bool(opened <= mean + ROUNDING), f"above the mean for one unit and p = {exponent}")


def charged(readout: Readout, grades: Tensor, exponent: float, rho: float) -> Tensor:
    """V at gates g^p, and the price of the grades."""
    law = Fuzzy(UNITS, grades.sum(), grades)
    return (readout.value(power(grades, exponent)) + price(law, rho)).detach()


def relaxation(readout: Readout, exponent: float, rho: float) -> tuple[Tensor, Tensor]:
    """Value and grades where descent from the empty mask ends; slopes by the envelope formula."""

    def objective(point: Array) -> tuple[float, Array]:
        grades = torch.as_tensor(point).clamp(0, 1)
        best = readout.optimum(power(grades, exponent))
        pulls = (readout.features.T @ best.output_gradient).square().sum(-1)
        speed = 2 * exponent * grades ** (2 * exponent - 1)
        slope = rho - speed * pulls / (2 * readout.decay)
        return float(best.value + rho * grades.sum()), slope.numpy()

    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 60}
    box = [(0.0, 1.0)] * UNITS
    start = np.zeros(UNITS)
    optimum = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=box, options=options)  # type: ignore
    grades = torch.from_numpy(optimum.x).clamp(0, 1)
    return charged(readout, grades, exponent, rho), grades


def by_descent(formula: float, readout: Readout, rho: float) -> None:
    """Descent on the grades ends below the best subset; on it, if it ends at crisp grades."""
    best = (table(readout) + rho * masks().sum(-1)).min()
    value, grades = relaxation(readout, formula, rho)
    require(bool(value <= best + 1e-9), "descent ended above the best subset")
    if float((grades - grades.round()).abs().max()) < 1e-9:
        require(bool(value >= best - 1e-9), "crisp grades below the best subset")


Upper = Callable[[Readout, Tensor, float], Tensor]


def sampled(readout: Readout, grades: Tensor, rho: float) -> Tensor:
    """E[V(m) + rho |m|] for independent gates, by the exact estimator."""
    q, values = Bernoulli(grades.clamp(1e-9, 1 - 1e-9).logit()), look_up(table(readout))
    return Exact()(q, lambda gates: values(gates) + rho * gates.sum(-1)).value.squeeze()


def relaxed(readout: Readout, grades: Tensor, rho: float) -> Tensor:
    """V at root gates, and the price."""
    return charged(readout, grades, 0.5, rho)


def free(readout: Readout, grades: Tensor, rho: float) -> Tensor:
    """Without the price."""
    return sampled(readout, grades, 0.0)


def above(formula: Upper, readout: Readout, rho: float, elsewhere: Tensor) -> None:
    """At the grades of the relaxation and at any other ones."""
    best = (table(readout) + rho * masks().sum(-1)).min()
    for grades in (relaxation(readout, 0.5, rho)[1], elsewhere):
        require(bool(formula(readout, grades, rho) >= best - 1e-8), "below the best subset")


def by_certificate(formula: float, readout: Readout, share: float) -> None:
    """A mask with |G_i|^2 >= factor lam rho on it and <= off it is the best subset; the claim has factor 2."""
    small = readout.with_features(readout.features / 4)  # little leverage, else too few masks are certified
    optima = [small.optimum(mask) for mask in masks()]
    pulls = torch.stack([(small.features.T @ best.output_gradient).square().sum(-1) for best in optima])
    rho = share * float(pulls[0].max()) / readout.decay
    values = torch.stack([best.value for best in optima]) + rho * masks().sum(-1)
    certified = ((2 * masks() - 1) * (pulls - formula * readout.decay * rho) >= 0).all(-1)
    require(bool((values[certified] <= values.min() + 1e-9).all()), "a certified mask is not the best")


def one_unit() -> dict[str, float]:
    """y = t = lam = 1, rho = 1/5."""
    readout, rho = Readout(torch.ones(1, 1), torch.ones(1, 1), 1.0), 0.2
    grade = (2 * rho) ** -0.5 - 1
    off, on = (float(readout.value(torch.tensor([side]))) for side in (0.0, 1.0))
    q = Bernoulli(torch.tensor([grade]).logit())
    mean = Exact()(q, lambda gates: off + (on - off) * gates[..., 0] + rho * gates.sum(-1)).value
    root = readout.value(torch.tensor([grade]).sqrt()) + rho * grade
    return {"root gate": float(root), "best subset": min(off, on + rho), "random gate": float(mean)}


def linear_gate() -> dict[str, float]:
    """y = t = lam = 1: the linear gate lies above the mean of off and on."""
    readout = Readout(torch.ones(1, 1), torch.ones(1, 1), 1.0)
    off, half, on = (float(readout.value(torch.tensor([side]))) for side in (0.0, 0.5, 1.0))
    return {"linear gate": half, "root gate": float(readout.value(torch.tensor([0.5**0.5]))), "mean": (off + on) / 2}


RHO = st.sampled_from([0.0625, 0.015625, 0.25])

IDENTITY = Identity(
    id="N4.5",
    title="the best subset between root gates and random gates",
    source="here",
    place="fixed features and optimised outgoing weights",
    printed=r"""$\min_g\, V_{\mathrm{root}}(g) + \rho \sum_i g_i \;\leq\; \min_{m \in \{0,1\}^N} V(m) + \rho|m|
\;\leq\; E_{m \sim g}\left[V(m) + \rho|m|\right]$""",
    precise=r"""Setting of N3.1: $\lambda > 0$, $F$ convex and differentiable, $\rho \geq 0$, and $V_\phi(g)$ the
optimised loss at gates $\phi(g_i)$, $\psi = \phi^2$. All masks $\phi$ agree on $\{0,1\}^N$, where $V_\phi = V$.

(i) $V_{\mathrm{root}}(g) \leq E\,V(m)$ for every coupling with $E\,m = g$, and so the printed chain, with any $g$
on the right.

(ii) $V_\phi(g) \leq E\,V(m)$ holds for all features, data and couplings iff $\psi(a) \geq a$ on $[0,1]$. Among
these masks the root gives the largest, hence the sharpest lower bound. The linear mask is not one of them.

(iii) A minimum of the left side over the cube is below the best subset for every mask, trivially. What the root
adds is convexity: every local minimum is global, and any descent finds it.

(iv) If for some mask $m$, with $G_i = \langle u, y_i\rangle$ at its optimum, $|G_i|^2 \geq 2\lambda\rho$ where
$m_i = 1$ and $|G_i|^2 \leq 2\lambda\rho$ where $m_i = 0$, then $m$ is a best subset, and the first inequality is an
equality. If the left side has a crisp minimiser, it satisfies this.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) $V_{\mathrm{root}}$ is convex on the cube (N3.2), so $V_{\mathrm{root}}(E\,m) \leq
E\,V_{\mathrm{root}}(m) = E\,V(m)$. A minimum over the cube is at most one over its corners, a mean at least the
least value. (ii) $V$ falls in each $\psi_i$ (N3.1), so $\psi(a) \geq a$ gives $V_\phi \leq V_{\mathrm{root}}$.
Conversely one feature with $F(z) = \frac{1}{2}(z-t)^2$, $h = y^2$, $G = -yt$ has $E\,V(m) - V_\phi(a) \to
(\psi(a) - a)\frac{G^2}{2\lambda}$ as $h \to 0$ at fixed $G$. (iv) $\rho - \frac{1}{2\lambda}|G_i|^2$ is the
derivative of the left side in $g_i$; the signs are the conditions for a minimum of a convex function on the cube at
$g = m$, sufficient and necessary.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="below the mean of every coupling",
            check=below,
            claim=(0.5, 0.25),
            wrong={"0.55": (0.55,), "0.75": (0.75,), "the linear mask": (1.0,)},
            given={
                "readout": strategies.readouts(UNITS),
                "grades": strategies.coarse_grades(UNITS, PARTS),
                "unit": st.integers(0, UNITS - 1),
                "small": strategies.numbers(1e-3, 0.5),
            },
            examples=12,
        ),
        Witness(
            name="descent on the grades from the empty mask",
            check=by_descent,
            claim=0.5,
            wrong={"0.75": 0.75, "the linear mask": 1.0},
            given={"readout": strategies.readouts(UNITS, losses=("squared",)), "rho": RHO},
            examples=10,
        ),
        Witness(
            name="the mean over random gates",
            check=above,
            claim=sampled,
            wrong={"gates in the place of random ones": relaxed, "no price": free},
            given={
                "readout": strategies.readouts(UNITS, losses=("squared",)),
                "rho": RHO,
                "elsewhere": strategies.grades(UNITS),
            },
            examples=10,
        ),
        Witness(
            name="certified masks are the best",
            check=by_certificate,
            claim=2.0,
            wrong={"1": 1.0, "4": 4.0},
            given={
                "readout": strategies.readouts(UNITS, losses=("squared",)),
                "share": strategies.numbers(1 / 16, 1),
            },
            examples=20,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""The chain by hand. One unit, $y = t = \lambda = 1$, $F = \frac{1}{2}(z-1)^2$, $\rho = 0.2$:
$V_{\mathrm{root}}(g) + \rho g = \frac{1}{2(1+g)} + 0.2g$ is least at $g = 1/\sqrt{0.4} - 1 = 0.5811$, where it is
$\sqrt{0.4} - 0.2 = 0.4325$. The best subset has $\min(0.5, 0.25 + 0.2) = 0.45$; the random gate with this $g$ has
$0.5 - 0.05 g = 0.4709$.""",
            numbers={"root gate": 0.4325, "best subset": 0.45, "random gate": 0.4709},
            compute=one_unit,
            tolerance=5e-5,
        ),
        Counterexample(
            text=r"""For the linear mask (i) fails. The same unit at $g = 1/2$: $V_{lin} = \frac{1}{2(1+1/4)} = 0.4$
is above the mean $\frac{1}{2}(0.5 + 0.25) = 0.375$; the root gate has $\frac{1}{3}$.""",
            numbers={"linear gate": 0.4, "root gate": 1 / 3, "mean": 0.375},
            compute=linear_gate,
        ),
    ),
    references=(
        "M. Pilanci, M. J. Wainwright, L. El Ghaoui, Sparse learning via Boolean relaxations, Math. Program. 151, 2015 "
        "(the relaxation, randomised rounding, and conditions for exactness)",
        "D. Bertsimas, B. Van Parys, Sparse high-dimensional regression, Ann. Statist. 48, 2020 (V as a convex "
        "function of the mask)",
        "H. Dong, K. Chen, J. Linderoth, Regularization vs. relaxation, arXiv:1510.06083 (perspective relaxation)",
        "W. Xie, X. Deng, Scalable algorithms for the sparse ridge regression, SIAM J. Optim. 30, 2020",
    ),
    covers=(
        "continuum.widths.fuzzy",
        "continuum.widths.sampling",
        "continuum.widths.penalty.geometry",
        "continuum.widths.power",
        "continuum.estimators.exact",
        "continuum.estimators.bernoulli",
    ),
    document="n4_5_sandwich.md",
)
