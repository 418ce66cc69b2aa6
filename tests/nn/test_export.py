"""What is exported computes the same, is plain, and says what it lost."""

import copy
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from torch import nn
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.nn import MLP, Gate, export
from continuum.widths import Affine, Concrete, Fuzzy, Interval, SoftSupport
from proofs_checks import strategies
from tests.nn.networks import Given, chain, conv, dense, interval


def exact(model: nn.Module, x: torch.Tensor, units: tuple[int, ...]) -> nn.Sequential:
    """Export, and check everything that holds for any model."""
    model, x = model.double(), x.double()
    before = copy.deepcopy(model.state_dict())
    exported = export(model, x)
    assert_close(exported.module(x), copy.deepcopy(model).eval()(x), rtol=1e-12, atol=1e-12)
    assert exported.gap < 1e-12
    assert exported.units == units
    assert not [m for m in exported.module.modules() if type(m).__module__.startswith("continuum")]
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    return exported.module


BEHIND = {
    "nothing": [],
    "relu": [nn.ReLU()],
    "leaky": [nn.LeakyReLU(), nn.Dropout()],
    "prelu": [nn.PReLU(6)],
    "norm": [nn.BatchNorm1d(6), nn.Tanh()],
    "plain norm": [nn.BatchNorm1d(6, affine=False), nn.Sigmoid()],
}


@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND)
@pytest.mark.parametrize("before", [[], [nn.Tanh()], [nn.BatchNorm1d(6), nn.PReLU(6)]], ids=["", "tanh", "norm"])
@pytest.mark.parametrize(("gamma", "units"), [(0.0, 1), (2.0, 2), (2.25, 3), (6.0, 6)])
def test_dense(behind, before, gamma, units):
    exact(dense(Gate(interval(gamma)), behind, before), torch.randn(7, 3), (units,))


@pytest.mark.parametrize("behind", [nn.Tanh(), nn.Sigmoid()], ids=str)
def test_whole_gates_pass_any_activation(behind):
    exact(dense(Gate(Given([1.0, 0, 1, 0, 0, 1])), [behind], []), torch.randn(7, 3), (3,))


MAPS = {
    "nothing": ([], 0, 3),
    "pool": ([nn.ReLU(), nn.MaxPool2d(2, padding=1), nn.AvgPool2d(2, padding=1)], 0, 3),
    "padded": ([nn.ReLU()], 1, 3),
    "norm": ([nn.BatchNorm2d(6), nn.Tanh()], 0, 3),
    "constants inside zero padding stay": ([nn.BatchNorm2d(6)], 1, 6),
    "another divisor": ([nn.BatchNorm2d(6), nn.AvgPool2d(2, divisor_override=3)], 0, 6),
    "constants in a padded average stay": ([nn.BatchNorm2d(6), nn.AvgPool2d(2, padding=1)], 0, 6),
}


@pytest.mark.parametrize(("behind", "padding", "units"), MAPS.values(), ids=MAPS)
def test_convolutions(behind, padding, units):
    model = conv(Gate(interval(2.25), axis=1), behind, [nn.BatchNorm2d(6), nn.ReLU()], padding)
    exact(model, torch.randn(4, 1, 12, 12), (units,))


@pytest.mark.parametrize("norm", [[], [nn.BatchNorm2d(6)]], ids=["", "norm"])
def test_flatten_repeats_gates(norm):
    tail = [nn.Flatten(), nn.Linear(6 * 16, 2, bias=False)]
    model = chain(nn.Conv2d(1, 6, 3), nn.ReLU(), Gate(interval(2.25), axis=1), *norm, *tail)
    exact(model, torch.randn(4, 1, 6, 6), (3,))


@given(first=strategies.gammas(6, subnormal=True), second=strategies.gammas(6, subnormal=True))
def test_perceptrons_of_two_layers(first, second):
    units = tuple(max(1, -int(-gamma // 1)) for gamma in (first, second))
    exact(MLP(3, 2, [interval(first), interval(second)]), torch.randn(5, 3), units)


def test_gates_on_inputs_and_twice_and_in_nested_chains():
    model = chain(
        Gate(interval(1.5, 3)), nn.Sequential(nn.Linear(3, 6), Gate(interval(4.5)), nn.ReLU()), Gate(interval(3.5)),
        nn.Linear(6, 4), nn.LayerNorm(4), Gate(interval(2.5, 4)), nn.Linear(4, 2), nn.Softmax(-1),
    )  # fmt: skip
    exact(model, torch.randn(5, 3), (3, 4, 4))


@pytest.mark.parametrize(
    "width",
    [Fuzzy(6, 2.5), Fuzzy(6, 2.5, mode="bernoulli"), Concrete(6, 0.5), SoftSupport(6, Affine(2.5), 5.0)],
    ids=lambda width: f"{type(width).__name__}-{getattr(width, 'mode', '')}",
)
def test_laws_that_sample_give_their_means_or_round(width):
    model, x = MLP(3, 2, [width]), torch.randn(50, 3)
    assert export(model, x).gap < 1e-6
    assert model.training
    hard = export(model, x, hard=True)
    assert hard.gap > 1e-3
    assert hard.units[0] < 6


def test_all_units_off_leaves_a_constant_and_says_so():
    exported = export(dense(Gate(interval(0.0)), [nn.Sigmoid()], []), torch.randn(5, 3))
    assert exported.notes == ("gate 1: all units are off; one stays, and the layer behind it is constant",)
    assert exported.gap < 1e-6
    assert exported.module(torch.randn(5, 3)).var(0).max() < 1e-12


GATE = Gate(interval(2.25))
REFUSED = {
    "tanh": (dense(GATE, [nn.Tanh()], []), r"layer 2 \(Tanh\): expected a positively homogeneous layer.*got gate 0.25"),
    "norm": (dense(GATE, [nn.LayerNorm(6)], []), r"gate 1: expected a Linear, or a Conv2d"),
    "end": (nn.Sequential(nn.Linear(3, 6), GATE), r"gate 1: expected a Linear.*got the end of the network"),
    "statistics": (dense(GATE, [nn.BatchNorm1d(6, track_running_stats=False)], []), "layer 2: expected running"),
    "axis": (conv(GATE, [], []), "gate 1: expected axis 1 or -3, got axis -1; gate the layer's outputs"),
    "units": (dense(Gate(interval(2.5, 5)), [], []), "gate 1: expected 6 units, got 5 units"),
    "batch": (dense(Gate(Interval(6, torch.ones(2))), [], []), r"gate 1: expected one width, got shape \(2, 6\)"),
    "custom": (nn.ModuleList([GATE]), "layer model: expected nn.Sequential or MLP around gates, got ModuleList"),
    "no flatten": (chain(nn.Conv2d(1, 6, 3), Gate(interval(2.5), 1), nn.Linear(6, 2)), "layer 2: expected inputs"),
    "border": (conv(Gate(Given([1.0, 1, 1, 1, 1, 0]), 1), [nn.Sigmoid()], [], 1), "gate 1: expected layers behind it"),
    "nan": (dense(Gate(Given([torch.nan] * 6)), [], []), "gate 1: expected finite gates, got NaN or inf"),
}


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(BadInput, match=message):
        export(model)


def test_hard_needs_data():
    with pytest.raises(BadInput, match="data: expected rows with hard=True, got None; see how much"):
        export(MLP(3, 2, [interval(2.5)]), hard=True)


# In a process of its own: the exporter cannot trace functions whose annotations are checked at run time.
SCRIPT = """
import importlib.util, sys, torch
from continuum.nn import MLP, export
from continuum.widths import Interval
module = export(MLP(3, 2, [Interval(64, 8.5), Interval(32, 4.0)])).module
x = torch.randn(5, 3)
exported = torch.export.export(module, (x,)).module()
torch.testing.assert_close(exported(x), module(x), rtol=1e-6, atol=1e-6)
print("exported")
if importlib.util.find_spec("onnxscript") and importlib.util.find_spec("onnxruntime"):
    import onnxruntime
    shapes = ({0: torch.export.Dim("rows")},)
    torch.onnx.export(module, (x,), sys.argv[1], dynamo=True, dynamic_shapes=shapes, verbose=False)
    session = onnxruntime.InferenceSession(sys.argv[1])
    rows = torch.randn(9, 3)  # another number of rows than it was exported with
    (output,) = session.run(None, {session.get_inputs()[0].name: rows.numpy()})
    torch.testing.assert_close(torch.from_numpy(output), module(rows), rtol=1e-5, atol=1e-6)
    print("computed by ONNX")
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory) -> subprocess.CompletedProcess[str]:
    path = tmp_path_factory.mktemp("onnx") / "network.onnx"
    return subprocess.run([sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True)


def test_torch_can_export_it_further(script):
    assert "exported\n" in script.stdout, script.stderr


def test_onnx_runtime_computes_the_same(script):
    pytest.importorskip("onnxscript", reason="needs the extra `onnx`")
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    assert script.returncode == 0, script.stderr
    assert "computed by ONNX\n" in script.stdout
