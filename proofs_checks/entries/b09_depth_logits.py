"""Eq. 5 selects logits: harmless for a one-hot depth; a relaxed depth averages them, which lowers its loss."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot
from torch.testing import assert_close

from continuum.widths import Concrete
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.noise import gumbels, logistic_rule

DEPTHS, CLASSES = 3, 3
Loss = Callable[[Tensor, Tensor, int], Tensor]


def derive() -> list[Derivation]:
    """Second derivative of the loss between two depths; the loss at a one-hot depth."""
    share = sp.Symbol("nu", real=True)
    near, far = sp.symbols("z_1:4", real=True), sp.symbols("d_1:4", real=True)  # logits, and their change to depth 2
    logits = [z + share * d for z, d in zip(near, far, strict=True)]
    total = sum(sp.exp(z) for z in logits)
    p = [sp.exp(z) / total for z in logits]
    loss = sp.log(total) - logits[0]
    mean = sum(x * d for x, d in zip(p, far, strict=True))
    spread = sum(x * (d - mean) ** 2 for x, d in zip(p, far, strict=True))
    convex = Derivation("slope between two depths", loss)
    convex = convex.apply(
        lambda e: sp.diff(e, share), mean - far[0], "mean change less that of the true class", _at_point
    )
    convex = convex.apply(lambda e: sp.diff(e, share), spread, "a variance, so never negative", _at_point)
    wrong = {"affine": sp.Integer(0), "mean square": sum(x * d**2 for x, d in zip(p, far, strict=True))}
    convex.claims(spread, wrong, _at_point)
    corner = Derivation("one-hot depth", loss.subs(share, 1))
    second = [z + d for z, d in zip(near, far, strict=True)]
    corner = corner.rewrite(sp.log(sum(sp.exp(z) for z in second)) - second[0], "the logits of depth 2")
    return [
        convex,
        corner.claims(
            -sp.log(sp.exp(second[0]) / sum(sp.exp(z) for z in second)), {"depth 1": loss.subs(share, 0)}, _at_point
        ),
    ]


def _at_point(left: sp.Expr, right: sp.Expr) -> bool:
    near, far, share = sp.symbols("z_1:4", real=True), sp.symbols("d_1:4", real=True), sp.Symbol("nu", real=True)
    points = [(0, 1, -1, 2, -1, 1), (1, 0, 2, 0, 3, -2), (-1, 2, 0, 1, 1, 2)]
    values = [dict(zip((*near, *far, share), (*point, sp.Rational(1, 3)), strict=True)) for point in points]
    return all(abs(sp.N((left - right).subs(v), 30)) < 1e-20 for v in values)


def of_mixed_logits(shares: Tensor, logits: Tensor, label: int) -> Tensor:
    """Cross entropy of sum nu_i z_i: Eq. 5."""
    return cross_entropy(shares @ logits, torch.tensor(label))


def mixed_losses(shares: Tensor, logits: Tensor, label: int) -> Tensor:
    """sum nu_i CE(z_i): what a random depth costs in the mean."""
    return shares @ cross_entropy(logits, torch.full((len(logits),), label), reduction="none")


def mixed_probabilities(shares: Tensor, logits: Tensor, label: int) -> Tensor:
    """-log of the mean probability."""
    return -(shares @ logits.softmax(-1))[label].log()


def at_one_hot(formula: Loss, logits: Tensor, label: int, k: int) -> None:
    """All three losses agree where the depth is one-hot, drawn by the shipped law."""
    noise = torch.zeros(DEPTHS)
    noise[k] = 3.0
    law = Concrete(DEPTHS, 0.5, torch.zeros(DEPTHS), mode="hard")
    with gumbels(noise):
        gates = law.gates()
    shares = gates - torch.cat([gates[1:], torch.zeros(1)])  # back from the prefix mask
    assert_close(shares, one_hot(torch.tensor(k), DEPTHS).double(), rtol=0, atol=0)
    expected = cross_entropy(logits[k], torch.tensor(label))
    assert_close(formula(shares, logits, label), expected, rtol=1e-12, atol=1e-13)


def last_depth(shares: Tensor, logits: Tensor, label: int) -> Tensor:
    """The last classifier alone."""
    return cross_entropy(logits[-1], torch.tensor(label))


def prefix(shares: Tensor, logits: Tensor, label: int) -> Tensor:
    """The sum over all depths up to the sampled one."""
    return cross_entropy(shares.flip(0).cumsum(0).flip(0) @ logits, torch.tensor(label))


def variance_bound(shares: Tensor, logits: Tensor, label: int) -> Tensor:
    """Jensen's gap: log-normaliser of the mean logits against the mean of the log-normalisers."""
    normalisers = logits.logsumexp(-1)
    return shares @ normalisers - (shares @ logits).logsumexp(-1)


def no_gap(shares: Tensor, logits: Tensor, label: int) -> Tensor:
    """As if the loss were affine in the logits."""
    return torch.zeros(())


def against_probabilities(shares: Tensor, logits: Tensor, label: int) -> Tensor:
    """The gap of mixed probabilities instead of mixed logits."""
    return mixed_losses(shares, logits, label) - mixed_probabilities(shares, logits, label)


def gap(formula: Loss, logits: Tensor, label: int, law_logits: Tensor, noise: Tensor, temperature: float) -> None:
    """Relaxed depths of the shipped law: mean loss less loss of the mean logits, which is never negative."""
    law = Concrete(DEPTHS, temperature, law_logits)
    with gumbels(noise):
        shares = law.log_sample().exp().detach()
    actual = mixed_losses(shares, logits, label) - of_mixed_logits(shares, logits, label)
    assert_close(actual, formula(shares, logits, label), rtol=1e-10, atol=1e-12)
    assert_close(actual.clamp(min=-1e-13), actual, rtol=0, atol=0)


def example() -> dict[str, float]:
    """Logit margins -20 and -40 of the true class, q = (.9, .1), t = 1."""
    q = torch.tensor([0.9, 0.1])
    logits, x_weights = torch.tensor([[0.0, 20.0], [0.0, 40.0]]), logistic_rule(float((q[1] / q[0]).log()), 1.0)
    x, weights = x_weights
    law = Concrete(2, 1.0, q.log().expand(len(x), 2))
    with gumbels(torch.stack([torch.zeros_like(x), x], -1)), torch.no_grad():
        shares = law.log_sample().exp()
    label = torch.zeros(len(x), dtype=torch.long)
    relaxed = weights @ cross_entropy(shares @ logits, label, reduction="none")
    return {
        "relaxed": float(relaxed),
        "exact": float(mixed_losses(q, logits, 0)),
        "at mean shares": float(mixed_losses(weights @ shares, logits, 0)),
    }


LOGITS = strategies.tensors(DEPTHS, CLASSES, low=-3, high=3)

IDENTITY = Identity(
    id="B09",
    title="selecting a depth by its logits",
    source="VMO",
    place="Eq. 5",
    printed=r"""$\hat z = \sum_{i=1}^D \mathrm{one\_hot}(d)_i\cdot z_i$, the logits of the sampled depth; later "We
replace the 1-hot samples in Equations 5 and 6 with samples from the Concrete relaxation".""",
    precise=r"""For a one-hot depth $\hat z = z_d$, so it does not matter whether logits, probabilities or losses
are selected. For $\nu$ in the simplex it does: with $\mathrm{CE}(z) = \log\sum_c e^{z_c} - z_y$,
$\sum_i\nu_i\mathrm{CE}(z_i) - \mathrm{CE}(\sum_i\nu_i z_i) = \sum_i\nu_i\,\mathrm{lse}(z_i) -
\mathrm{lse}(\sum_i\nu_i z_i) \geq 0$, with equality iff the $z_i$ with $\nu_i > 0$ differ by constants only. So for
each relaxed sample the loss that is trained is at most that of a random depth with the probabilities $\nu$. It need
not be below the variational objective $\sum_i q_i\mathrm{CE}(z_i)$, because $E\,\nu \neq q$.""",
    verdict=Verdict.HOLDS,
    proof=r"""One term of the sum is left. The linear parts $-z_y$ of $\mathrm{CE}$ cancel in the difference, and
log-sum-exp is convex: along a line its second derivative is the variance of the change of the logits under the
softmax, which is 0 iff all logits change alike.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="one-hot depths of the shipped law",
            check=at_one_hot,
            claim=of_mixed_logits,
            wrong={"always the last depth": last_depth, "sum of all up to the depth": prefix},
            given={
                "logits": LOGITS,
                "label": st.integers(0, CLASSES - 1),
                "k": st.integers(0, DEPTHS - 1),
            },
        ),
        Witness(
            name="relaxed depths of the shipped law",
            check=gap,
            claim=variance_bound,
            wrong={"no gap": no_gap, "probabilities are mixed": against_probabilities},
            given={
                "logits": LOGITS,
                "label": st.integers(0, CLASSES - 1),
                "law_logits": strategies.logits(DEPTHS),
                "noise": strategies.tensors(DEPTHS),
                "temperature": strategies.numbers(0.3, 2),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""The relaxed objective is no lower bound. Two classes, the wrong one ahead by 20 at depth 1 and
by 40 at depth 2, $q = (0.9, 0.1)$, $t = 1$: the losses are 20 and 40 up to $e^{-20}$, so the variational objective
is $22$; but $E\,\nu_2 = 1 - 0.816015$ (B06), and the mean relaxed loss is $20 + 20\cdot 0.183985 = 23.6797$.""",
            numbers={"relaxed": 23.6797, "exact": 22.0, "at mean shares": 23.6797},
            compute=example,
            tolerance=5e-5,
        ),
    ),
    references=(
        "G. E. Hinton, Training products of experts by minimizing contrastive divergence, 2002 (mixing logits)",
    ),
    covers=("continuum.widths.concrete",),
)
