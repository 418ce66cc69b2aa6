"""The functions beneath the estimators, on tensors and modules: every configuration ends in sense, or in words."""

import io
import math
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from attacks.fitting.faults import fault_of_error, fault_of_warnings
from attacks.fitting.parameters import ODD, Interrupted, heard_width
from attacks.harness import Attack

Random = np.random.Generator

#: Sound values of what a ``LearnConfig`` holds, and such as are sound in their kind alone.
CONFIG: dict[str, tuple[Any, ...]] = {
    "price": (None, 1.0, 1e-30, 1e30, 64.0, 0.01),
    "activation": ("tanh", "relu", "auto"),
    "hidden_layers": (1, 2, 3),
    "start": (1, 2.5, 8, 64),
    "max_units": (1, 4, 64, 10**12),
    "batch": (1, 7, 32, 10**12),
    "lr": (1e-2, 1e-300, 1.0, 1e30, 1e300),
    "decay": (4e-3, 1e-300, 1e-30, 1e3, 1e300),
    "seed": (0, 5, 2**62, 2**70),
    "method": ("graded", "interval", "soft_support", "fuzzy", "concrete", "hypergradient", "path"),
    "exponent": (1.0, 0.5, 1e-300, 1e300),
    "power": (2.0, 1.5, 3.0, 1 + 1e-12, 1e300),
    "pool": (1, 9, 128, 300),
    "directions": (None, 3),
    "largest_gate": (1.0, 2.0, math.inf, 1e300),
    "noise": ("training", "held_out"),
    "skip": (None, 0.25, 1e-300, 1e300),
    "resolution": (0.0, 0.01, 1.0),
}
#: The same of a ``DescentConfig``.
DESCENT: dict[str, tuple[Any, ...]] = {
    "price": (None, 1.0, 1e-30, 1e30),
    "rounding": ("held_out", "width", "none"),
    "seconds": (None, 1e-9, 0.1, 1e300),
    "stage": (1, 5, 20),
    "doublings": (0, 1, 2),
    "settling": (0, 5),
}


def options(random: Random, sound: dict[str, tuple[Any, ...]], most: int) -> dict[str, Any]:
    """Some of these, and now and then one that is not sound."""
    names = [str(name) for name in random.choice(list(sound), int(random.integers(0, most)), replace=False)]
    chosen = {name: sound[name][int(random.integers(len(sound[name])))] for name in names}
    if random.random() < 0.15:
        name = str(random.choice([name for name in sound if name not in ("stage", "settling", "seconds")]))
        chosen[name] = ODD[int(random.integers(len(ODD)))]
    return chosen


def tensors(random: Random) -> tuple[Any, Any, Any]:
    """Inputs, targets and the name of a loss, most of them such as belong together."""
    rows, columns = int(random.choice([1, 2, 5, 30, 50])), int(random.integers(1, 4))
    dtype = torch.float32 if random.random() < 0.7 else torch.float64
    x: Any = torch.tensor(random.normal(size=(rows, columns)), dtype=dtype)
    flags = torch.tensor(random.integers(0, 2, (rows, 2)))
    losses: list[tuple[str, Any]] = [
        ("cross_entropy", torch.tensor(random.integers(0, 3, rows))),
        ("squared_error", torch.tensor(random.normal(size=rows), dtype=dtype)),
        ("binary_cross_entropy", flags.double()),
    ]
    loss, y = losses[int(random.integers(3))]
    scale = 10.0 ** float(random.choice([0, 0, 0, 0, 0, 3, 10, 18, 30, -30, -38, 300]))
    odd: list[Callable[[], Any]] = [
        lambda: x.clone().fill_(math.nan),
        lambda: x.numpy(),
        lambda: x[:, 0],
        lambda: x.to(torch.complex64),
        lambda: x.half(),
        lambda: x[:0],
        lambda: x[:, :0],
        lambda: x.requires_grad_(),
        lambda: x.to_sparse(),
        lambda: x.t(),
        lambda: x.expand(len(x), -1)[:, :1].expand(-1, 50),
        lambda: None,
        lambda: x.tolist(),
        lambda: torch.zeros_like(x),
    ]
    if random.random() < 0.15:
        x = odd[int(random.integers(len(odd)))]()
    elif dtype == torch.float64 or scale < 1e37:
        x = x * scale
    if random.random() < 0.15:
        targets: list[Any] = [
            y.double(),
            y[:-1],
            y[None],
            -y,
            y * 1e30,
            y.numpy(),
            None,
            y.bool(),
            y * math.nan,
            3,
            flags,
        ]
        y = targets[int(random.integers(len(targets)))]
    return x, y, loss


def weights(random: Random, rows: int) -> Any:
    """Weights of rows, mostly none."""
    plain = torch.tensor(random.random(rows) + 0.1)
    kinds: list[Any] = [
        plain,
        plain * 1e300,
        plain * 1e-300,
        plain * 0,
        -plain,
        plain.float(),
        plain[:-1],
        plain.numpy(),
    ]
    kinds += [plain.masked_fill(plain > 0.5, 1e-300), plain.masked_fill(plain > 0.5, 1e30), plain * math.nan, 1.0]
    kinds += [torch.ones(rows, dtype=torch.long), torch.full((rows,), 1.7e308, dtype=torch.float64)]
    return kinds[int(random.integers(len(kinds)))] if random.random() < 0.3 else None


def of_tensors(random: Random) -> Any:
    """What comes of ``learn_width``, or ``width_path``."""
    from continuum.learn import LearnConfig, learn_width, width_path

    x, y, loss = tensors(random)
    config = LearnConfig(**{"steps": int(random.choice([1, 2, 10, 30])), **options(random, CONFIG, 4)})
    more: dict[str, Any] = {"sample_weight": weights(random, len(x) if x is not None else 3), "progress": heard_width}
    if random.random() < 0.2:
        more["validation"] = [(x, y), (x, y, None), (x,), x, (y, x)][int(random.integers(5))]
    if random.random() < 0.2:
        return width_path(x, y, loss, config, (64.0, 4.0), **more)
    if random.random() < 0.1:
        more["classes"] = ODD[int(random.integers(len(ODD)))]
    if random.random() < 0.1:
        more["initial"] = [nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), nn.Linear(2, 1), "net", None][
            int(random.integers(4))
        ]
    return learn_width(x, y, loss, config, **more)


def of_tables(random: Random) -> Any:
    """What comes of ``learn_table``."""
    from continuum.learn import LearnConfig
    from continuum.learn.descent import DescentConfig, learn_table

    x, y, loss = tensors(random)
    config = LearnConfig(**options(random, CONFIG, 3))
    descent = DescentConfig(**{"steps": int(random.choice([1, 20, 300])), **options(random, DESCENT, 3)})
    inputs: list[Any] = [
        {"raw": x},
        {"raw": x, "twice": x},
        {},
        {"raw": x, "few": torch.ones(1, 2)},
        [x],
    ]
    chosen = inputs[int(random.choice(5, p=[0.6, 0.25, 0.05, 0.05, 0.05]))]
    more = {"sample_weight": weights(random, len(x) if x is not None else 3), "progress": heard_width}
    return learn_table(chosen, y, loss, config, descent, **more)


def of_modules(random: Random) -> Any:
    """What comes of ``learn_width`` with a module."""
    from continuum.learn import LearnConfig, learn_width

    rows, inputs = int(random.choice([1, 2, 5, 30])), 2
    between: list[nn.Module] = [
        nn.Tanh(),
        nn.ReLU(),
        nn.GELU(),
        nn.BatchNorm1d(6),
        nn.Dropout(0.5),
        nn.PReLU(),
        nn.Softmax(1),
    ]
    between += [nn.LayerNorm(6), nn.Identity(), nn.Sequential(nn.ReLU())]
    chain = [
        nn.Linear(inputs, 6),
        between[int(random.integers(len(between)))],
        nn.Linear(6, int(random.choice([1, 3]))),
    ]
    if random.random() < 0.3:
        chain[2:] = [nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3)]
    if random.random() < 0.1:
        chain = chain[:2]
    module: Any = nn.Sequential(*chain)
    if random.random() < 0.1:
        with torch.no_grad():
            next(module.parameters()).mul_(float(random.choice([0.0, 1e30, math.nan])))
    x = torch.tensor(random.normal(size=(rows, inputs)), dtype=torch.float32)
    x = x * float(random.choice([1, 1, 1, 1, 1e10, 1e38, 0.0, math.nan]))
    y: Any = [
        torch.tensor(random.integers(0, 3, rows)),
        torch.randn(rows),
        torch.randn(rows, 3),
        torch.randn(rows, 3) * 1e30,
    ]
    y = y[int(random.integers(4))]
    data: Any = [(x, y), TensorDataset(x, y), DataLoader(TensorDataset(x, y), 4), (x,), x, None, (x, None), [x, y]]
    data = data[int(random.choice(8, p=[0.5, 0.15, 0.15, 0.04, 0.04, 0.04, 0.04, 0.04]))]
    losses: list[Any] = [
        None,
        None,
        None,
        "squared_error",
        "cross_entropy",
        "huber",
        lambda z, t: z.mean(),
        lambda z, t: 1.0,
    ]
    losses += [lambda z, t: z, lambda z, t: (z.sum() * 0).log(), nn.MSELoss(), 5]
    names = ("price", "steps", "batch", "lr", "decay", "seed", "resolution")
    config = {"steps": int(random.choice([1, 2, 10, 30]))} | options(
        random, {n: CONFIG[n] for n in names if n in CONFIG}, 3
    )
    loss = losses[int(random.integers(len(losses)))]
    return learn_width(module, data, loss, LearnConfig(**config), progress=heard_width)


def unsound(result: Any) -> str | None:
    """What is wrong with a result."""
    if hasattr(result, "prices"):
        numbers = {
            name: np.asarray(getattr(result, name), dtype=float) for name in ("prices", "widths", "train_loss", "score")
        }
    else:
        numbers = {
            "widths": np.asarray(result.widths),
            "curve": result.width_curve.numpy(),
            "price": np.array(float(result.price)),
        }
        numbers |= {name: p.detach().double().numpy() for name, p in result.network.state_dict().items()}
    return next((f"{name} is not finite" for name, part in numbers.items() if not np.isfinite(part).all()), None)


def attempt(index: int, generator: Random, folder: Path) -> str | None:
    """One run, and what is wrong about it."""
    kind = (of_tensors, of_tables, of_modules)[int(generator.choice(3, p=[0.45, 0.25, 0.3]))]
    torch.manual_seed(int(generator.integers(2**31)))
    with warnings.catch_warnings(record=True) as heard, redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        try:
            fault = unsound(kind(generator))
        except Interrupted:
            return None
        except Exception as error:
            fault = fault_of_error(error, kind.__name__)
    return f"{kind.__name__}: {fault}" if fault else fault_of_warnings(heard, kind.__name__)


attack = Attack("learners", cases=5000, short=12, attempt=attempt)
