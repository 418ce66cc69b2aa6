"""A distribution over widths, learned in one run, as a way to choose a network."""

from typing import ClassVar

from continuum.search.learned.search import Arm, OneRun


class Concrete(OneRun):
    """The width is sampled, ever colder, from a distribution that is learned; its mean is paid for.

    Reference: C. Maddison, A. Mnih, Y. W. Teh, "The Concrete Distribution", 2017.
    """

    name: ClassVar[str] = "concrete"
    method: ClassVar[str] = "concrete"
    arms = (
        Arm(0.01, retrained=(0.01, 0.03, 0.003)),
        Arm(0.01, factor=4.0, retrained=(0.01, 0.03, 0.003)),
        Arm(0.03, retrained=(0.01, 0.03, 0.003)),
    )
