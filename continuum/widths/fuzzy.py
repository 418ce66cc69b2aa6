"""The fuzzy law: the hidden layer is a fuzzy set of units, and its width is the sum of their grades."""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from continuum import checks
from continuum.errors import BadInput
from continuum.widths import sampling
from continuum.widths.interval import SIDES, Side
from continuum.widths.power import power
from continuum.widths.simplex import project
from continuum.widths.width import Width, within

Mode = Literal["scale", "bernoulli", "systematic", "comonotone"]
#: What gates are while a law trains: grades, or samples in three couplings.
MODES: tuple[Mode, ...] = ("scale", "bernoulli", "systematic", "comonotone")


class Fuzzy(Width):
    r"""Grades of membership :math:`g \in [0,1]^N` that share out a real cardinality c.

    The grades are the projection of free scores p on the constraint,

    .. math:: g = \arg\min_{0 \le g \le 1,\ \sum_i g_i = c} |g - p|^2 = \mathrm{clip}(p - \tau, 0, 1),

    so that any optimiser may move p (and c). A unit whose score lies outside :math:`[\tau, \tau + 1]` has a crisp
    grade and gets no gradient until :math:`\tau` comes to it. NaN in p or c turns the gates of its row into NaN.

    In ``mode="scale"`` the gates are :math:`g_i^p`. In the other modes they are 0 or 1 while training, on with
    probability g: independently (``"bernoulli"``); with exactly :math:`\lfloor c\rfloor` or :math:`\lceil c\rceil`
    units on (``"systematic"``); or by one common threshold (``"comonotone"``, the fuzzy vector space). After
    ``eval()`` they are the grades.

    Sampled gates pass the gradient of their grades straight through: for independent ones its mean is the exact
    gradient of :math:`E L(m)` if the loss is affine in each gate, and off by :math:`c_i^2 (2 g_i - 1)` for
    :math:`L = (\sum_i c_i m_i)^2`. With ``straight_through=False`` they are constants, for score-function estimators.

    Args:
        units: number N of allocated units.
        cardinality: c in [0, N], a number or a tensor of any batch shape, in units.
        grades: grades to start from, (*batch, units), which sum to c; by default c / N each.
        mode: ``"scale"``, ``"bernoulli"``, ``"systematic"`` or ``"comonotone"``.
        exponent: p > 0; 1/2 with Euclidean weight decay makes c the k of a k-support norm. Other than 1 only in
            ``mode="scale"``.
        straight_through: whether sampled gates have a gradient.
        learnable: register c as a parameter (else as a buffer); the scores, which share it out, are one anyhow.
        side: one-sided derivative in c that autograd gets where all grades are crisp.

    References: W. Guss, "Towards a Continuous Hyperparameter Representation for Neural Networks", draft, 2017,
    section 1.7; R. Lubczonok, "Fuzzy vector spaces", Fuzzy Sets and Systems 38, 1990.

    >>> width = Fuzzy(units=4, cardinality=2.5)
    >>> width.gates()
    tensor([0.6250, 0.6250, 0.6250, 0.6250], grad_fn=<HardtanhBackward0>)
    >>> int(Fuzzy(units=4, cardinality=2.0, mode="systematic").gates().sum())
    2
    """

    scores: Tensor
    total: Tensor

    def __init__(
        self,
        units: int,
        cardinality: float | Float[Tensor, "*batch"],
        grades: Float[Tensor, "*batch units"] | None = None,
        *,
        mode: Mode = "scale",
        exponent: float = 1.0,
        straight_through: bool = True,
        learnable: bool = False,
        side: Side = "right",
    ) -> None:
        super().__init__(units)
        checks.one_of("mode", mode, MODES, plural="modes")
        checks.one_of("side", side, SIDES, plural="sides")
        self.mode, self.side, self.straight_through = mode, side, straight_through
        self.exponent = _exponent(exponent, mode)
        total = _cardinality(cardinality, units, None if grades is None else grades.dtype)
        if grades is None:
            grades = (total / units).unsqueeze(-1).expand(*total.shape, units)
        total = total.expand(grades.shape[:-1]).clone() if total.dim() == 0 else total
        self.scores = nn.Parameter(_grades(grades, total, units).detach().clone())
        self._hold("total", total, learnable=learnable)

    def grades(self) -> Float[Tensor, "*batch units"]:
        """g: the scores, projected on the grades of sum c."""
        return project(self.scores, self.total, self.side)

    def gates(self, generator: torch.Generator | None = None) -> Float[Tensor, "*batch units"]:
        """Grades to the power p, or a sample of on-off gates while training in a mode that samples."""
        grades = self.grades()
        if self.mode == "scale" or not self.training:
            return power(grades, self.exponent)
        if self.mode == "systematic":
            sample = sampling.systematic(grades, self.total, generator=generator)
        else:
            sample = getattr(sampling, self.mode)(grades, generator)
        return sampling.straight_through(sample, grades) if self.straight_through else sample.detach()

    def expected_gates(self) -> Float[Tensor, "*batch units"]:
        """Mean of the gates: what :meth:`gates` gives after ``eval()``."""
        return power(self.grades(), self.exponent)

    def dimension(self) -> Float[Tensor, "*batch"]:
        r"""Dimension of the fuzzy vector space with this basis: :math:`\int_0^1 \dim_\alpha d\alpha = \sum_i g_i`."""
        return self.grades().sum(-1)

    def cut_dimension(self, level: float) -> Int[Tensor, "*batch"]:
        r"""Number of units of grade at least ``level`` in (0, 1]: dimension of the crisp space that this cut spans."""
        if not 0 < level <= 1:
            raise BadInput("level", expected="a number in (0, 1]", came=level, remedy="the cut at 0 is the whole space")
        return (self.grades() >= level).sum(-1)

    @torch.no_grad()
    def set_cardinality(self, cardinality: float | Float[Tensor, "*batch"]) -> None:
        """Move the constraint to another c in [0, N]; the scores stay, and the grades are projected anew."""
        self.total.copy_(_cardinality(cardinality, self.units, self.total.dtype))

    def extra_repr(self) -> str:
        return f"units={self.units}, mode={self.mode!r}, exponent={self.exponent:g}, side={self.side!r}"


def _exponent(exponent: float, mode: Mode) -> float:
    if mode != "scale" and exponent != 1:
        raise BadInput(
            "exponent", expected=f"1 in mode {mode!r}", came=exponent, remedy='use mode="scale" for powers of grades'
        )
    return checks.positive("exponent", exponent, remedy="1 leaves the grades as they are")


def _cardinality(cardinality: float | Tensor, units: int, dtype: torch.dtype | None) -> Tensor:
    value = torch.as_tensor(cardinality).detach()
    if dtype is None:
        dtype = (
            value.dtype if isinstance(cardinality, Tensor) and value.is_floating_point() else torch.get_default_dtype()
        )
    within("cardinality", value, units, remedy="lower it or allocate more units")
    return value.to(dtype, copy=True)


def _grades(grades: Tensor, total: Tensor, units: int) -> Tensor:
    """Return grades that fit the total, else raise."""
    if grades.shape != (*total.shape, units):
        raise BadInput(
            "grades",
            expected=f"shape {(*total.shape, units)}",
            came=tuple(grades.shape),
            remedy="give one grade per unit and one cardinality per row",
        )
    inside = (grades >= 0) & (grades <= 1)  # False for NaN
    if not bool(inside.all()):
        came = grades[~inside][0].item()
        raise BadInput("grades", expected="numbers in [0, 1]", came=came, remedy="project them first")
    off = (grades.sum(-1) - total).abs()
    if bool((off > units * 8 * torch.finfo(grades.dtype).eps).any()):
        raise BadInput(
            "grades",
            expected=f"a sum of {total.flatten()[off.argmax()].item():g}, the cardinality",
            came=grades.sum(-1).flatten()[off.argmax()].item(),
            remedy="give grades.sum(-1) as the cardinality, or project the grades first",
        )
    return grades
