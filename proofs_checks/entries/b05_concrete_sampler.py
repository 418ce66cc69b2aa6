"""The Concrete sampler: Gumbel noise, a winner of law q at every temperature, its distance to a corner."""

import math
from collections.abc import Callable

import numpy as np
import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import one_hot
from torch.testing import assert_close

from continuum.estimators import Categorical
from continuum.widths import Concrete, LogSchedule, tail_sums
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Identity, Rate, Verdict, Witness
from proofs_checks.noise import gumbels, uniforms

CHOICES = 4
Sample = Callable[[Tensor, Tensor, float], Tensor]
SHARES = (0.5, 0.3, 0.2)
DISTANCE = math.log(2) * (1 - sum(q * q for q in SHARES))


def derive() -> list[Derivation]:
    """The law of the noise, of the winner, and the mean distance to a corner when one rival is near."""
    u = sp.Symbol("u", positive=True)
    place = sp.Symbol("z", real=True)
    gumbel = sp.exp(-sp.exp(-place))
    noise = Derivation("P(noise <= z)", -sp.log(-sp.log(u)) - place)
    noise = noise.apply(lambda e: sp.solve(e, u)[0], gumbel, "it grows in u, so it is this u")
    noise.claims(
        gumbel, {"smallest instead of largest": 1 - sp.exp(-sp.exp(place)), "logistic": 1 / (1 + sp.exp(-place))}
    )

    q, rest, time = sp.symbols("q r s", positive=True)
    clock = sp.simplify(gumbel.subs(place, -sp.log(time)))  # P(noise <= -log s) = P(E >= s)
    race = Derivation("clock rings after s", clock).claims(sp.exp(-time), {"rate 2": sp.exp(-2 * time)})
    winner = Derivation("P(k wins)", sp.Integral(q * sp.exp(-q * time) * sp.exp(-rest * time), (time, 0, sp.oo)))
    winner = winner.apply(lambda e: e.doit(), q / (q + rest), "the clock of rate q rings first, all others later")
    winner.claims(q / (q + rest), {"softmax of squares": q**2 / (q**2 + rest**2)})

    other, gap = sp.symbols("p y", positive=True)
    tie = Derivation(
        "density of a tie", sp.Integral(time * q * other * sp.exp(-(q + other + rest) * time), (time, 0, sp.oo))
    )
    tie = tie.apply(lambda e: e.doit(), q * other / (q + other + rest) ** 2, "two clocks ring together, first of all")
    tie = tie.apply(lambda e: e.subs(rest, 1 - q - other), q * other, "the rates add up to 1")
    tie.claims(q * other, {"one of the two": q})
    loss = Derivation(
        "mean share of the rival, in units of t", sp.Integral(sp.exp(-gap) / (1 + sp.exp(-gap)), (gap, 0, sp.oo))
    )
    loss = loss.apply(lambda e: e.doit(), sp.log(2), "integrate")
    return [noise, race, winner, tie, loss.claims(sp.log(2), {"1": sp.Integer(1)})]


def powers(logits: Tensor, noise: Tensor, temperature: float) -> Tensor:
    """nu_j in proportion to (q_j / -log u_j)^(1/t)."""
    ratio = logits.softmax(-1) / -noise.log()
    return (ratio / ratio.max()) ** (1 / temperature) / ((ratio / ratio.max()) ** (1 / temperature)).sum()


def other_sign(logits: Tensor, noise: Tensor, temperature: float) -> Tensor:
    """log q + log(-log u)."""
    return ((logits.log_softmax(-1) + torch.log(-noise.log())) / temperature).softmax(-1)


def noise_not_cooled(logits: Tensor, noise: Tensor, temperature: float) -> Tensor:
    """log q / t - log(-log u)."""
    return (logits.log_softmax(-1) / temperature - torch.log(-noise.log())).softmax(-1)


def heated(logits: Tensor, noise: Tensor, temperature: float) -> Tensor:
    """Multiplied by t."""
    return ((logits.log_softmax(-1) - torch.log(-noise.log())) * temperature).softmax(-1)


def by_samples(formula: Sample, logits: Tensor, noise: Tensor, temperature: float) -> None:
    """Shipped samples at given uniform noise, in both rooms."""
    expected = formula(logits, noise, temperature)
    law = Concrete(CHOICES, temperature, logits)
    with uniforms(noise):
        assert_close(law.log_sample().exp().detach(), expected, rtol=1e-9, atol=1e-12)
        assert_close(law.gates().detach(), tail_sums(expected), rtol=1e-9, atol=1e-12)
    q = Categorical(logits)
    assert_close(q.relax(q.perturb(noise), temperature), expected, rtol=1e-9, atol=1e-12)


def first_clock(logits: Tensor, noise: Tensor) -> Tensor:
    """The width whose clock -log(u) / q rings first."""
    return (-noise.log() / logits.softmax(-1)).argmin()


def last_clock(logits: Tensor, noise: Tensor) -> Tensor:
    """The one that rings last."""
    return (-noise.log() / logits.softmax(-1)).argmax()


def mode_only(logits: Tensor, noise: Tensor) -> Tensor:
    """The most probable width."""
    return logits.argmax()


def by_winner(formula: Callable[[Tensor, Tensor], Tensor], logits: Tensor, noise: Tensor, temperature: float) -> None:
    """Hard and relaxed samples have the same winner, whatever the temperature."""
    winner = one_hot(formula(logits, noise), CHOICES).double()
    q = Categorical(logits)
    assert_close(q.harden(q.perturb(noise)), winner, rtol=0, atol=0)
    for mode in ("hard", "straight_through"):
        law = Concrete(CHOICES, temperature, logits, mode=mode)
        with uniforms(noise):
            assert_close(law.gates().detach(), tail_sums(winner), rtol=0, atol=1e-14)
    with uniforms(noise):
        relaxed = law.log_sample().argmax()
    assert_close(one_hot(relaxed, CHOICES).double(), winner, rtol=0, atol=0)


def geometric(start: float, end: float, part: float) -> float:
    """start^(1 - part) end^part."""
    return float(start ** (1 - part) * end**part)


def straight(start: float, end: float, part: float) -> float:
    """A line on the plain scale."""
    return start + (end - start) * part


def by_schedule(formula: Callable[[float, float, float], float], start: float, ratio: float, step: int) -> None:
    """The shipped schedule on its way, and after it."""
    schedule = LogSchedule(start, start * ratio, 8)
    assert_close(schedule(step), formula(start, start * ratio, min(step / 8, 1.0)), rtol=1e-12, atol=0)


def distance(temperature: float) -> float:
    """E max|nu - onehot(k)| of the shipped law, integrated over the ratios of the clocks, winner by winner."""
    x, weights = _log_ratios(temperature)
    first, second = (grid.flatten() for grid in torch.meshgrid(x, x, indexing="ij"))
    measure = weights.outer(weights).flatten() * (first + second).exp()
    total, q = 0.0, torch.tensor(SHARES)
    for k in range(3):
        i, j = [other for other in range(3) if other != k]
        times = torch.zeros(len(first), 3)
        times[:, i], times[:, j] = first, second  # logarithms; the winner rings at 1
        density = 2 * q.prod() / (q[k] + q[i] * first.exp() + q[j] * second.exp()) ** 3
        law = Concrete(3, temperature, q.log().expand(len(first), 3))
        with gumbels(-times - q.log()), torch.no_grad():
            share = law.log_sample().exp()[:, k]
        total += float((measure * density) @ (1 - share))
    return total


def _log_ratios(temperature: float) -> tuple[Tensor, Tensor]:
    """Gauss-Legendre panels for log(T_j / T_k) in (0, 36), fine up to a few temperatures."""
    nodes, weights = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(7))
    near = torch.tensor([0.0, 1.0, 3.0, 7.0, 15.0, 30.0]) * temperature
    far = torch.tensor([0.5, 2.0, 5.0, 10.0, 18.0, 36.0])
    ends = torch.cat([near, near[-1] + far])
    middle, half = (ends[1:] + ends[:-1]) / 2, (ends[1:] - ends[:-1]) / 2
    return (middle + half * nodes.unsqueeze(-1)).flatten(), (half * weights.unsqueeze(-1)).flatten()


NOISE = st.lists(st.integers(1, 63), min_size=CHOICES, max_size=CHOICES, unique=True).map(
    lambda u: torch.tensor(u) / 64
)
GIVEN = {
    "logits": strategies.logits(CHOICES),
    "noise": NOISE.map(torch.Tensor.double),
    "temperature": strategies.numbers(0.2, 3),
}

IDENTITY = Identity(
    id="B05",
    title="sampling a relaxed width",
    source="VMO",
    place="section 3, Concrete gradient estimation; the schedule is in section 4",
    printed=r""""Samples from the Concrete relaxation of a multinomial distribution with parameter $\phi$ can be
generated as $\mathrm{softmax}((\log\phi - \log(-\log u))/t)$, where $u \sim \mathrm{uniform}[0,1]^{|\phi|}$." "We
anneal the temperature $t$ of the Concrete relaxation from 0.1 to 0 throughout training on a log-scale".""",
    precise=r"""Let $q$ be a law on $K$ categories with $q_j > 0$, $u_j$ independent and uniform, $G_j = -\log(-\log
u_j)$ and $\nu = \operatorname{softmax}((\log q + G)/t)$, $t > 0$. $G_j$ is standard Gumbel; a common factor of $q$
(such as $\phi = cq$) drops out. $k = \operatorname{argmax}_j\nu_j$ has the law $q$ at every temperature and is the
same for all $t$. As $t \to 0$, $\nu \to \mathrm{onehot}(k)$ almost surely, and $E\max_j|\nu_j -
\mathrm{onehot}(k)_j| = t\,\log 2\,(1 - \sum_j q_j^2) + o(t)$. A straight line on a log scale, $t_s =
t_0(t_1/t_0)^{s/S}$, has an end $t_1 > 0$: it does not reach 0.""",
    verdict=Verdict.HOLDS,
    proof=r"""$P(G \leq z) = P(u \leq \exp(-e^{-z}))$. $T_j = -\log(u_j)/q_j$ is exponential with rate $q_j$ and
$\log q_j + G_j = -\log T_j$, so the largest $\nu_j$ belongs to the clock that rings first, which is $k$ with
probability $q_k$. The largest entry of $|\nu - \mathrm{onehot}(k)|$ is $1 - \nu_k$, as the others add up to it.
With $y = \log(T_j/T_k)/t$ for the second clock $j$, $1 - \nu_k \to 1/(1 + e^y)$ if the third is not near as well;
$\log(T_j/T_k)$ has at $0+$ the density $\int_0^\infty s\,q_k q_j e^{-s}\,ds = q_k q_j$ for each ordered pair, and
$\int_0^\infty dy/(1+e^y) = \log 2$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="relaxed samples at given noise",
            check=by_samples,
            claim=powers,
            wrong={"sign of the noise": other_sign, "noise not cooled": noise_not_cooled, "times t": heated},
            given=GIVEN,
        ),
        Witness(
            name="winner at given noise",
            check=by_winner,
            claim=first_clock,
            wrong={"last clock": last_clock, "most probable width": mode_only},
            given=GIVEN,
        ),
        Witness(
            name="schedule of the temperature",
            check=by_schedule,
            claim=geometric,
            wrong={"line on the plain scale": straight},
            given={
                "start": strategies.numbers(0.01, 10),
                "ratio": strategies.numbers(0.001, 2),
                "step": st.integers(0, 12),
            },
        ),
    ),
    rates=(
        Rate(
            name="mean distance to a corner against t, three widths",
            scales=(0.08, 0.04, 0.02, 0.01),
            error=distance,
            claim=Asymptote(1.0, DISTANCE),
            wrong={
                "of order 2": Asymptote(2.0),
                "of order 1/2": Asymptote(0.5),
                "log 2 lost": Asymptote(1.0, DISTANCE / math.log(2)),
                "each pair once": Asymptote(1.0, DISTANCE / 2),
            },
        ),
    ),
    references=(
        "E. J. Gumbel, Statistical theory of extreme values, 1954; R. D. Luce, Individual choice behavior, 1959",
        "C. Maddison, A. Mnih and Y. W. Teh, The Concrete distribution, ICLR 2017 (its proposition 1: rounding, zero "
        "temperature)",
        "E. Jang, S. Gu and B. Poole, Categorical reparameterization with Gumbel-softmax, ICLR 2017",
    ),
    covers=(
        "continuum.widths.concrete",
        "continuum.widths.sampling",
        "continuum.widths.schedule",
        "continuum.estimators.categorical",
    ),
)
