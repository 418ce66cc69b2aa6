"""A fitted estimator in one file without pickle: tensors as safetensors, all else as JSON in its header.

Opening such a file runs no code of it: of classes it can name dataclasses and modules of this package alone.
"""

import json
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
import torch
from scipy.sparse import csr_array, issparse
from torch import nn

from continuum.errors import BadInput
from continuum.sklearn.formats import FORMAT, KEY
from continuum.storage import storing, write_whole

#: Entry of the header that holds the JSON.
HEADER = "continuum"
#: Layers without numbers.
LAYERS: dict[str, type[nn.Module]] = {"ReLU": nn.ReLU, "Tanh": nn.Tanh}
#: New places of classes that were elsewhere when a file was written.
MOVED: dict[str, str] = {}
#: What reading a file raises that is none of ours.
UNREADABLE = (
    safetensors.SafetensorError,
    json.JSONDecodeError,
    AttributeError,
    ImportError,
    KeyError,
    OSError,
    TypeError,
)

Arrays = dict[str, np.ndarray]


def write_state(path: str | Path, kind: str, state: dict[str, Any]) -> None:
    """Write what ``vars`` of an estimator holds, as one file, whole or not at all."""
    arrays: Arrays = {}
    header = {"class": kind, KEY: FORMAT, "state": {name: encoded(value, arrays) for name, value in state.items()}}
    try:
        text = json.dumps(header)
    except ValueError as error:  # a parameter of more digits than Python writes
        remedy = "set_params with smaller ones, then save"
        raise BadInput("parameters", expected="numbers that can be written", came=error, remedy=remedy) from error
    path = Path(path)
    with storing(path, ""):
        write_whole(path, safetensors.numpy.save(arrays, {HEADER: text}))


def read_state(path: str | Path, kind: str) -> dict[str, Any]:
    """What ``write_state`` has written of an estimator of this class; raises ``BadInput``."""
    remedy = f"give a file that {kind}.save has written"
    try:
        with safetensors.safe_open(path, "np") as file:
            header = json.loads((file.metadata() or {})[HEADER])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
        if (came := header["class"]) != kind:
            raise BadInput(str(path), expected=f"a {kind}", came=f"a {came}", remedy=remedy)
        state = {name: decoded(value, arrays) for name, value in header["state"].items()}
        return state | {KEY: header.get(KEY, FORMAT)}
    except UNREADABLE as error:
        expected = f"a {kind} in safetensors"
        raise BadInput(str(path), expected=expected, came=f"{type(error).__name__}: {error}", remedy=remedy) from error


def packed(value: Any) -> Any:
    """The value as plain data, independent of classes of torch; the value itself where it has no JSON."""
    arrays: Arrays = {}
    try:
        return {"packed": encoded(value, arrays), "arrays": arrays}
    except BadInput:
        return value


def unpacked(value: Any) -> Any:
    """What was packed, or the value itself where nothing was."""
    return decoded(value["packed"], value["arrays"]) if isinstance(value, dict) and "packed" in value else value


def encoded(value: Any, arrays: Arrays) -> Any:
    """JSON for a value, whose tensors and arrays of numbers go to ``arrays``; raises ``BadInput``."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return encoded(value.item(), arrays)
    if isinstance(value, np.ndarray):
        return _encoded_array(value, arrays)
    if isinstance(value, torch.device | torch.dtype):
        return str(value)
    if isinstance(value, list | tuple):
        return {type(value).__name__: [encoded(item, arrays) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[encoded(key, arrays), encoded(item, arrays)] for key, item in value.items()]}
    if issparse(value):
        matrix: Any = value
        rows = csr_array(matrix)
        return {"csr": encoded((rows.data, rows.indices, rows.indptr, rows.shape), arrays)}
    if isinstance(value, nn.Module):
        return _encoded_module(value, arrays)
    if is_dataclass(value) and (place := _place(value)):
        own = {field.name: encoded(getattr(value, field.name), arrays) for field in fields(value) if field.init}
        return {"class": place, "fields": own}
    raise _refused(value)


def decoded(value: Any, arrays: Arrays) -> Any:
    """The value that ``encoded`` made this of."""
    if not isinstance(value, dict):
        return value
    if "array" in value:
        array = arrays[value["array"]].copy()
        return array.view(value["times"]) if "times" in value else array
    if "dtype" in value:
        return np.array([decoded(item, arrays) for item in value["list"]], value["dtype"]).reshape(value["shape"])
    for kind in (list, tuple):
        if kind.__name__ in value:
            return kind(decoded(item, arrays) for item in value[kind.__name__])
    if "dict" in value:
        return {decoded(key, arrays): decoded(item, arrays) for key, item in value["dict"]}
    if "csr" in value:
        *parts, shape = decoded(value["csr"], arrays)
        return csr_array(tuple(parts), shape)
    if "layer" in value or "layers" in value:
        return _decoded_module(value, arrays)
    return _class_at(value["class"])(**{name: decoded(item, arrays) for name, item in value["fields"].items()})


def _encoded_array(value: np.ndarray, arrays: Arrays) -> Any:
    if value.dtype.kind in "biuf":
        arrays[name := f"array{len(arrays)}"] = np.ascontiguousarray(value)
        return {"array": name}
    if value.dtype.kind in "mM":
        return {**_encoded_array(value.view(np.int64), arrays), "times": value.dtype.str}
    if value.dtype.kind in "OU":
        items = [encoded(item, arrays) for item in value.reshape(-1).tolist()]
        kind = "object" if value.dtype.kind == "O" else str(value.dtype)
        return {"list": items, "dtype": kind, "shape": list(value.shape)}
    raise _refused(value)


def _encoded_module(module: nn.Module, arrays: Arrays) -> Any:
    """A layer of torch, layers in a row, or a module of this package that is made of its children by their names."""
    if isinstance(module, nn.Sequential):
        return {"layers": [encoded(layer, arrays) for layer in module]}
    if type(module) is nn.Linear:
        weight, bias = (None if p is None else p.detach().cpu().numpy() for p in (module.weight, module.bias))
        return {"layer": "Linear", "weight": encoded(weight, arrays), "bias": encoded(bias, arrays)}
    if LAYERS.get(name := type(module).__name__) is type(module):
        return {"layer": name}
    if place := _place(module):
        return {"class": place, "fields": {name: encoded(child, arrays) for name, child in module.named_children()}}
    raise _refused(module)


@torch.no_grad()
def _decoded_module(value: Any, arrays: Arrays) -> nn.Module:
    if "layers" in value:
        return nn.Sequential(*(decoded(layer, arrays) for layer in value["layers"])).eval()
    if value["layer"] != "Linear":
        return LAYERS[value["layer"]]()
    weight, bias = (decoded(value[name], arrays) for name in ("weight", "bias"))
    layer = nn.Linear(1, 1, bias is not None)  # one of no unit PyTorch would not make without a warning
    layer.out_features, layer.in_features = weight.shape
    layer.weight = nn.Parameter(torch.from_numpy(weight))
    if bias is not None:
        layer.bias = nn.Parameter(torch.from_numpy(bias))
    return layer


def _place(value: object) -> str | None:
    """Where the class of a value is found, if it is one of this package."""
    module, name = type(value).__module__, type(value).__qualname__
    return f"{module}.{name}" if module.partition(".")[0] == "continuum" and "." not in name else None


def _class_at(place: str) -> type:
    """A dataclass or a module of this package."""
    module, _, name = MOVED.get(place, place).rpartition(".")
    kind = getattr(import_module(module), name) if module.partition(".")[0] == "continuum" else None
    if not isinstance(kind, type) or not (is_dataclass(kind) or issubclass(kind, nn.Module)):
        raise TypeError(f"{place} is no part of an estimator")
    return kind


def _refused(value: object) -> BadInput:
    remedy = "pickle the estimator instead"
    return BadInput("save", expected="numbers, texts, arrays and plain layers", came=repr(value), remedy=remedy)
