"""The mean gate of unit i is P(k >= i), their sum the mean width; how it moves with the logits."""

from collections.abc import Callable
from functools import partial

import sympy as sp
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.estimators import Categorical, Exact
from continuum.widths import Concrete, tail_sums, tilted, width_of
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness

UNITS = 5
Numbers = Callable[[Tensor], Tensor]


def derive() -> list[Derivation]:
    """Sum over all widths of three; derivatives from the softmax; the exponential tilt from its own derivative."""
    w = sp.symbols("w_1:4", positive=True)  # w_j = exp(logit_j), so d/dlogit_j = w_j d/dw_j
    q = [x / sum(w) for x in w]
    gates = [sum(q[k] * (1 if k >= i else 0) for k in range(3)) for i in range(3)]
    width = sum((k + 1) * q[k] for k in range(3))
    total = Derivation("sum of the mean gates", sum(gates)).rewrite(width, "each width k counts in k gates")
    total.claims(width, {"counted from 0": width - 1})
    slope = Derivation("derivative in a logit", width)
    slope = slope.apply(lambda e: w[2] * sp.diff(e, w[2]), q[2] * (3 - width), "derivative of the softmax")
    slope.claims(q[2] * (3 - width), {"not centred": 3 * q[2], "counted from 0": q[2] * (2 - width)})

    s = sp.Symbol("s", real=True)
    sizes = range(1, 4)
    partition = sum(sp.exp(s * n) for n in sizes)
    mean = sum(n * sp.exp(s * n) for n in sizes) / partition
    square = sum(n**2 * sp.exp(s * n) for n in sizes) / partition
    tilt = Derivation("dE k/ds", mean).apply(lambda e: sp.diff(e, s), square - mean**2, "a cumulant")
    tilt.claims(square - mean**2, {"mean square": square})
    second = sum(sp.exp(s * n) for n in (2, 3)) / partition
    joint = sum(n * sp.exp(s * n) for n in (2, 3)) / partition
    gate = Derivation("dm_2/ds", second).apply(lambda e: sp.diff(e, s), joint - second * mean, "a covariance")
    gate.claims(joint - second * mean, {"not centred": joint})
    return [total, slope, tilt, gate]


def survival(q: Tensor) -> Tensor:
    """P(k >= i) for i = 1, ..., K."""
    return 1 - (q.cumsum(0) - q)


def strict(q: Tensor) -> Tensor:
    """P(k > i)."""
    return survival(q) - q


def distribution(q: Tensor) -> Tensor:
    """P(k <= i), as in the appendix of the source."""
    return q.cumsum(0)


def gate(unit: int, sample: Tensor) -> Tensor:
    """Gate of a unit, for one-hot widths."""
    return tail_sums(sample)[..., unit]


def by_enumeration(formula: Numbers, logits: Tensor) -> None:
    """Mean of the hard gates over all widths, by the shipped exact estimator; mean gates and width of the law."""
    law = Concrete(UNITS, 0.5, logits).eval()
    q = law.probabilities().detach()
    expected = formula(q)
    assert_close(law.gates().detach(), expected, rtol=1e-12, atol=1e-14)
    for unit in range(UNITS):
        mean = Exact()(Categorical(logits), partial(gate, unit)).value
        assert_close(mean, expected[unit], rtol=1e-12, atol=1e-14)
    assert_close(law.cardinality().detach(), expected.sum(), rtol=1e-12, atol=1e-14)


def centred(logits: Tensor) -> Tensor:
    """q_j (j - E k)."""
    q, sizes = logits.softmax(-1), torch.arange(1.0, UNITS + 1)
    return q * (sizes - q @ sizes)


def not_centred(logits: Tensor) -> Tensor:
    """q_j j."""
    return logits.softmax(-1) * torch.arange(1.0, UNITS + 1)


def from_zero(logits: Tensor) -> Tensor:
    """q_j (j - 1 - E k): the width of category j mistaken."""
    return centred(logits) - logits.softmax(-1)


def by_gradient(formula: Numbers, logits: Tensor) -> None:
    """Autograd, closed form and exact estimator."""
    law, expected = Concrete(UNITS, 0.5, logits), formula(logits)
    assert_close(torch.autograd.grad(law.cardinality(), law.logits)[0], expected, rtol=1e-12, atol=1e-13)
    assert_close(law.cardinality_gradient(), expected, rtol=1e-12, atol=1e-13)
    estimate = Exact()(Categorical(logits), lambda b: tail_sums(b).sum(-1))
    assert_close(estimate.gradient, expected, rtol=1e-12, atol=1e-13)


def covariance(q: Tensor) -> Tensor:
    """Cov(1[k >= i], k) / Var k."""
    sizes = torch.arange(1.0, UNITS + 1)
    away = q * (sizes - q @ sizes)
    return torch.stack([away[i:].sum() for i in range(UNITS)]) / (away @ sizes)


def in_proportion(q: Tensor) -> Tensor:
    """Every gate by its share of the width."""
    return survival(q) / survival(q).sum()


def one_later(q: Tensor) -> Tensor:
    """Cov(1[k > i], k) / Var k."""
    return torch.cat([covariance(q)[1:], torch.zeros(1)])


def by_tilt(formula: Numbers, mean: float) -> None:
    """Shipped logits of a given mean width, and the derivative of the shipped gates in it."""
    logits = tilted(UNITS, torch.tensor(mean))
    law, tilt = Concrete(UNITS, 0.5, logits), width_of("concrete", UNITS, torch.tensor(mean))
    assert_close(law.cardinality().item(), mean, rtol=1e-12, atol=0)
    assert_close(logits.diff(n=2), torch.zeros(UNITS - 2), rtol=0, atol=1e-12)  # the largest entropy at this mean
    assert_close(tilt.gates(), law.expected_gates(), rtol=1e-10, atol=1e-12)
    expected = formula(law.probabilities().detach())
    slopes = torch.stack([torch.autograd.grad(gate, tilt.gamma, retain_graph=True)[0] for gate in tilt.gates()])
    assert_close(slopes, expected, rtol=1e-9, atol=1e-11)


LOGITS = {"logits": strategies.logits(UNITS)}

IDENTITY = Identity(
    id="B04",
    title="mean gates and mean width",
    source="VMO",
    place="section 3, width optimization, and Eq. 4",
    printed=r""""Samples from $q_{\psi_l}(k_l)$ are encoded as 1-hot vectors [...] We define our regularization
function to be $r(k_1, ..., k_D) = \sum_{l=1}^D k_l$" (in the mean over $q$, by Eq. 4).""",
    precise=r"""Let $k \sim q = \operatorname{softmax}(a)$ on $\{1, ..., K\}$ and $m$ the mask of Eq. 6. Then
$E\,m_i = P(k \geq i)$, $\sum_i E\,m_i = E\,k$, so the expected price of a layer is its expected cardinality, and
$\frac{\partial}{\partial a_j}E\,k = q_j(j - E\,k)$. Of all $q$ with the mean $c \in (1, K)$ the one of largest
entropy has $a_j = sj$; along this family $\frac{d}{dc}E\,m_i = \operatorname{Cov}(1[k \geq i],
k)/\operatorname{Var} k$.""",
    verdict=Verdict.HOLDS,
    proof=r"""$m_i = 1[k \geq i]$ by B02; $\sum_i 1[k \geq i] = k$. The derivative of a mean in the logits is
$q_j(f_j - E f)$, here with $f_j = j$. The Lagrangian of the entropy with the two constraints is stationary at $\log
q_j = sj + b$, and the entropy is concave. $\frac{d}{ds}E f = \operatorname{Cov}(f, k)$ for $a_j = sj$; divide the
one for $f = 1[k \geq i]$ by the one for $f = k$, which is positive, so that $s$ is a function of $c$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="mean gates, by enumeration",
            check=by_enumeration,
            claim=survival,
            wrong={"strict": strict, "appendix": distribution},
            given=LOGITS,
        ),
        Witness(
            name="derivative of the mean width",
            check=by_gradient,
            claim=centred,
            wrong={"not centred": not_centred, "widths counted from 0": from_zero},
            given=LOGITS,
        ),
        Witness(
            name="exponential tilt, and its derivative in the mean width",
            check=by_tilt,
            claim=covariance,
            wrong={"in proportion to the gates": in_proportion, "strict": one_later},
            given={"mean": strategies.numbers(1.05, UNITS - 0.05)},
        ),
    ),
    references=("E. T. Jaynes, Information theory and statistical mechanics, Phys. Rev. 106, 1957 (exponential tilt)",),
    covers=(
        "continuum.widths.concrete",
        "continuum.widths.tilt",
        "continuum.widths.cardinal",
        "continuum.estimators.exact",
        "continuum.estimators.categorical",
    ),
)
