"""An optimiser that does not see the size of a gradient gives the capacity loss a kink at every integer."""

from dataclasses import replace

import numpy as np
import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor

from continuum.widths import Interval
from proofs_checks import kink, strategies, unpinning
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.scale_free import ADAM, DESCENT, SIGN, TINY, Maker, train, whole


def derive() -> list[Derivation]:
    """Adam does not see a common factor of its gradients; one unit under signSGD; what epsilon and a degree change."""
    return [_homogeneous(), _crossover(), _one_unit(), _degree()]


def _adam(gradients: list[sp.Expr], eps: sp.Expr) -> sp.Expr:
    """Adam's direction after these gradients."""
    first, second = sp.symbols("beta_1 beta_2", positive=True)
    count = len(gradients)
    mean = sum((1 - first) * first ** (count - 1 - i) * g for i, g in enumerate(gradients))
    square = sum((1 - second) * second ** (count - 1 - i) * g**2 for i, g in enumerate(gradients))
    return mean / (1 - first**count) / (sp.sqrt(square / (1 - second**count)) + eps)


def _homogeneous() -> Derivation:
    phi = sp.Symbol("phi", positive=True)
    pulls = list(sp.symbols("G_0:3", real=True))
    chain = Derivation("third step of Adam behind a gate", _adam([phi * g for g in pulls], sp.Integer(0)))
    wrong = {"factor left": phi * _adam(pulls, sp.Integer(0)), "over the gate": _adam(pulls, sp.Integer(0)) / phi}
    return chain.claims(_adam(pulls, sp.Integer(0)), wrong, _radical)


def _crossover() -> Derivation:
    phi, eps = sp.symbols("phi epsilon", positive=True)
    pulls = list(sp.symbols("G_0:2", real=True))
    chain = Derivation("second step of Adam with epsilon", _adam([phi * g for g in pulls], eps))
    wrong = {"epsilon as it is": _adam(pulls, eps), "epsilon times the gate": _adam(pulls, eps * phi)}
    return chain.claims(_adam(pulls, eps / phi), wrong, _radical)


def _radical(left: sp.Expr, right: sp.Expr) -> bool:
    """Roots of sums with a common factor: the factor is taken out."""
    return bool(sp.simplify(sp.factor_terms(left) - sp.factor_terms(right)) == 0)


def _one_unit() -> Derivation:
    """h (a W - v)^2 / 2 under signSGD, as long as a W < v: W grows by alpha in each step."""
    a, h, aim, rate, start = sp.symbols("a h v alpha W_0", positive=True)
    steps = sp.Symbol("T", positive=True)
    chain = Derivation("loss after T steps of signSGD", h / 2 * (a * (start + rate * steps) - aim) ** 2)
    slope = -h * aim * (start + rate * steps)
    chain = chain.apply(lambda e: sp.diff(e, a).subs(a, 0), slope, "slope at a = 0")
    mean = -rate * steps * h * aim
    chain = chain.apply(lambda e: (e + e.subs(start, -start)) / 2, mean, "mean over both signs")
    wrong = {"rate alpha/a along the gradient": -rate * steps * (h * aim) ** 2, "nothing": sp.Integer(0)}
    return chain.claims(-rate * steps * h * aim, wrong)  # G = -h v: -alpha T |G|


def _degree() -> Derivation:
    """One step of degree 1/2, W_0 = 1 and -1: the loss falls like a^(3/2)."""
    a, aim, rate = sp.symbols("a v alpha", positive=True)
    degree = sp.Rational(1, 2)
    moved = rate * (a * aim) ** degree  # the residual at the start is -v up to a term that is odd in W_0 and O(a)
    loss = sum(((a * (sign + moved) - aim) ** 2 - aim**2) / 2 for sign in (1, -1)) / 2
    chain = Derivation("mean gain after one step of degree 1/2", loss)
    limit = -rate * aim ** (1 + degree)
    chain = chain.apply(lambda e: sp.limit(sp.expand(e) / a ** (1 + degree), a, 0), limit, "over a^(3/2), a -> 0+")
    return chain.claims(limit, {"half": limit / 2, "none": sp.Integer(0)})


# ---- examples ----------------------------------------------------------------------------------------------------


def newborn(weight: float) -> Network:
    """One input 1 and a ReLU unit with V = 1, target 1: G = -1 and H = -W_0."""
    one = torch.ones(1, 1)
    return Network(one, one, torch.full((1, 1), weight), one, torch.relu)


def one_step() -> dict[str, float]:
    """Slopes at a = 1e-7 after one step of signSGD of rate 1/4."""
    a, rule = 1e-7, replace(SIGN, lr=0.25)

    def slope(weight: float, frozen: tuple[int, ...]) -> float:
        start, gates = newborn(weight), torch.tensor([a])
        end = train(start, gates, 1, DESCENT.optimiser, rule.optimiser, frozen=frozen)[-1]
        return round((float(whole(start, end).loss(gates).detach()) - 0.5) / a, 5)

    figures = {f"{name} {w:g}": slope(w, f) for name, f in (("V still", (0,)), ("V too", ())) for w in (1.0, -1.0)}
    return figures | {name: (figures[f"{name} 1"] + figures[f"{name} -1"]) / 2 for name in ("V still", "V too")}


def lone(a: float, maker: Maker, decay: float = 0.0) -> float:
    """(C_1(a) - C_1(0))/a for (aW - 1)^2/2 + decay a W^2/2, W_0 = 1 or -1, one step; the gain of the first term."""
    gate, total = Interval(1, a).gates().detach()[0], 0.0
    for start in (1.0, -1.0):
        weight = torch.tensor(start, requires_grad=True)
        loss = (gate * weight - 1) ** 2 / 2 + decay * gate * weight**2 / 2
        (weight.grad,) = torch.autograd.grad(loss, weight)
        maker([weight]).step()
        moved = float((gate * weight).detach())
        total += moved**2 / 2 - moved
    return total / 2 / a


def with_eps(eps: float) -> Maker:
    """Adam of rate 1/4."""
    return lambda w: torch.optim.Adam(w, lr=0.25, eps=eps)


def decayed() -> dict[str, float]:
    """Three ways to decay W, at a = 1e-6."""
    kinds: dict[str, Maker] = {
        "coupled": lambda w: torch.optim.Adam(w, lr=0.25, eps=TINY, weight_decay=0.1),
        "decoupled": lambda w: torch.optim.AdamW(w, lr=0.25, eps=TINY, weight_decay=0.1),
    }
    slopes = {name: lone(1e-6, maker) for name, maker in kinds.items()}
    return slopes | {"in L2(E)": lone(1e-6, with_eps(TINY), decay=0.1)}


def moving_threshold() -> dict[str, float]:
    """An old weight under signSGD, uniform on [5/8, 7/8]: mean slope of single runs, and slope of the mean."""
    rate, a = 0.25, 1e-6

    def after(starts: Tensor, gate: float, weight: float) -> Tensor:
        theta, fresh = starts.clone().requires_grad_(), torch.full_like(starts, weight).requires_grad_()
        optimiser = replace(SIGN, lr=rate).optimiser([theta, fresh])
        for _ in range(2):
            residual = (theta + gate * fresh - 1).detach()
            theta.grad, fresh.grad = residual.clone(), residual.clone()  # of the density
            optimiser.step()
        return ((theta + gate * fresh) ** 2 / 2).detach()

    nodes, weights = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(2))
    moved, single = 0.0, 0.0
    for weight in (1.0, -1.0):
        for gate, cut in ((a, 0.75 - a * (weight + rate)), (0.0, 0.75)):
            for low, high in ((0.625, cut), (cut, 0.875)):  # the loss is quadratic on either side
                starts, share = (low + high) / 2 + (high - low) / 2 * nodes, weights * (high - low) / 2 * 4 / 2
                moved += (1 if gate else -1) * float((share * after(starts, gate, weight)).sum()) / a
                if not gate:
                    here = after(starts, a / 1e3, weight) - after(starts, 0.0, weight)
                    single += float((share * here).sum()) / (a / 1e3)
    return {"mean of the slopes": round(single, 5), "slope of the mean": round(moved, 5)}


GIVEN = {"seed": strategies.seeds(), "steps": st.integers(1, 4)}
RULES = st.sampled_from([(ADAM, ADAM), (SIGN, SIGN), (DESCENT, ADAM), (DESCENT, SIGN)])

IDENTITY = Identity(
    id="N2.6",
    title="scale-free optimisers",
    source="here",
    place="capacity loss under Adam and signSGD",
    printed=r"""$C_T(k+a) = C_T(k) + s_T\,\phi(a) + o(\phi(a)), \quad s_T = E\langle G_T^{\mathrm{val}}, W_T\rangle +
E\langle\partial_\theta L_{\mathrm{val}}, R_T\rangle$""",
    precise=r"""Let the network depend on the fresh neuron $k$ only through $\phi\,y(V)W$, with the gate $\phi =
\phi(a)$ at $\gamma = k+a$, fixed during training. Its gradients in $(V, W)$ are $\phi H_t$ and $\phi G_t$ with the
densities $G_t = \langle F_t', y\rangle$, $H_t = \partial_V\langle F_t', yW\rangle$, which exist at $\phi = 0$. Let
$(V, W)$ step by $w_{t+1} = D_tw_t - \alpha_tU_t(g_0, \ldots, g_t)$, in each coordinate or in blocks of their own,
with $U_t(cg_0, \ldots, cg_t) = U_t(g_0, \ldots, g_t)$ for $c > 0$ and $U_t(0, \ldots, 0) = 0$, and $D_t$ free of
the gradients: signSGD, Adam, AdamW, AMSGrad, NAdam, RMSprop, Adagrad, with $\epsilon = 0$ and zero memories.

(a) For every $\phi > 0$ the run is that of the *density system*, in which $(V, W)$ steps by $U_t$ of the densities;
this one is defined at $\phi = 0$, too: neuron $k$ is not felt there, but trained. With $\epsilon > 0$ in the place of
$0$, Adam behind the gate is Adam on the densities with $\epsilon/\phi$.

(b) At almost every start, let the steps of the other weights $\theta$ be $C^1$ and $U_t$ continuous along the path at
$\phi = 0$ (for signSGD: no coordinate of the gradients is $0$ there; for Adam: no first one is; or they are $0$ at
all small $\phi$, too), losses and activations $C^2$, and the difference quotients of $L_{val}$ in $\phi$ dominated
(for a finite law they are). Then $C_T(k+a) = C_T(k) + s_T\phi(a) + o(\phi(a))$ with $s_T = E\langle G_T^{val},
W_T\rangle + E\langle\partial_\theta L_{val}, R_T\rangle$ on the path at $\phi = 0$, where $R_T$ is the response of
$\theta$ to the outputs $y(V_t)W_t$. If $s_T \neq 0$, the right derivative at $k$ is $0$ for $\phi = o(a)$, $s_T$
under the linear gate, infinite for $a = o(\phi)$; $C_T + \rho\gamma$ falls from $k$ on iff $s_T + \rho < 0$. $s_0 =
0$ if $E[W_0 \mid rest] = 0$; $R_T = 0$ if $\theta$ is trained by signSGD.

(c) If $V$ is frozen, or trained by steps proportional to the gradient, $D_t$ is a number and $E[W_0 \mid rest] = 0$,
then $W_0$ drops out of $s_T$: without decay $W_T$ may be replaced by $-\sum_{t<T}\alpha_tU_t$, as in N3.8 with $U_t$
for $G_t$. If $V$ is scale-free, too, it moves by $O(1)$ along $H_t$, which depends on $W_0$, and $W_0$ stays. $\Psi_T$
is even by N2.2, with a kink $s_T|\phi|$: mirrored starts do not remove it.

(d) For Adam with $\epsilon$ let $s_T(\eta)$ be the slope in (b) of Adam with $\eta$ on the densities. For a finite law
whose first densities are not $0$, $C_T(k+a) = C_T(k) + a\,s_T(\epsilon/a) + O(a^2)$ uniformly in $\epsilon$, with
$s_T(\eta) \rightarrow s_T$ as $\eta \rightarrow 0$, and $s_T(\eta) \rightarrow s_T(\infty)$ as $\eta \rightarrow
\infty$, which is $0$ if $E[W_0 \mid rest] = 0$: for fixed $\epsilon$ the slope at $k$ is $0$, and the kink is seen
for $a \gg \epsilon/|G|$. With weight decay inside the gradient, $\phi G + \lambda W$, it is lost for $a \ll \lambda
|W|/|G|$; with decoupled decay, or $a\lambda W$ as in L2(E), it stays.

(e) If $U_t$ is continuous, odd, and homogeneous of degree $s > 0$, $\theta$ is trained by descent on $C^3$ losses and
the law is bounded and symmetric in $W_0$, then $\Psi_T(\phi) - \Psi_T(0)$ is of order $|\phi|^{1+\min(s,1)}$: the
border between slope $0$ and an infinite one is at gates $a^{1/(1+s)}$ for $s \leq 1$. Descent ($s = 1$) is N2.2.

(f) In the setting of N1.3 with signSGD of rate $\alpha$ on $W_k$, the first step $n^*$ at which the slope ahead is not
positive satisfies $|n^* - m - \frac{1}{l}\sum_{j<m}r_j| < 1 + r_0/l$ for almost every phase, with $m = \lceil
r_0/\alpha|G|_1\rceil$, $r_j = r_0 - j\alpha|G|_1$: free of $\eta$. With a price $\rho < l$, $l-\rho$ and $r+\rho$
replace $l$ and $r$; with decoupled decay $\lambda$ in the open steps a pinned neuron gets free iff
$|G|_1 > \lambda\rho$. So the number of units gained has no bound such as the $2^{-n}$ of N1.2: for affine
losses all are.""",
    verdict=Verdict.HOLDS,
    proof=r"""(a) Induction: if both runs agree up to $t$, the gradients of $(V, W)$ are $\phi$ times the densities
and $U_t(\phi G_0, \ldots, \phi G_t) = U_t(G_0, \ldots, G_t)$. With $\epsilon$, numerator and root are $\phi$ times
those of the densities: divide by $\phi$. (b) At $\phi = 0$ the output does not contain neuron $k$. By induction $(V_t,
W_t)$ is right-continuous in $\phi$ and $\theta_t$ has a right derivative $R_t$ there, since it is a $C^1$ map of
$\theta_0$ and of the outputs $\phi y(V_s)W_s = \phi y(V_s^0)W_s^0 + o(\phi)$, $s < t$. Chain rule at $T$; domination.
signSGD moves $\theta$ by a locally constant amount. (c) $G_t$ and $\theta_t$ at $\phi = 0$ do not depend on $W_0$ if
$V_t$ does not: what is linear in $W_0$ has mean $0$. (d) By (a), with remainders Lipschitz in $\phi$ uniformly in
$\eta$, because the derivative of $m/(\sqrt{v}+\eta)$ is bounded by that of the first density. For $\eta = \infty$
nothing moves. (e) $w_t = w_0 - \phi^s\sum\alpha U(g) + o(\phi^s)$, and the term of order $\phi$ is linear in $W_0$. (f)
Each step at an open gate lowers $r$ by $\alpha|G|_1$, so that $m$ of them are needed; the steps below $k$ are counted
by the displacement, which is less than $l + r_0$ in units of $\eta$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="behind the shipped gate and on the density: all weights of all steps, optimisers of torch",
            check=kink.by_density,
            claim=kink.matched,
            wrong={"epsilon as it is": kink.same_epsilon, "descent along the density": kink.over_gate},
            given={
                "name": st.sampled_from(sorted(kink.FAMILIES)),
                "eps": st.sampled_from([TINY, 2.0**-6]),
                "part": strategies.fractions(2.0**-6),
                **GIVEN,
            },
            examples=14,
        ),
        Witness(
            name="slope at an integer, all weights trained by torch's optimisers, both signs of W_k",
            check=kink.at_integer_by,
            claim=kink.claimed,
            wrong={
                "factor a left": kink.silence,
                "no response": kink.no_response,
                "descent along the density": kink.along_density,
                "epsilon large": kink.with_epsilon(1.0),
                "V as under descent": kink.still_incoming,
                "one step more": lambda n, v, steps, old, fresh: kink.claimed(n, v, steps + 1, old, fresh),
            },
            given={**GIVEN, "rules": RULES},
            examples=8,
        ),
        Witness(
            name="slope across epsilon, at the gate a with epsilon = eta a",
            check=kink.across_epsilon,
            claim=kink.claimed,
            wrong={
                "as for 0": kink.with_epsilon(TINY),
                "silence": kink.silence,
                "epsilon as it is": kink.with_epsilon(kink.PART),
            },
            given={**GIVEN, "eta": st.sampled_from([0.125, 1.0, 8.0])},
            examples=5,
        ),
        Witness(
            name="MLP of real width under Adam with its usual epsilon",
            check=kink.by_mlp,
            claim=kink.claimed,
            wrong={
                "silence": kink.silence,
                "no response": kink.no_response,
                "descent along the density": kink.along_density,
            },
            given=GIVEN,
            examples=4,
        ),
        Witness(
            name="steps until an integer lets go, shipped gates, torch's signSGD, with a price",
            check=unpinning.lasts,
            claim=unpinning.both_sides,
            wrong={"gate always open": unpinning.open_alone, "as under descent": unpinning.of_descent},
            given={"seed": strategies.seeds(), "power": st.integers(3, 9)},
            examples=10,
        ),
    ),
    rates=kink.orders(),
    counterexamples=(
        Counterexample(
            text=r"""$W_0$ stays if $V$ moves. One input $1$, a ReLU unit with $V = 1$, target $1$, loss
$\frac{1}{2}(z-1)^2$, one step of signSGD of rate $1/4$: $G = -1$, $H = -W_0$. With $V$ still, $W_1 = W_0 + 1/4$, and
the slope $-W_1$ is $-1.25$ from $W_0 = 1$ and $0.75$ from $-1$: $-0.25$ on average. With $V_1 = 1 + W_0/4$ it is
$-V_1W_1 = -1.5625$ and $0.5625$: $-0.5$.""",
            numbers={
                "V still 1": -1.25,
                "V still -1": 0.75,
                "V too 1": -1.5625,
                "V too -1": 0.5625,
                "V still": -0.25,
                "V too": -0.5,
            },
            compute=one_step,
            tolerance=1e-5,
        ),
        Counterexample(
            text=r"""The limits do not commute. $\frac{1}{2}(aW-1)^2$, $W_0 = \pm 1$, one step of Adam of rate $1/4$
with $\epsilon = 10^{-6}$: $|G| = 1$ up to $O(a)$, and $(C_1(a)-C_1(0))/a = -\frac{1}{4}/(1+\epsilon/a)$ up to
$O(a)$. At $a = 10^{-4}$ it is $-0.247472$, at $10^{-6}$ $-0.125000$, at $10^{-8}$ $-0.002475$.""",
            numbers={"1e-4": -0.247472, "1e-6": -0.125, "1e-8": -0.002475},
            compute=lambda: {name: lone(float(name), with_eps(1e-6)) for name in ("1e-4", "1e-6", "1e-8")},
            tolerance=1e-6,
        ),
        Counterexample(
            text=r"""Decay. The same with $\epsilon = 0$ and decay $0.1$ at $a = 10^{-6}$. Inside the gradient,
$-a + 0.1W_0$ has the sign of $W_0$: $W_1 = \pm 0.75$, and the mean slope is $0.0000$. Decoupled, $W_1 = 0.975W_0 +
0.25$: slope $-0.2500$. With the penalty $0.1aW^2/2$ of L2(E) the sign is that of $-1 \pm 0.1$: $-0.2500$, too.""",
            numbers={"coupled": 0.0, "decoupled": -0.25, "in L2(E)": -0.25},
            compute=decayed,
            tolerance=1e-6,
        ),
        Counterexample(
            text=r"""Who gets free under decay. $G = -1$, $\lambda = 1/2$, $\alpha = 1/4$, price $\rho$, $W_0 = \rho -
1$: a slope of $1$ ahead, price included. After $j$ open steps it is $(7/8)^j(3 - \rho) - (2 - \rho)$. For $\rho = 1.5$
this is at most $0$ from $j = 9$ on. For $\rho = 2.5 > |G|/\lambda = 2$ it stays above $1/2$.""",
            numbers={"open steps at price 1.5": 9, "free at price 2.5": 0},
            compute=unpinning.decayed_lifetimes,
        ),
        Counterexample(
            text=r"""Domination can fail. Output $\theta + \phi W$, training target $1$, validation target $0$, two
steps of signSGD of rate $1/4$ on both, $\theta_0$ uniform on $[5/8, 7/8]$, $W_0 = \pm 1$. $\theta_2 = \theta_0 +
\frac{1}{2}$ below the threshold $\frac{3}{4} - \phi(W_0 + \frac{1}{4})$, and $\theta_0$ above. The mean of
$\theta_2W_2$ is $19/64 = 0.296875$. The threshold moves with the mean speed $-\frac{1}{4}$ over a jump of
$\frac{25}{32} - \frac{9}{32}$ at density $4$, which adds $-\frac{1}{2}$: $C_2$ has the slope $-13/64 =
-0.203125$.""",
            numbers={"mean of the slopes": 0.296875, "slope of the mean": -0.203125},
            compute=moving_threshold,
            tolerance=1e-5,
        ),
    ),
    references=(
        "D. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015 (the scale of gradients cancels)",
        "J. Bernstein, Y.-X. Wang, K. Azizzadenesheli, A. Anandkumar, signSGD: compressed optimisation for non-convex "
        "problems, ICML 2018",
        "J. Chen, D. Zhou, Y. Tang, Z. Yang, Y. Cao, Q. Gu, Closing the generalization gap of adaptive gradient "
        "methods in training deep neural networks, IJCAI 2020 (optimisers between the degrees 0 and 1)",
    ),
    covers=("continuum.widths.interval", "continuum.widths.power", "continuum.nn.mlp"),
    document="n2_6_scale_free.md",
)
