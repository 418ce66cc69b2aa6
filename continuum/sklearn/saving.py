"""A fitted estimator in one file without pickle: tensors as safetensors, all else as JSON in its header.

Opening such a file runs no code of it.
"""

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import safetensors
import safetensors.numpy
import torch
from torch import nn

from continuum.encoding import Bins, Categories, PiecewiseLinear, Raw
from continuum.errors import BadInput
from continuum.nn import Skip
from continuum.sklearn.formats import FORMAT, KEY
from continuum.sklearn.standard import Features, Scales, Standardiser
from continuum.sklearn.start import Start
from continuum.sklearn.table.levels import Levels
from continuum.sklearn.table.table import Table
from continuum.storage import storing, write_whole

#: Entry of the header that holds the JSON.
HEADER = "continuum"
#: Layers of an exported network.
LAYERS: dict[str, Callable[[], nn.Module]] = {"ReLU": nn.ReLU, "Tanh": nn.Tanh}
#: Parts of a fitted estimator, by the names of their classes.
PARTS: dict[str, type] = {
    part.__name__: part
    for part in (Bins, Categories, Features, Levels, PiecewiseLinear, Raw, Scales, Standardiser, Start, Table)
}

Arrays = dict[str, np.ndarray]


def write_state(path: str | Path, kind: str, state: dict[str, Any]) -> None:
    """Write what ``vars`` of an estimator holds, as one file, whole or not at all."""
    arrays: Arrays = OrderedDict()
    header = {"class": kind, KEY: FORMAT, "state": {name: encoded(value, arrays) for name, value in state.items()}}
    path = Path(path)
    with storing(path, ""):
        write_whole(path, safetensors.numpy.save(arrays, {HEADER: json.dumps(header)}))


def read_state(path: str | Path, kind: str) -> dict[str, Any]:
    """What ``write_state`` has written of an estimator of this class; raises ``BadInput``."""
    remedy = f"give a file that {kind}.save has written"
    try:
        with safetensors.safe_open(path, "np") as file:
            header = json.loads((file.metadata() or {})[HEADER])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
        came, state = header["class"], header["state"]
    except (safetensors.SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        expected = f"a {kind} in safetensors"
        raise BadInput(str(path), expected=expected, came=f"{type(error).__name__}: {error}", remedy=remedy) from error
    if came != kind:
        raise BadInput(str(path), expected=f"a {kind}", came=f"a {came}", remedy=remedy)
    return {name: decoded(value, arrays) for name, value in state.items()} | {KEY: header.get(KEY, FORMAT)}


def packed(value: Any) -> dict[str, Any]:
    """The value as plain data, independent of classes; raises ``BadInput`` where ``encoded`` does."""
    arrays: Arrays = {}
    return {"packed": encoded(value, arrays), "arrays": arrays}


def unpacked(value: Any) -> Any:
    """What was packed, or the value itself where nothing was."""
    return decoded(value["packed"], value["arrays"]) if isinstance(value, dict) and "packed" in value else value


def encoded(value: Any, arrays: Arrays) -> Any:
    """JSON for a value, whose tensors and arrays of numbers go to ``arrays``; raises ``BadInput``."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return encoded(value.item(), arrays)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        arrays[name := f"array{len(arrays)}"] = np.ascontiguousarray(value)
        return {"array": name}
    if isinstance(value, np.ndarray) and value.dtype.kind in "OUS":
        items = [encoded(item, arrays) for item in value.tolist()]
        return {"list": items, "dtype": "object" if value.dtype.kind == "O" else str(value.dtype)}
    if isinstance(value, torch.device | torch.dtype):
        return str(value)
    if isinstance(value, list | tuple):
        return {type(value).__name__: [encoded(item, arrays) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[encoded(key, arrays), encoded(item, arrays)] for key, item in value.items()]}
    if isinstance(value, nn.Sequential):
        return {"network": [_encoded_layer(layer, arrays) for layer in value]}
    if is_dataclass(value) and type(value).__name__ in PARTS:
        return {
            "part": type(value).__name__,
            "fields": {field.name: encoded(getattr(value, field.name), arrays) for field in fields(value)},
        }
    remedy = "pickle the estimator instead"
    raise BadInput("save", expected="numbers, texts, arrays and plain layers", came=repr(value), remedy=remedy)


def decoded(value: Any, arrays: Arrays) -> Any:
    """The value that ``encoded`` made this of."""
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]].copy()
    if "dtype" in value:
        return np.array([decoded(item, arrays) for item in value["list"]], value["dtype"])
    if "list" in value or "tuple" in value:
        kind = list if "list" in value else tuple
        return kind(decoded(item, arrays) for item in value[kind.__name__])
    if "dict" in value:
        return {decoded(key, arrays): decoded(item, arrays) for key, item in value["dict"]}
    if "network" in value:
        return nn.Sequential(*(_decoded_layer(layer, arrays) for layer in value["network"])).eval()
    return PARTS[value["part"]](**{name: decoded(item, arrays) for name, item in value["fields"].items()})


def _encoded_layer(layer: nn.Module, arrays: Arrays) -> Any:
    if isinstance(layer, nn.Linear):
        weight, bias = (part.detach().cpu().numpy() for part in (layer.weight, layer.bias))
        return {"weight": encoded(weight, arrays), "bias": encoded(bias, arrays)}
    if isinstance(layer, Skip):
        return {"body": encoded(layer.body, arrays), "linear": _encoded_layer(layer.linear, arrays)}
    if type(layer).__name__ in LAYERS:
        return type(layer).__name__
    raise BadInput("save", expected="plain layers", came=type(layer).__name__, remedy="pickle the estimator instead")


@torch.no_grad()
def _decoded_layer(layer: Any, arrays: Arrays) -> nn.Module:
    if isinstance(layer, str):
        return LAYERS[layer]()
    if "body" in layer:
        line = _decoded_layer(layer["linear"], arrays)
        return Skip(decoded(layer["body"], arrays), cast(nn.Linear, line))
    weight, bias = (torch.from_numpy(decoded(layer[name], arrays)) for name in ("weight", "bias"))
    linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    linear.weight.copy_(weight)
    linear.bias.copy_(bias)
    return linear
