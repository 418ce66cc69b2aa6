"""Joint gradient descent in the weights and the real width, from below and from above."""

from typing import ClassVar

from continuum.search.learned.search import Arm, OneRun


class IntervalGradient(OneRun):
    r"""Gates :math:`\mathrm{clip}(\gamma - i, 0, 1)`, gamma by the gradient of the training loss plus its price.

    The slope at gamma is that of the one unit on the edge, so where a run ends depends on where it starts: runs start
    from below and from above by turns.
    """

    name: ClassVar[str] = "interval_gradient"
    method: ClassVar[str] = "interval"
    arms = (
        Arm(0.01, start=2.0, retrained=(0.01,)),
        Arm(0.01, start=32.0, retrained=(0.01,)),
        Arm(0.01, start=2.0, factor=4.0, retrained=(0.03, 0.01, 0.003)),
        Arm(0.01, start=32.0, factor=4.0, retrained=(0.03, 0.01, 0.003)),
    )
