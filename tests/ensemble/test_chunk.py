"""A rectangle of members packed together: its passes against autograd, its decay, its growth, its best weights."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.arithmetic import engine_arithmetic
from continuum.ensemble import Member, Settings
from continuum.ensemble.chunk import Chunk
from continuum.ensemble.parts import Parts
from continuum.ensemble.state import newborn
from tests.ensemble.samples import stream

CLOSE = {"rtol": 1e-11, "atol": 1e-13}
SETTINGS = Settings(units=(8, 8), dtype=torch.float64, optimizer="sgd", momentum=0.0)
WIDTHS = ((2.5, 8.0), (4.0, 1.25), (8.0, 3.0))


def packed(settings: Settings = SETTINGS, kind: str = "classification", **options: float) -> tuple[Chunk, Parts]:
    """Three members on each of two streams, all with 8 rows where they learn."""
    streams = [stream(kind, 0), stream(kind, 1)]
    parts = Parts(streams, settings)
    states = [
        [newborn(3 * s + p, Member(g, stream=s, init=p, **options), settings, 5, streams[0].outputs) for p, g in places]
        for s, places in ((s, sorted(enumerate(WIDTHS), key=lambda place: -place[1][0])) for s in range(2))
    ]
    with engine_arithmetic():
        return Chunk(states, parts.stack("train", [0, 1]), kind, settings), parts


def mean_loss(chunk: Chunk, number: int, weights: list[tuple[Tensor, Tensor]], gates: list[Tensor]) -> Tensor:
    """Loss of one network over a whole part, written down plainly."""
    state = chunk.states[number]
    data = stream("classification", state.member.stream).validation
    h = torch.as_tensor(data.x)
    for layer, (weight, bias) in enumerate(weights):
        h = h @ weight.T + bias if layer == 0 else (torch.tanh(h) * gates[layer - 1]) @ weight + bias
    return torch.nn.functional.cross_entropy(h, torch.as_tensor(data.y))


def test_measure_and_gate_gradients_are_those_of_the_plain_network() -> None:
    chunk, parts = packed()
    with engine_arithmetic():
        data = parts.stack("validation", [0, 1])
        losses, _ = chunk.measure(data)
        gradients = chunk.gate_gradients(data)
    for number, state in enumerate(chunk.unpack("weights")):
        position = number % 3
        gates = [g.law.gates()[number].detach()[:rows] for g, rows in zip(chunk.gatings, state.rows, strict=True)]
        gates = [gate.requires_grad_() for gate in gates]
        loss = mean_loss(chunk, number, state.slots["weights"], gates)
        loss.backward()
        assert_close(losses[number], loss.detach(), **CLOSE)
        for layer, gate in enumerate(gates):
            start = chunk.layout.starts[layer][position]
            rows = gradients[layer][number // 3, start : start + len(gate)]
            assert_close(rows, gate.grad, **CLOSE)


def test_gradients_add_up_over_blocks_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    chunk, parts = packed()
    small, _ = packed()
    with engine_arithmetic():
        data = parts.stack("validation", [0, 1])
        loss, score = chunk.measure(data)
        gradients = chunk.gate_gradients(data)
        monkeypatch.setattr("continuum.ensemble.chunk.EVALUATED_COLUMNS", 16)  # 70 rows: the fifth block is short
        assert_close(small.measure(data)[0], loss, **CLOSE)
        assert_close(small.measure(data)[1], score, **CLOSE)
        for a, b in zip(small.gate_gradients(data), gradients, strict=True):
            assert_close(a, b, **CLOSE)


def test_a_step_of_plain_descent_follows_the_gradient() -> None:
    """Weights by lr and gamma by gamma_lr times the gradient of the mean over the real columns, halved."""
    chunk, _ = packed(lr=0.1, gamma_lr=0.2)
    before = chunk.unpack("weights")
    index = torch.arange(8).repeat(2, 1) + torch.tensor([[0], [150]])
    index = torch.nn.functional.pad(index, (0, 24))  # the batch has 32 columns, of which 8 are real
    with engine_arithmetic():
        chunk.step(index, used=8, factor=0.5)
    for old, new in zip(before, chunk.unpack("weights"), strict=True):
        weights = [(w.clone().requires_grad_(), b.clone().requires_grad_()) for w, b in old.slots["weights"]]
        gamma = old.gamma_slots["gamma"].clone().requires_grad_()
        data = stream("classification", old.member.stream).train
        h = torch.as_tensor(data.x[:8])
        for layer, (w, b) in enumerate(weights):
            if layer:
                law = SETTINGS.width(8, gamma[layer - 1].detach())
                gates = torch.func.functional_call(law, {"gamma": gamma[layer - 1]}, ())
                h = (torch.tanh(h) * gates[: old.rows[layer - 1]]) @ w + b
            else:
                h = h @ w.T + b
        torch.nn.functional.cross_entropy(h, torch.as_tensor(data.y[:8])).backward()
        for (w, b), (new_w, new_b) in zip(weights, new.slots["weights"], strict=True):
            assert_close(new_w, (w - 0.05 * w.grad).detach(), **CLOSE)
            assert_close(new_b, (b - 0.05 * b.grad).detach(), **CLOSE)
        assert_close(new.gamma_slots["gamma"], (gamma - 0.1 * gamma.grad).detach().clamp(0, 8), **CLOSE)


def test_learning_rates_may_differ_by_member_and_layer() -> None:
    """By SGD, the maximal-update parametrisation has lr c'/c0 in the first layer and lr c0/c in the output."""
    assert packed(lr=0.1)[0].optimizer.lr == 0.1
    chunk, _ = packed(Settings(units=(8, 8), optimizer="sgd", scaling="mup"), lr=0.1)
    for pairs, state in zip(chunk.layout.split(chunk.optimizer.lr), chunk.states, strict=True):
        first, second = state.member.gamma
        lr = [0.1 * factor for factor in (first / 16, first / 16, 1, second / 16, 16 / second, 1)]
        assert [values.unique().item() for pair in pairs for values in pair] == pytest.approx(lr)


def test_decay_is_on_weights_between_units_that_are_on() -> None:
    chunk, _ = packed(weight_decay=0.25)
    for state, pairs in zip(chunk.states, chunk.layout.split(chunk.optimizer.decay), strict=True):
        on = [(torch.arange(rows) < g).double() for g, rows in zip(state.member.gamma, state.rows, strict=True)]
        expected = [
            on[0].unsqueeze(1).expand(-1, 5),
            on[0].unsqueeze(1) * on[1],
            on[1].unsqueeze(1).expand(-1, 3),
        ]
        for (weight, bias), mask in zip(pairs, expected, strict=True):
            assert_close(weight, 0.25 * mask, rtol=0, atol=0)
            assert (bias == 0).all()


def test_without_decay_there_is_none() -> None:
    assert packed()[0].optimizer.decay is None


def test_a_width_that_reaches_a_unit_without_a_row_has_outgrown() -> None:
    chunk, _ = packed(gamma_lr=0.1)
    assert not chunk.outgrown()
    (place,) = [i for i, state in enumerate(chunk.states) if state.number == 0]
    assert chunk.states[place].rows == (4, 8)
    chunk.gamma[0, place] = 3.99
    assert not chunk.outgrown()
    chunk.gamma[0, place] = 4.0
    assert chunk.outgrown()
    chunk.learns = False
    assert not chunk.outgrown()


@pytest.mark.parametrize("better", [[True] * 6, [True, False, True, False, False, False], [False] * 6])
def test_the_best_are_kept_member_by_member(better: list[bool]) -> None:
    chunk, _ = packed()
    chunk.flat += 1.0
    chunk.gamma.clamp_(max=1.0)
    chunk.keep_best(torch.tensor(better))
    for state, old, is_better in zip(chunk.unpack(), chunk.states, better, strict=True):
        expected = state.slots["weights"] if is_better else old.slots["weights"]
        for (w, b), (best_w, best_b) in zip(expected, state.slots["best"], strict=True):
            assert_close(best_w, w, rtol=0, atol=0)
            assert_close(best_b, b, rtol=0, atol=0)
        width = state.gamma_slots["gamma"] if is_better else old.gamma_slots["gamma"]
        assert_close(state.gamma_slots["best"], width, rtol=0, atol=0)


def test_members_with_a_number_that_is_not_finite_are_told() -> None:
    chunk, _ = packed()
    assert chunk.finite().tolist() == [True] * 6
    chunk.layout.split(chunk.flat)[4][1][1][0] = float("inf")
    chunk.gamma[1, 2] = float("nan")
    assert chunk.finite().tolist() == [True, True, False, True, False, True]


def test_unpacked_and_packed_again_is_the_same() -> None:
    settings = Settings(units=(8, 8), dtype=torch.float64)
    chunk, parts = packed(settings, lr=0.1, gamma_lr=0.2)
    train = parts.stack("train", [0, 1])
    index = torch.arange(32).repeat(2, 1) + torch.tensor([[0], [150]])
    with engine_arithmetic():
        chunk.step(index, 32, 1.0)
        states = chunk.unpack()
        again = Chunk([states[:3], states[3:]], train, "classification", settings, steps=1)
        for one in (chunk, again):
            one.step(index, 32, 1.0)
    assert_close(again.flat, chunk.flat, rtol=0, atol=0)
    assert_close(again.gamma, chunk.gamma, rtol=0, atol=0)
    assert list(states[0].slots) == ["weights", "best", "exp_avg", "exp_avg_sq"]
    assert list(states[0].gamma_slots) == ["gamma", "best", "exp_avg", "exp_avg_sq"]
    assert list(chunk.unpack("best")[0].slots) == ["best"]
