"""The engine's losses against torch's, and their gradients against autograd's."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.testing import assert_close

from continuum.ensemble.losses import loss_for

CLOSE = {"rtol": 1e-13, "atol": 1e-14}


def example(kind: str) -> tuple[Tensor, Tensor]:
    """Logits of 2 streams, 3 members, 4 outputs on 5 rows of data, and targets."""
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64) * 3
    if kind == "regression":
        return logits, torch.randn(2, 1, 4, 5, generator=generator, dtype=torch.float64)
    labels = torch.randint(4, (2, 1, 5), generator=generator)
    return logits, functional.one_hot(labels, 4).double().transpose(2, 3)


def expected(kind: str, logits: Tensor, target: Tensor) -> Tensor:
    """Loss of every row, by torch."""
    if kind == "regression":
        return (logits - target).square().sum(2) / 2
    return -(logits.log_softmax(2) * target).sum(2)


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_residual_is_the_gradient(kind: str) -> None:
    logits, target = example(kind)
    z = logits.clone().requires_grad_()
    expected(kind, z, target).sum().backward()
    out = torch.empty_like(logits)
    assert loss_for(kind).residual(logits, target, out) is out
    assert_close(out, z.grad, **CLOSE)


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_measure_is_the_loss_and_the_score_of_every_row(kind: str) -> None:
    logits, target = example(kind)
    loss, score = loss_for(kind).measure(logits.clone(), target)
    assert_close(loss, expected(kind, logits, target), **CLOSE)
    if kind == "regression":
        assert_close(score, (logits - target).square().sum(2), **CLOSE)
    else:
        assert_close(score, (logits.argmax(2) == target.argmax(2)).double(), rtol=0, atol=0)
        assert 0 < score.mean() < 1


def test_large_logits_do_not_overflow() -> None:
    logits = torch.tensor([1000.0, 0.0])[None, None, :, None]
    loss, hit = loss_for("classification").measure(logits.clone(), torch.tensor([0.0, 1.0])[None, None, :, None])
    assert (loss.item(), hit.item()) == (1000.0, 0.0)


def test_ties_go_to_the_first_class() -> None:
    """On the columns: all tied; the last two tied; a tie below the largest; the first and the last tied."""
    columns = torch.tensor([[0.0, 0, 0], [-1, 1, 1], [0, 0, 2], [3, 1, 3]]).T
    logits = columns[None, None].contiguous()
    for label, hits in enumerate([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]]):
        target = torch.zeros(1, 1, 3, 4)
        target[:, :, label] = 1
        assert loss_for("classification").measure(logits.clone(), target)[1].flatten().tolist() == hits
