"""The mean loss under q bounds the best loss; where it is low, q has its mass on good architectures."""

from collections.abc import Callable

import sympy as sp
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.estimators import Categorical, Exact
from continuum.widths import Concrete
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

CHOICES = 4
Gradient = Callable[[Tensor, Tensor], Tensor]


def derive() -> list[Derivation]:
    """Gap and Markov's inequality over three architectures; the gradient from the softmax."""
    weights = sp.symbols("w_1:4", positive=True)
    q = [w / sum(weights) for w in weights]
    best, *excess = sp.symbols("L e_2 e_3", nonnegative=True)
    losses = [best, *(best + e for e in excess)]
    gap = Derivation("gap", sum(p * loss for p, loss in zip(q, losses, strict=True)) - best)
    gap = gap.rewrite(q[1] * excess[0] + q[2] * excess[1], "the shares add up to 1; no term is negative")
    wrong = {"closed": sp.Integer(0), "largest excess": excess[1]}
    gap.claims((weights[1] * excess[0] + weights[2] * excess[1]) / sum(weights), wrong)

    margin, more = sp.symbols("epsilon r", nonnegative=True)  # e_3 = epsilon + r: the third is eps-suboptimal
    markov = Derivation("gap less epsilon times the bad mass", gap.value - margin * q[2])
    markov = markov.apply(lambda e: e.subs(excess[1], margin + more), q[1] * excess[0] + q[2] * more, "not negative")
    markov.claims(q[1] * excess[0] + q[2] * more, {"twice the mass": q[1] * excess[0] + q[2] * (more - margin)})

    values = sp.symbols("L_1:4", real=True)  # w_j = exp(phi_j), so d/dphi_1 = w_1 d/dw_1
    mean = sum(p * v for p, v in zip(q, values, strict=True))
    claim = q[0] * (values[0] - mean)
    slope = Derivation("dU/dphi_1", mean).apply(lambda e: weights[0] * sp.diff(e, weights[0]), claim, "differentiate")
    slope.claims(claim, {"no baseline": q[0] * values[0], "sign": -claim, "best loss": q[0] * (values[0] - values[1])})
    return [gap, markov, slope]


def centred(logits: Tensor, losses: Tensor) -> Tensor:
    """q_j (L_j - U)."""
    q = logits.softmax(-1)
    return q * (losses - q @ losses)


def raw(logits: Tensor, losses: Tensor) -> Tensor:
    """q_j L_j: the baseline forgotten."""
    return logits.softmax(-1) * losses


def at_best(logits: Tensor, losses: Tensor) -> Tensor:
    """The best loss in the place of the mean."""
    return logits.softmax(-1) * (losses - losses.min())


def by_gradient(formula: Gradient, logits: Tensor, losses: Tensor) -> None:
    """Autograd through the probabilities of the shipped law, and the shipped exact estimator."""
    law, expected = Concrete(CHOICES, 1.0, logits), formula(logits, losses)
    (gradient,) = torch.autograd.grad(law.probabilities() @ losses, law.logits)
    assert_close(gradient, expected, rtol=1e-12, atol=1e-14)
    estimate = Exact()(Categorical(logits), lambda b: b @ losses)
    assert_close(estimate.gradient, expected, rtol=1e-12, atol=1e-14)
    assert_close(estimate.value, law.probabilities().detach() @ losses, rtol=1e-12, atol=1e-14)


def markov(logits: Tensor, losses: Tensor, margin: float) -> Tensor:
    """(U - L*) / eps, with U from the shipped estimator."""
    return (Exact()(Categorical(logits), lambda b: b @ losses).value - losses.min()) / margin


def squared(logits: Tensor, losses: Tensor, margin: float) -> Tensor:
    """As if the mass fell with the square of the gap."""
    return markov(logits, losses, margin) ** 2


def half(logits: Tensor, losses: Tensor, margin: float) -> Tensor:
    """Half the bound."""
    return markov(logits, losses, margin) / 2


def by_mass(formula: Callable[[Tensor, Tensor, float], Tensor], logits: Tensor, losses: Tensor, extra: float) -> None:
    """Mass on what is at least eps worse than the best, against the bound; it is attained if all the rest is best."""
    law = Concrete(CHOICES, 1.0, logits)
    q, margin = law.probabilities().detach(), 0.25 + extra
    bound = formula(logits, losses, margin)
    mass = q[losses >= losses.min() + margin].sum()
    assert_close(mass.clamp(max=bound), mass, rtol=1e-12, atol=1e-14)
    two_valued = losses.min() + margin * (losses >= losses.min() + margin)
    sharp = q[two_valued > losses.min()].sum()
    assert_close(formula(logits, two_valued, margin), sharp, rtol=1e-11, atol=1e-12)


def tie() -> dict[str, float]:
    """L = (0, 0, 1) and q = (1/2, 1/2, 0), as far as logits can say it."""
    q = Categorical(torch.tensor([0.0, 0.0, -1e4]))
    estimate = Exact()(q, lambda b: b @ torch.tensor([0.0, 0.0, 1.0]))
    return {"gap": estimate.value.item(), "largest share": q.probabilities().max().item()}


def trap() -> dict[str, float]:
    """Weights shared by two architectures: L_1 = w^2, L_2 = (w - 1)^2 - 1/10, at w = 0 and q = (1 - s, s)."""
    share = 0.01
    weight = torch.tensor(0.0, requires_grad=True)
    losses = torch.stack([weight.square(), (weight - 1).square() - 0.1])
    logits = torch.tensor([1 - share, share]).log()
    estimate = Exact()(Categorical(logits), lambda b: b @ losses)
    (in_weight,) = torch.autograd.grad(estimate.value, weight)
    return {
        "best elsewhere": float(losses[1].detach()) - 1,
        "U here": estimate.value.item(),
        "slope in phi_2": estimate.gradient[1].item(),
        "slope in w": in_weight.item(),
    }


GIVEN = {"logits": strategies.logits(CHOICES), "losses": strategies.tensors(CHOICES)}

IDENTITY = Identity(
    id="B01",
    title="variational bound over architectures",
    source="VMO",
    place="Eq. 3 and 4, and the sentence after Eq. 4",
    printed=r"""$\min_{w,A}\mathcal{L}(w,A) \leq \mathbb{E}_{A\sim q_\phi(A)}[\mathcal{L}(w,A)] = U(w,\phi)$. "As
$(w, \phi)$ approach their optimal values $(w^*, \phi^*)$, the approximation gap closes and $q_\phi$ places nearly
all of its probability mass on the globally optimal $A^*$".""",
    precise=r"""Let $A$ range over finitely many architectures with losses $L_j = \mathcal{L}(w, j)$ at weights $w$,
$L^*$ the infimum of $\mathcal{L}$ over all $(w, A)$, and $q = \operatorname{softmax}(\phi)$. Then $U - L^* = \sum_j
q_j(L_j - L^*) \geq 0$; $q(L_A \geq L^* + \epsilon) \leq (U - L^*)/\epsilon$ for $\epsilon > 0$; and $\frac{\partial
U}{\partial\phi_j} = q_j(L_j - U)$. So along any sequence with $U \to L^*$ the mass gathers on architectures that
are nearly optimal: on $A^*$ if no other one comes within some $\epsilon$ of $L^*$, and on ties in any proportion.
At finite $\phi$ the infimum over $\phi$ is attained only if all $L_j$ are equal. Descent from a poor start need not
reach $U \to L^*$ when weights are shared.""",
    verdict=Verdict.CORRECTED,
    proof=r"""The shares add up to 1 and $L_j \geq L^*$. Markov's inequality for the random variable
$L_A - L^* \geq 0$. $\partial q_i/\partial\phi_j = q_i(\delta_{ij} - q_j)$. With finite logits every $q_j > 0$, so a
stationary $U$ needs $L_j = U$ for all $j$. The two examples refute the rest.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="gradient in the logits",
            check=by_gradient,
            claim=centred,
            wrong={"no baseline": raw, "best loss as baseline": at_best},
            given=GIVEN,
        ),
        Witness(
            name="mass on bad architectures, and a case where the bound is sharp",
            check=by_mass,
            claim=markov,
            wrong={"square of the gap": squared, "half the bound": half},
            given={**GIVEN, "extra": strategies.numbers(0, 1)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Losses $(0, 0, 1)$ and $q = (\frac{1}{2}, \frac{1}{2}, 0)$: the gap is closed, but no
architecture has more than half of the mass.""",
            numbers={"gap": 0.0, "largest share": 0.5},
            compute=tie,
        ),
        Counterexample(
            text=r"""Weights shared by two architectures, $L_1 = w^2$ and $L_2 = (w-1)^2 - 0.1$, so $L^* = -0.1$ at
$A = 2$, $w = 1$. At $w = 0$, $q = (0.99, 0.01)$: $U = 0.009$, the slope in $\phi_2$ is
$0.01\,(0.9 - 0.009) = 0.00891$, so that descent takes mass away from the better architecture; the slope in $w$ is
$-0.02$, towards $w = q_2$ only. As $\partial U/\partial q_2 = 0.9 - 2w > 0$ for $w < 0.45$, the gradient flow in
$(w, \phi)$ from here tends to $w = 0$, $q = (1, 0)$, with a gap of $0.1$.""",
            numbers={"best elsewhere": -0.1, "U here": 0.009, "slope in phi_2": 0.00891, "slope in w": -0.02},
            compute=trap,
        ),
    ),
    references=(
        "J. Staines and D. Barber, Variational optimization, arXiv:1212.4507, 2012",
        "J. Mei, C. Xiao, C. Szepesvari and D. Schuurmans, On the global convergence rates of softmax policy gradient "
        "methods, ICML 2020 (fixed losses: the flow in phi does converge to the best)",
    ),
    covers=("continuum.widths.concrete", "continuum.estimators.exact", "continuum.estimators.categorical"),
)
