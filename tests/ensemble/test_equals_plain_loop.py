"""The contract of the engine: every member equals a plain PyTorch loop over it, to 1e-10 in float64.

After 50 steps in the first case, after 20 in the others, which differ from it in one respect each.
"""

import dataclasses
from functools import cache

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.testing import assert_close

from benchmarks.plain_loop import PlainRun, plain_loop, tensors
from continuum.compiled import compiled
from continuum.ensemble import Member, Settings, Stream, TrainedEnsemble, train
from continuum.nn import Gate
from continuum.widths import expresses
from tests.ensemble.samples import needs_compiler, stream

TOLERANCE = {"rtol": 0.0, "atol": 1e-10}


def members(depth: int = 1, **options: float) -> list[Member]:
    """Widths below, at, beside and above integers, on two streams, with two initialisations."""
    gammas = [0.0, 0.5, 1.0, 2.25, 3.0, 4.0 - 1 / 64, 5.5, 8.0]
    picked = [(g, *((gammas[(3 * i + 1) % 8],) * (depth - 1))) for i, g in enumerate(gammas)]
    return [Member(g, stream=s, init=10 + s, **options) for s in range(2) for g in picked]


# 4 epochs of 5 batches = 20 steps.
BASE = Settings(units=8, batch=32, epochs=4, dtype=torch.float64, activation="tanh")
CASES: dict[str, tuple[Settings, dict[str, float], str]] = {
    "tanh": (dataclasses.replace(BASE, epochs=10), {}, "classification"),
    "relu": (dataclasses.replace(BASE, activation="relu"), {}, "classification"),
    "gelu": (dataclasses.replace(BASE, activation="gelu"), {}, "classification"),
    "regression": (BASE, {}, "regression"),
    "sgd": (dataclasses.replace(BASE, optimizer="sgd"), {"lr": 0.05}, "classification"),
    "sgd without momentum": (dataclasses.replace(BASE, optimizer="sgd", momentum=0.0), {"lr": 0.1}, "regression"),
    "coupled decay": (BASE, {"weight_decay": 0.03}, "classification"),
    "sgd decay": (dataclasses.replace(BASE, optimizer="sgd"), {"lr": 0.05, "weight_decay": 0.03}, "classification"),
    "adamw": (dataclasses.replace(BASE, optimizer="adamw"), {"weight_decay": 0.3}, "classification"),
    "cosine": (dataclasses.replace(BASE, schedule="cosine"), {}, "regression"),
    "two layers": (dataclasses.replace(BASE, units=(8, 8)), {"depth": 2, "weight_decay": 0.01}, "classification"),
    "three layers, relu": (dataclasses.replace(BASE, units=(8, 8, 8), activation="relu"), {"depth": 3}, "regression"),
    "mup": (dataclasses.replace(BASE, units=(8, 8), scaling="mup"), {"depth": 2}, "classification"),
    "mup, sgd": (dataclasses.replace(BASE, units=(8, 8), scaling="mup", optimizer="sgd"), {"depth": 2}, "regression"),
    "ntk": (dataclasses.replace(BASE, units=(8, 8), scaling="ntk"), {"depth": 2, "lr": 0.1}, "classification"),
    "exponent 2": (dataclasses.replace(BASE, exponent=2.0), {}, "classification"),
    "exponent 1/2": (dataclasses.replace(BASE, exponent=0.5), {}, "classification"),
    "learnable gamma": (BASE, {"gamma_lr": 0.1}, "classification"),
    "learnable gamma, sgd": (
        dataclasses.replace(BASE, optimizer="sgd", epochs=10),
        {"gamma_lr": 2.0, "lr": 0.05, "weight_decay": 0.01},
        "regression",
    ),
    "learnable gammas, decay": (
        dataclasses.replace(BASE, units=(8, 8), optimizer="adamw"),
        {"depth": 2, "gamma_lr": 0.2, "weight_decay": 0.1},
        "regression",
    ),
    "soft support": (
        dataclasses.replace(BASE, law="soft_support", kappa=3.0),
        {"weight_decay": 0.01},
        "classification",
    ),
    "fuzzy": (dataclasses.replace(BASE, law="fuzzy"), {}, "regression"),
    "concrete, two layers": (dataclasses.replace(BASE, law="concrete", units=(8, 8)), {"depth": 2}, "classification"),
    "patience": (dataclasses.replace(BASE, patience=1, epochs=10), {"lr": 0.2}, "classification"),
    "one batch": (dataclasses.replace(BASE, batch=1000, epochs=20), {}, "classification"),
}


def assert_equal(trained: TrainedEnsemble, number: int, plain: PlainRun) -> None:
    """Weights, widths, curves and the choice of the best epoch."""
    assert trained.outcome[number] == plain.outcome
    curves = trained.validation_loss[:, number], trained.validation_score[:, number]
    for curve, expected in zip(curves, (plain.validation_loss, plain.validation_score), strict=True):
        assert_allclose(curve[: len(expected)], expected, equal_nan=False, **TOLERANCE)
        assert np.isnan(curve[len(expected) :]).all()
    assert trained.best_epoch[number] == plain.best_epoch
    plain.network.load_state_dict(plain.best)
    engine = [m for m in trained.network(number) if isinstance(m, torch.nn.Linear)]
    oracle = [m for m in plain.network if isinstance(m, torch.nn.Linear)]
    for a, b in zip(engine, oracle, strict=True):
        assert_close(a.weight, b.weight[: a.out_features, : a.in_features], **TOLERANCE)
        assert_close(a.bias, b.bias[: a.out_features], **TOLERANCE)
    widths = torch.stack([m.width.gamma.detach() for m in plain.network if isinstance(m, Gate)])
    assert_close(torch.from_numpy(trained.gamma[number]), widths, **TOLERANCE)


def ensemble(case: str) -> tuple[list[Stream], list[Member], Settings]:
    """Streams, members and settings of a case."""
    settings, options, kind = CASES[case]
    group = members(int(options.get("depth", 1)), **{k: v for k, v in options.items() if k != "depth"})
    group = [m for m in group if all(expresses(settings.law, 8, g) for g in m.gamma)]
    return [stream(kind, 0), stream(kind, 1)], group, settings


@cache
def trained_on(case: str) -> TrainedEnsemble:
    return train(*ensemble(case))


@pytest.mark.parametrize("case", CASES)
def test_every_member_equals_the_plain_loop(case: str) -> None:
    streams, group, settings = ensemble(case)
    trained = trained_on(case)
    # Of most cases every third member, which are six of all kinds of widths, on both streams.
    for number in range(0, len(group), 1 if case in ("tanh", "learnable gamma") else 3):
        data = streams[group[number].stream]
        plain = plain_loop(group[number], data, settings)
        assert_equal(trained, number, plain)
        x, _ = tensors(data, "test", settings)
        assert_close(trained.network(number)(x), plain.network(x), **TOLERANCE)


COMPILED = {
    "tanh": False,  # on 32 columns, which are whole vectors
    "relu": False,
    "regression": False,
    "sgd": False,
    "coupled decay": False,
    "adamw": False,
    "cosine": False,
    "fuzzy": False,
    "patience": False,
    "two layers": True,  # the pure pass takes these
    "learnable gamma": True,
    "gelu": True,
    "one batch": True,
}


@needs_compiler
@pytest.mark.parametrize("case", COMPILED)
def test_compiled_kernels_train_the_same_networks(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the tolerance of the plain loop; to the bit where no kernel suits."""
    monkeypatch.setattr("continuum.ensemble.fused.PIECE", 2**12)  # several pieces of every stream
    pure = trained_on(case)
    with compiled():
        trained = train(*ensemble(case))
    assert trained.outcome == pure.outcome
    for ours, expected in ((trained.validation_loss, pure.validation_loss), (trained.gamma, pure.gamma)):
        assert_allclose(ours, expected, **TOLERANCE)
    assert np.array_equal(trained.validation_loss, pure.validation_loss, equal_nan=True) == COMPILED[case]


@needs_compiler
def test_compiled_kernels_put_a_network_that_diverges_aside() -> None:
    streams, group = [stream("regression", 0)], [Member(gamma=2.5, lr=lr) for lr in (1e-3, 1e300, 1e-3)]
    settings = dataclasses.replace(BASE, activation="relu", optimizer="sgd", momentum=0.0)
    with compiled():
        trained = train(streams, group, settings)
    assert trained.outcome == ("ok", "diverged", "ok")
    alone = train(streams, group[:1], settings)
    assert_allclose(trained.validation_loss[:, 0], alone.validation_loss[:, 0], **TOLERANCE)


@pytest.mark.parametrize("case", ["learnable gamma", "learnable gamma, sgd", "learnable gammas, decay"])
def test_learnt_widths_cross_integers_and_outgrow_their_rows(case: str) -> None:
    """Else the cases above would not tell a wrong growth from a right one."""
    _, group, _ = ensemble(case)
    trained = trained_on(case)
    before = np.array([member.gamma for member in group])
    assert (np.floor(trained.gamma) != np.floor(before)).sum() >= 4
    assert ((before < 4) & (trained.gamma >= 4)).any()


def test_rates_and_decays_may_differ_between_members() -> None:
    streams = [stream("classification", 0)]
    group = [
        Member(gamma=g, lr=lr, weight_decay=wd, gamma_lr=glr)
        for g, lr, wd, glr in [(2.5, 0.01, 0, 0), (2.5, 0.03, 0.1, 0), (3.0, 0.002, 0, 0.2), (7.5, 0.01, 1.0, 0.1)]
    ]
    trained = train(streams, group, BASE)
    for number, member in enumerate(group):
        assert_equal(trained, number, plain_loop(member, streams[0], BASE))


@pytest.mark.parametrize("case", CASES)
def test_neither_chunks_nor_order_matter(case: str) -> None:
    streams, group, settings = ensemble(case)
    whole = trained_on(case)
    shuffled = np.random.default_rng(0).permutation(len(group))
    for chunk in (1, 5) if case in ("tanh", "mup", "patience", "soft support") else (5,):
        pieces = train(streams, [group[i] for i in shuffled], dataclasses.replace(settings, chunk=chunk))
        assert list(pieces.outcome) == [whole.outcome[i] for i in shuffled]
        assert_close(pieces.gamma, whole.gamma[shuffled], **TOLERANCE)
        assert_allclose(pieces.validation_loss, whole.validation_loss[:, shuffled], **TOLERANCE)
        assert_close(pieces.measure("test")[0], whole.measure("test")[0][shuffled], **TOLERANCE)


def test_streams_of_unequal_length_do_not_share_a_chunk() -> None:
    streams = [stream("regression", 0), stream("regression", 1, rows=97)]
    group = members()
    trained = train(streams, group, BASE)
    for number in (3, len(group) - 1):
        plain = plain_loop(group[number], streams[group[number].stream], BASE)
        assert_equal(trained, number, plain)


def test_float32_stays_near_float64() -> None:
    """Float32 rounds at 6e-8; Adam's first steps, of size lr whatever the gradient, magnify that to about 1e-3."""
    group = members()
    streams = [stream("classification", 0), stream("classification", 1)]
    single = train(streams, group, dataclasses.replace(BASE, dtype=torch.float32))
    double = train(streams, group, BASE)
    assert_close(single.measure("test")[0], double.measure("test")[0], rtol=0, atol=2e-3)


def test_decay_is_that_of_torch_where_all_units_are_on() -> None:
    """Falsifies a wrong reading of decay in the oracle itself: torch's own AdamW on the weights alone."""
    member, data = Member(gamma=7.5, weight_decay=0.3), stream("classification", 0)
    settings = dataclasses.replace(BASE, optimizer="adamw")
    trained = train([dataclasses.replace(data, validation=None)], [member], settings)
    from benchmarks.plain_loop import build, loss_of
    from continuum.ensemble.stream import order

    network = build(member, settings, 5, 3)
    weights = [p for p in network.parameters() if p.dim() == 2]
    biases = [p for n, p in network.named_parameters() if n.endswith("bias")]
    adamw = torch.optim.AdamW(
        [{"params": weights, "weight_decay": 0.3}, {"params": biases, "weight_decay": 0.0}], lr=member.lr
    )
    x, y = tensors(data, "train", settings)
    for epoch in range(settings.epochs):
        for batch in torch.from_numpy(order(data.seed, epoch, len(x))).split(settings.batch):
            adamw.zero_grad()
            loss_of(data, network(x[batch]), y[batch]).backward()
            adamw.step()
    test, _ = tensors(data, "test", settings)
    assert_close(trained.network(0)(test), network(test), **TOLERANCE)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("case", ["tanh", "gelu", "two layers", "learnable gammas, decay"])
def test_cuda_equals_the_cpu(case: str) -> None:
    streams, group, settings = ensemble(case)
    here = train(streams, group, settings)
    there = train(streams, group, dataclasses.replace(settings, device="cuda"))
    assert_close(there.gamma, here.gamma, **TOLERANCE)
    assert_allclose(there.validation_loss, here.validation_loss, equal_nan=False, **TOLERANCE)
    for part in ("train", "test"):
        assert_close(there.measure(part)[0], here.measure(part)[0], **TOLERANCE)
        assert_close(there.gamma_derivatives(part), here.gamma_derivatives(part), **TOLERANCE)
