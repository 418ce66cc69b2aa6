"""Shared weights are trained on training rows: fitted to validation, they would leave no response, and no judge."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, Dense, Implicit
from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.readout import Readout
from proofs_checks.shared_weights import SharedWeights

MODELS, WEIGHTS = 3, 2
ROWS, UNITS = 5, 3
Response = Callable[[SharedWeights, Tensor, bool], Tensor]


def derive() -> list[Derivation]:
    """The response when one loss is both; and the mean loss of least squares on the rows it was fitted to."""
    phi, w, a, b = sp.symbols("phi w v_1 v_2", real=True)
    q = 1 / (1 + sp.exp(-phi))
    loss = q * (w - a) ** 2 / 2 + (1 - q) * (w - b) ** 2 / 2
    best = sp.solve(sp.diff(loss, w), w)[0]
    slope = Derivation("response, fitted to the validation loss", (sp.diff(loss, w).subs(w, best) * sp.diff(best, phi)))
    slope = slope.apply(sp.simplify, sp.Integer(0), "the slope in w is 0 at the minimum")
    slope.claims(sp.Integer(0), {"as for training rows": sp.diff(best, phi)})

    # Three rows of noise of variance s^2, targets t_i, one feature y_i: the loss that is left, and its mean.
    y, t = sp.symbols("y_1:4", real=True), sp.symbols("t_1:4", real=True)
    s, n = sp.Symbol("s", positive=True), 3
    square = sum(x**2 for x in y)
    fit = sum(x * z for x, z in zip(y, t, strict=True)) / square
    left = Derivation(
        "least squares, one feature", sum((z - fit * x) ** 2 for x, z in zip(y, t, strict=True)) / (2 * n)
    )
    dot = sum(x * z for x, z in zip(y, t, strict=True))
    left = left.rewrite((sum(z**2 for z in t) - dot**2 / square) / (2 * n), "Pythagoras")
    mean = left.apply(_mean_over_noise(t, s), s**2 * (n - 1) / (2 * n), "E t_i t_j = s^2 for i = j and 0 else")
    mean.claims(
        s**2 / 2 * (1 - sp.Rational(1, n)), {"as before": s**2 / 2, "fresh rows": s**2 / 2 * (1 + sp.Rational(1, n))}
    )
    fresh = sp.symbols("u_1:4", real=True)
    new = Derivation(
        "on fresh noise at the same rows", sum((u - fit * x) ** 2 for x, u in zip(y, fresh, strict=True)) / (2 * n)
    )
    new = new.apply(_mean_over_noise((*t, *fresh), s), s**2 * (n + 1) / (2 * n), "the fit has variance s^2 / |y|^2")
    return [slope, mean, new.claims(s**2 / 2 * (1 + sp.Rational(1, n)), {"as fitted": s**2 * (n - 1) / (2 * n)})]


def _mean_over_noise(noise: tuple[sp.Symbol, ...], s: sp.Symbol) -> Callable[[sp.Expr], sp.Expr]:
    """The mean of a quadratic form in independent noise: its trace."""
    return lambda e: sp.simplify(sum(sp.diff(e, z, 2) / 2 * s**2 for z in noise))


def by_data(problem: SharedWeights, logits: Tensor, on_validation: bool) -> Tensor:
    """The response of C13 for weights fitted to training rows, 0 for those fitted to validation rows."""
    response = problem.terms(logits)[1]
    return 0 * response if on_validation else response


def same_for_both(problem: SharedWeights, logits: Tensor, on_validation: bool) -> Tensor:
    """That of training rows in either case."""
    return problem.terms(logits)[1]


def never(problem: SharedWeights, logits: Tensor, on_validation: bool) -> Tensor:
    """0 in either case."""
    return 0 * logits


def by_method(formula: Response, problem: SharedWeights, logits: Tensor, on_validation: bool) -> None:
    """Shipped response at the minimum of the one loss or of the other."""
    if on_validation:
        fitted = replace(problem, curvatures=problem.outer_curvatures, centres=problem.aims)
        result = Implicit(Dense())(Bilevel(problem.outer, problem.outer), fitted.minimum(logits), logits)
    else:
        result = Implicit(Dense())(Bilevel(problem.inner, problem.outer), problem.minimum(logits), logits)
    assert_close(result.response, formula(problem, logits, on_validation), rtol=1e-8, atol=1e-9)


def optimism(formula: Callable[[int], float], features: Tensor, units: int) -> None:
    """Targets of noise alone, all sign patterns: mean loss of least squares under shipped gates, on its own rows."""
    assume(float(torch.linalg.svdvals(features[:, :units]).min()) > 0.25 if units else True)
    signs = torch.tensor(list(product([-1.0, 1.0], repeat=ROWS))).T  # one output for each pattern
    left = Readout(features, signs, 0.0).value(Interval(UNITS, float(units)).gates())
    assert_close(float(left) / signs.shape[1], formula(units), rtol=1e-9, atol=1e-10)


def example() -> dict[str, float]:
    """One model, L = w^2/2 on training rows and F = (w - 1)^2/2 on validation rows: F after either training."""
    one = torch.ones(1, 1, 1)
    problem = SharedWeights(one, torch.zeros(1, 1), torch.ones(1, 1), one)
    fitted = replace(problem, curvatures=problem.outer_curvatures, centres=problem.aims)
    logits = torch.zeros(1)
    return {name: float(problem.outer(p.minimum(logits), logits)) for name, p in (("L", problem), ("F", fitted))}


IDENTITY = Identity(
    id="C15",
    title="what the shared parameters minimise",
    source="MSHO",
    place="section 2",
    printed=r"""In ENAS "a set of child models is proposed by an RNN controller, and the shared parameters of those
models are trained to minimize average validation loss across all the models".""",
    precise=r"""ENAS trains the shared weights on the cross entropy of training minibatches, and takes the accuracy on
validation rows as the reward of the controller (its abstract; its code). The source's own equation 1 has
$\arg\min_w\mathcal{L}_{train}$. The difference is not one of words. (i) If $w^*(\phi)$ minimised the average
validation loss $\sum_A q_AF_A$, the response would be 0 for every $\phi$ (C14), and the term that the source sets out
to add would be nothing. (ii) The validation loss would judge no more: for least squares with $d$ independent features
on $n$ rows with targets of noise of variance $s^2$, it is in the mean $\frac{s^2}{2}(1 - d/n)$ on the rows that were
fitted and $\frac{s^2}{2}(1 + d/n)$ on fresh ones. Every useless unit would be rewarded by $s^2/2n$, and no capacity be
too much.""",
    verdict=Verdict.FALSE,
    proof=r"""(i) C14 with $L = F$. (ii) With the projection $P$ on the features, of rank $d$, the rest $(1-P)t$ has the
mean square $s^2\,\mathrm{tr}(1-P) = s^2(n-d)$, and fresh targets $u$ give $|u - Pt|^2$ the mean $s^2(n + d)$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped response for weights fitted to either loss",
            check=by_method,
            claim=by_data,
            wrong={"the same for both": same_for_both, "never any": never},
            given={
                "problem": strategies.shared_weights(MODELS, WEIGHTS),
                "logits": strategies.logits(MODELS),
                "on_validation": st.booleans(),
            },
            examples=10,
        ),
        Witness(
            name="loss of noise that was fitted, under shipped gates",
            check=optimism,
            claim=lambda units: (1 - units / ROWS) / 2,
            wrong={
                "as on fresh rows": lambda units: (1 + units / ROWS) / 2,
                "unmoved": lambda units: 0.5,
                "twice as much": lambda units: 0.5 - units / ROWS,
            },
            given={"features": strategies.tensors(ROWS, UNITS), "units": st.integers(0, UNITS)},
            examples=10,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""One model, $L = w^2/2$ on the training rows and $F = (w-1)^2/2$ on the validation rows. Trained as
ENAS does, $w^* = 0$ and the validation loss is $1/2$; trained as printed, $w^* = 1$ and it is $0$, whatever the
model.""",
            numbers={"L": 0.5, "F": 0.0},
            compute=example,
        ),
    ),
    references=(
        "H. Pham, M. Y. Guan, B. Zoph, Q. V. Le and J. Dean, Efficient neural architecture search via parameter "
        "sharing, ICML 2018; code: github.com/melodyguan/enas (train_op on x_train, reward valid_acc)",
        "B. Efron, How biased is the apparent error rate of a prediction rule?, JASA 81, 1986 (optimism)",
    ),
    covers=("continuum.hypergrad.implicit", "continuum.widths.interval"),
)
