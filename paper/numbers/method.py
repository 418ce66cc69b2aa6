"""Defaults of the learner that the text names."""

from collections.abc import Iterator

from continuum.learn.settings import DEFAULT_PRICE, LearnConfig
from paper.number import Number
from paper.results import Results


def numbers(results: Results) -> Iterator[Number]:
    """Price and decay, as shipped."""
    source = "continuum/learn/settings.py"
    yield Number("methodPrice", f"{DEFAULT_PRICE:g}", f"{source}, DEFAULT_PRICE")
    yield Number("methodDecay", f"{LearnConfig().decay:g}", f"{source}, LearnConfig.decay")
