"""What methods answer with: the outcome of a batch, and the refusal of what is no answer."""

import pytest
import torch

from continuum.errors import BadInput
from continuum.hypergrad import Hypergradient, Outcome
from continuum.hypergrad.result import Cost


def ended(*outcomes: Outcome) -> Hypergradient:
    value = torch.ones(len(outcomes))
    return Hypergradient(value, 2 * value, value, Cost(), torch.tensor([int(outcome) for outcome in outcomes]))


@pytest.mark.parametrize("worst", Outcome)
def test_the_outcome_of_a_batch_is_the_worst(worst):
    assert ended(Outcome.SOLVED, worst, Outcome.SOLVED).outcome is worst


@pytest.mark.parametrize(
    ("failed", "remedy"), [(Outcome.DIVERGED, "take an lr below"), (Outcome.NEGATIVE_CURVATURE, "a strict minimum")]
)
def test_a_batch_with_a_failure_is_refused_with_the_remedy(failed, remedy):
    with pytest.raises(BadInput, match=f"got {failed.name}.*{remedy}"):
        ended(Outcome.SOLVED, failed).checked()


def test_an_approximation_is_an_answer():
    result = ended(Outcome.SOLVED, Outcome.TRUNCATED)
    assert result.checked() is result
    assert result.total.tolist() == [3, 3]
