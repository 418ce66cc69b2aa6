"""To scale the rows of a weight matrix is to scale the preactivations."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.nn import HyperLinear, row_scaled
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness

SIZE, ROWS = 3, 4  # as many inputs as outputs, so that wrong axes fit
Formula = Callable[[HyperLinear, Tensor, Tensor], Tensor]


def derive() -> list[Derivation]:
    """Entry by entry, as sums over the inputs, for any sizes; and written out for two rows of three."""
    row, column, inputs = sp.symbols("r c n", integer=True, positive=True)
    scale, weight, x = sp.IndexedBase("s"), sp.IndexedBase("W"), sp.IndexedBase("x")
    plain = sp.Sum(weight[row, column] * x[column], (column, 1, inputs))
    by_row = Derivation(
        "row r of the scaled weights", sp.Sum(scale[row] * weight[row, column] * x[column], plain.limits[0])
    )
    by_row = by_row.apply(
        lambda e: sp.factor_terms(e), scale[row] * plain, "s_r is free of the index that is summed over"
    )

    weights = sp.Matrix(2, 3, sp.symbols("W_11 W_12 W_13 W_21 W_22 W_23"))
    vector, scales = sp.Matrix(sp.symbols("x_1 x_2 x_3")), sp.Matrix(sp.symbols("s_1 s_2"))
    built = Derivation("weights built", sp.diag(*scales) * weights * vector)
    built = built.rewrite(sp.matrix_multiply_elementwise(scales, weights * vector), "diag(s) W x = s * (W x)")
    columns = weights * sp.diag(scales[0], scales[1], scales[0]) * vector
    return [
        by_row.claims(scale[row] * plain, {"column": scale[column] * plain, "no scale": plain}),
        built.claims(sp.matrix_multiply_elementwise(scales, weights * vector), {"columns": columns}),
    ]


def weight_form(layer: HyperLinear, x: Tensor, change: Tensor) -> Tensor:
    """(W + (V lambda) row-times W') x + b + (C lambda) b', example by example, with the weights built."""
    scale, shift = change @ layer.weight_scale.mT, change @ layer.bias_scale.mT
    weight = layer.weight + scale.unsqueeze(-1) * layer.weight_direction
    return torch.einsum("...oi,...i->...o", weight, x) + layer.bias + shift * layer.bias_direction


def columns_scaled(layer: HyperLinear, x: Tensor, change: Tensor) -> Tensor:
    """Scales along the inputs."""
    scale, shift = change @ layer.weight_scale.mT, change @ layer.bias_scale.mT
    weight = layer.weight + scale.unsqueeze(-2) * layer.weight_direction
    return torch.einsum("...oi,...i->...o", weight, x) + layer.bias + shift * layer.bias_direction


def one_scale(layer: HyperLinear, x: Tensor, change: Tensor) -> Tensor:
    """The bias moves with the scale of the weights."""
    wrong = change @ (layer.weight_scale - layer.bias_scale).mT
    return weight_form(layer, x, change) + wrong * layer.bias_direction


def all_scaled(layer: HyperLinear, x: Tensor, change: Tensor) -> Tensor:
    """The elementary weights are scaled, too."""
    return weight_form(layer, x, change) + (change @ layer.weight_scale.mT) * (x @ layer.weight.mT)


def first_for_all(layer: HyperLinear, x: Tensor, change: Tensor) -> Tensor:
    """All examples under the hyperparameters of the first."""
    return weight_form(layer, x, change[:1].expand_as(change))


def filled(hyperparameters: int, numbers: Tensor) -> HyperLinear:
    """A layer with drawn parameters."""
    layer = HyperLinear(SIZE, SIZE, hyperparameters).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            values, numbers = numbers[: parameter.numel()], numbers[parameter.numel() :]
            parameter.copy_(values.reshape(parameter.shape))
    return layer


def by_layer(formula: Formula, hyperparameters: int, numbers: Tensor, x: Tensor, changes: Tensor) -> None:
    """The shipped layer, with one change for each example; and the shipped response, as a function of pytrees."""
    layer, change = filled(hyperparameters, numbers), changes[:, :hyperparameters]
    expected = formula(layer, x, change)
    assert_close(layer(x, change), expected, rtol=1e-12, atol=1e-12)
    one, moved = layer(x[0], change[0]), row_scaled(layer.slopes(), change[0])
    weight, bias = (layer.plain()[name] + moved[name] for name in ("weight", "bias"))
    assert_close(weight @ x[0] + bias, expected[0], rtol=1e-12, atol=1e-12)
    assert_close(one, expected[0], rtol=1e-12, atol=1e-12)
    shared = layer(x, change[0])
    assert_close(shared, formula(layer, x, change[:1].expand_as(change)), rtol=1e-12, atol=1e-12)


IDENTITY = Identity(
    id="C07",
    title="row scaling of weights is scaling of preactivations",
    source="STN",
    place="slides on the compact best-response approximation",
    printed=r"""$\hat{W}_\phi(\lambda) = W_{elem} + (V\lambda)\odot_{row} W_{hyper}$, and $\hat{W}_\phi(\lambda)x +
\hat{B}_\phi(\lambda) = [W_{elem}x + b_{elem}] + [(V\lambda)\odot_{row}(W_{hyper}x) + (C\lambda\odot b_{hyper})]$""",
    precise=r"""For $W \in \mathbb{R}^{m\times n}$, $s \in \mathbb{R}^m$ and $x \in \mathbb{R}^n$:
$(s\odot_{row}W)x = s\odot(Wx)$ with $(s\odot_{row}W)_{rc} = s_r W_{rc}$. So both printed forms agree ($\odot_{row}$
on the vector $W_{hyper}x$ is the plain product), and each example may have its own $\lambda$. Scaling columns,
$W(s\odot x)$, is another thing. (The code on the slide uses self.n_scalars, which it never sets; out_dim is meant,
and hparam_tensor must have one row for each example.)""",
    verdict=Verdict.HOLDS,
    proof=r"""$\sum_c s_r W_{rc}x_c = s_r\sum_c W_{rc}x_c$: $s_r$ does not depend on $c$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="layer and response against built weights",
            check=by_layer,
            claim=weight_form,
            wrong={
                "columns scaled": columns_scaled,
                "one scale for weights and bias": one_scale,
                "elementary weights scaled, too": all_scaled,
                "the first example's change for all": first_for_all,
            },
            given={
                "hyperparameters": st.integers(1, 2),
                "numbers": strategies.tensors(4 * SIZE * SIZE + 2 * SIZE),
                "x": strategies.tensors(ROWS, SIZE),
                "changes": strategies.tensors(ROWS, 2),
            },
        ),
    ),
    references=("M. MacKay, P. Vicol, J. Lorraine, D. Duvenaud, R. Grosse, Self-Tuning Networks, ICLR 2019",),
    covers=("continuum.nn.hyperlinear",),
)
