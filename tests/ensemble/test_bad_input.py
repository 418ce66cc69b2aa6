"""Bad ensembles are refused before any training, with what was expected, what came, and the remedy."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import torch

from continuum.ensemble import Member, Settings, train
from continuum.ensemble.activations import activation
from continuum.ensemble.losses import loss_for
from continuum.errors import BadInput
from tests.ensemble.samples import stream

CLASSES, VALUES = stream("classification", 0), stream("regression", 0)
SMALL = Settings(units=4, epochs=1)
TRAINED = train([CLASSES], [Member(1.0)], SMALL)
CASES: dict[str, tuple[Callable[[], object], str]] = {
    "no unit": (lambda: Settings(units=0), "units: expected an integer >= 1, got 0"),
    "fractional units": (lambda: Settings(units=2.5), "units: expected an integer >= 1, got 2.5"),
    "activation": (lambda: Settings(units=4, activation="rellu"), "did you mean relu"),
    "optimizer": (lambda: Settings(units=4, optimizer="adm"), "one of adam, adamw, sgd"),
    "schedule": (lambda: Settings(units=4, schedule="cos"), "one of constant, cosine"),
    "scaling": (lambda: Settings(units=4, scaling="muP"), "one of mup, ntk, standard"),
    "batch": (lambda: Settings(units=4, batch=0), "batch: expected an integer >= 1"),
    "epochs": (lambda: Settings(units=4, epochs=-1), "epochs: expected an integer >= 1"),
    "patience": (lambda: Settings(units=4, patience=-1), "patience: expected an integer >= 0"),
    "momentum": (lambda: Settings(units=4, momentum=1.5), "momentum: expected a finite number in [0, 1], got 1.5"),
    "device": (lambda: Settings(units=4, device="tpu"), "one of cpu, cuda"),
    "lr": (lambda: Member(1.0, lr=float("nan")), "lr: expected a finite number in [0, inf], got nan"),
    "decay": (lambda: Member(1.0, weight_decay=-1.0), "weight_decay: expected a finite number"),
    "gamma above": (
        lambda: train([CLASSES], [Member(4.5)], SMALL),
        "gamma: expected a finite number in [0, 4], got 4.5",
    ),
    "gamma below": (lambda: Member(-0.5), "gamma: expected a finite number in [0, inf], got -0.5"),
    "gamma nan": (lambda: Member((1.0, float("nan"))), "gamma: expected a finite number in [0, inf], got nan"),
    "gamma none": (lambda: Member(None), "gamma: expected a finite number in [0, inf], got None"),
    "gamma text": (lambda: Member("12"), "gamma: expected a finite number in [0, inf], got '12'"),
    "gamma bytes": (lambda: Member(b"12"), "gamma: expected a finite number in [0, inf], got b'12'"),
    "gamma texts": (lambda: Member(("a",)), "gamma: expected a finite number in [0, inf], got 'a'"),
    "gamma, none": (lambda: Member(()), "gamma: expected one number per hidden layer, got none"),
    "gamma, empty array": (lambda: Member(np.zeros(0)), "gamma: expected one number per hidden layer, got none"),
    "gamma, matrix": (lambda: Member(np.ones((1, 1))), "gamma: expected a finite number in [0, inf], got array([1.])"),
    "depth": (lambda: train([CLASSES], [Member((1.0, 2.0))], SMALL), "expected 1 widths, one per hidden layer"),
    "units, none": (lambda: Settings(units=()), "units: expected one number per hidden layer"),
    "dtype": (lambda: Settings(units=4, dtype=torch.float16), "torch.float32 or torch.float64"),
    "first cpu": (lambda: Settings(units=4, device="cpu:0"), "device: expected one of cpu, got 'cpu:0'"),
    "cpu number": (lambda: Settings(units=4, device="cpu:7"), "device: expected one of cpu, got 'cpu:7'"),
    "init": (lambda: Member(1.0, init=-1), "init: expected an integer >= 0"),
    "stream type": (lambda: Member(1.0, stream=0.5), "stream: expected an integer >= 0"),
    "stream": (lambda: train([CLASSES], [Member(1.0, stream=1)], SMALL), "stream: expected 0 to 0, got 1"),
    "law": (lambda: Settings(units=4, law="fuzy"), "did you mean fuzzy?"),
    "exponent": (lambda: Settings(units=4, exponent=0.0), "exponent: expected a finite number > 0, got 0.0"),
    "exponent of another law": (
        lambda: Settings(units=4, law="fuzzy", exponent=0.5),
        "exponent: expected 1 with the fuzzy law, got 0.5; only the gates of the interval law have one",
    ),
    "kappa": (lambda: Settings(units=4, kappa=0.0), "kappa: expected a finite number > 0"),
    "beyond the law": (
        lambda: train([CLASSES], [Member(0.5)], dataclasses.replace(SMALL, law="concrete")),
        "a width that the concrete law can give 4 units, got 0.5",
    ),
    "learning another law": (
        lambda: train([CLASSES], [Member(2.5, gamma_lr=0.1)], dataclasses.replace(SMALL, law="fuzzy")),
        "gamma_lr: expected 0 for the fuzzy law",
    ),
    "part to measure": (lambda: TRAINED.measure("nope"), "part: expected one of test, train, validation, got 'nope'"),
    "part to slice": (lambda: TRAINED.slice(0, "tets", [0.5]), "did you mean test?"),
    "no member": (lambda: train([CLASSES], [], SMALL), "at least one stream and one member"),
    "some validated": (
        lambda: train([CLASSES, dataclasses.replace(CLASSES, validation=None)], [Member(1.0)], SMALL),
        "a validation part in all or in none",
    ),
    "two kinds": (lambda: train([CLASSES, VALUES], [Member(1.0)], SMALL), "train one ensemble per task"),
    "activation name": (lambda: activation("sine"), "one of gelu, relu, tanh"),
    "loss": (lambda: loss_for("ranking"), "one of classification, regression"),
}


@pytest.mark.parametrize("case", CASES)
def test_is_refused(case: str) -> None:
    provoke, words = CASES[case]
    with pytest.raises(BadInput) as caught:
        provoke()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_part_is_named() -> None:
    trained = train([dataclasses.replace(CLASSES, test=None)], [Member(1.0)], SMALL)
    with pytest.raises(BadInput, match="a part that the stream has"):
        trained.measure("test")


def test_what_a_law_can_give_is_let_through() -> None:
    Member((0.0, 4.0), gamma_lr=0.1).check((4, 4), "interval")
    Member((0.5, 3.5)).check((4, 4), "soft_support")
    Settings(units=(1, 4), momentum=0.0, patience=0, batch=1, epochs=1, chunk=1, dtype=torch.float64)


def test_a_number_stands_for_one_layer() -> None:
    assert Settings(units=4) == Settings(units=(4,)) == dataclasses.replace(Settings(units=[3]), units=4)
    assert Member(gamma=2) == Member(gamma=(2.0,), stream=0, init=0, lr=0.01, weight_decay=0.0, gamma_lr=0.0)
    assert Member((1.5, 2)).gamma == Member(np.array([1.5, 2.0])).gamma == (1.5, 2.0)
    assert Member(np.array(2)).gamma == Member(np.float32(2)).gamma == (2.0,)
    assert {type(width) for width in Member(np.array([1.5, 2.0])).gamma} == {float}
    for frozen in (Settings(4), Member(2.0)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            frozen.lr = 1.0
