"""The compiled perceptron behaves as the operations that it stands for, whatever one does with a graph."""

import copy
import gc
import pickle
import threading

import pytest
import torch
from torch import nn
from torch.autograd import forward_ad
from torch.func import functional_call, grad, vmap
from torch.nn.utils import parametrizations, prune
from torch.testing import assert_close
from torch.utils.checkpoint import checkpoint

from continuum.nn import MLP, native
from continuum.widths import Affine, Concrete, Interval, SoftSupport

D = torch.float64


def network(*laws) -> MLP:
    torch.manual_seed(0)
    net = MLP(3, 2, laws or [Interval(6, 2.5), SoftSupport(5, Affine(3.25), 3.0)]).double()
    assert native.outputs(net, torch.ones(2, 3, dtype=D)) is not None
    return net


@pytest.fixture
def net() -> MLP:
    return network()


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(7, 3, dtype=D)


def gradients(net, outputs, **options):
    return torch.autograd.grad(outputs, list(net.parameters()), **options)


def refused(net, x) -> bool:
    return native.outputs(net, x) is None


@pytest.mark.usefixtures("unchecked")
def test_gradcheck(net, x):
    names, values = zip(*net.named_parameters(), strict=True)
    inputs = (x[:2].requires_grad_(), *(value.detach().clone().requires_grad_() for value in values))

    def outputs(x, *values):
        return functional_call(net, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(outputs, inputs, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(outputs, inputs)


def test_a_batch_of_gradients_at_once(net, x):
    each = torch.eye(14, dtype=D).view(14, 7, 2)
    options = {"grad_outputs": each, "is_grads_batched": True}
    assert_close(gradients(net, net(x), **options), gradients(net, net.general(x), **options))


def test_a_network_of_itself(x):
    """One input of a node is a function of another: each has its own part of the gradient."""
    torch.manual_seed(0)
    net, results = MLP(3, 3, [Interval(6, 2.5)]).double(), []
    for form in (net, net.general):
        first = gradients(net, form(form(x)).square().sum(), create_graph=True)
        results.append((*first, *gradients(net, sum(part.square().sum() for part in first))))
    assert_close(*results)


def test_a_sample_is_differentiated_twice_at_the_numbers_it_had(x):
    net, results = network(Concrete(6, 0.5), Concrete(4, 0.3)), []
    for form in (net, net.general):
        torch.manual_seed(3)
        outputs = form(x)
        net.eval()
        first = gradients(net, outputs.square().sum(), create_graph=True)
        results.append((*first, *gradients(net, sum(part.square().sum() for part in first))))
        net.train()
    assert_close(*results)


def test_graphs_are_kept_and_freed(net, x):
    outputs = net(x).sum()
    first = gradients(net, outputs, retain_graph=True)
    assert_close(gradients(net, outputs), first, rtol=0, atol=0)
    with pytest.raises(RuntimeError, match="second time"):
        gradients(net, outputs)


def test_weights_moved_in_place_are_noticed(net, x):
    outputs = net(x).sum()
    with torch.no_grad():
        net.layers[1].weight.mul_(2)
    with pytest.raises(RuntimeError, match="inplace operation"):
        gradients(net, outputs)


def test_what_no_gradient_needs_may_move_in_place(net, x):
    outputs, expected = net(x).sum(), gradients(net, net.general(x).sum())
    with torch.no_grad():
        net.widths[0].gamma.fill_(4.0)
        net.layers[0].bias.mul_(2)
    assert_close(gradients(net, outputs, retain_graph=True), expected)
    with pytest.raises(RuntimeError, match="inplace operation"):  # derivatives of it would be those of another network
        gradients(net, outputs, create_graph=True)


def test_no_write_is_missed(net, x):
    before = net(x)
    net.widths[0].gamma.data.fill_(4.25)  # which bumps no version
    assert not torch.equal(net(x), before)
    assert_close(net(x), net.general(x))


def test_hooks_are_called(net, x):
    calls = []
    removable = [
        net.activations[0].register_forward_hook(lambda *_: calls.append("activation")),
        net.register_forward_hook(lambda *_: calls.append("network")),
        net.widths[0].gamma.register_hook(lambda _: calls.append("gradient")),
        net.layers[1].weight.register_post_accumulate_grad_hook(lambda _: calls.append("accumulated")),
        nn.modules.module.register_module_forward_hook(lambda module, *_: calls.append(type(module).__name__)),
    ]
    net(x).sum().backward()
    for hook in removable:
        hook.remove()
    assert {"activation", "network", "gradient", "accumulated", "Tanh"} <= set(calls)


def test_tensors_that_it_saves_can_be_packed(net, x):
    packed = []
    with torch.autograd.graph.saved_tensors_hooks(lambda value: (packed.append(1), value)[1], lambda value: value):
        outputs = net(x)
    assert packed
    assert_close(gradients(net, outputs.sum()), gradients(net, net.general(x).sum()))
    again = checkpoint(net, x, use_reentrant=False)
    assert_close(gradients(net, again.sum()), gradients(net, net.general(x).sum()))


def test_without_a_graph(net, x):
    with torch.no_grad():
        assert not net(x).requires_grad
    with torch.inference_mode():
        outputs = net(x)
        assert outputs.is_inference()
    assert_close(outputs.clone(), net.general(x).detach())


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))], ids=["copy", "pickle"])
def test_copies(net, x, copied):
    outputs = net(x)
    other = copied(net)
    assert torch.equal(other(x), outputs)


def test_frozen_parameters(net, x):
    net.layers[0].weight.requires_grad_(False)
    net.widths[1].requires_grad_(False)
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    one, other = (torch.autograd.grad(form(x).square().sum(), trained) for form in (net, net.general))
    assert_close(one, other)
    net.requires_grad_(False)
    assert not net(x).requires_grad


def test_a_graph_outlives_its_network(x):
    net = network()
    outputs, gamma = net(x), net.widths[0].gamma
    del net
    gc.collect()
    assert torch.autograd.grad(outputs.sum(), gamma)[0].isfinite()


def test_threads(net, x):
    results: list = [None] * 3

    def work(place: int) -> None:
        for _ in range(20):
            results[place] = gradients(net, net(x).sum())

    threads = [threading.Thread(target=work, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        assert_close(result, results[0], rtol=0, atol=0)


def test_an_optimiser_takes_the_same_way(x):
    ways = []
    for quick in (True, False):
        net = network()
        adam = torch.optim.Adam(net.parameters(), lr=1e-2)
        for _ in range(30):
            adam.zero_grad()
            (net(x) if quick else net.general(x)).square().sum().backward()
            adam.step()
        ways.append(list(net.parameters()))
    assert_close(*ways, rtol=1e-9, atol=1e-9)


# PyTorch's forward mode compiles a decomposition by torch.jit, and warns of that.
@pytest.mark.filterwarnings("ignore:.*torch.jit.script. is deprecated:DeprecationWarning")
def test_transforms_take_the_general_form(x):
    net = network(SoftSupport(5, Affine(3.25), 3.0))
    values = dict(net.named_parameters())
    stacked = {name: torch.stack([value.detach()] * 2) for name, value in values.items()}
    assert vmap(lambda values: functional_call(net, values, (x,)))(stacked).shape == (2, 7, 2)
    by_transform = grad(lambda values: functional_call(net, values, (x,)).sum())(values)
    assert_close(tuple(by_transform.values()), gradients(net, net(x).sum()))
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, torch.ones_like(x))
        tangents = [forward_ad.unpack_dual(form(dual)).tangent for form in (net, net.general)]
    assert_close(*tangents)


@pytest.mark.usefixtures("unchecked")
# PyTorch itself instantiates autograd.Function while it compiles one, and then warns of that.
@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
def test_compilers_see_every_operation(x):
    torch.compiler.reset()
    net = network(SoftSupport(5, Affine(3.25), 3.0))
    assert_close(torch.compile(net, backend="aot_eager", fullgraph=True)(x), net(x))


@pytest.mark.parametrize(
    "law", [Interval(5, 2.5), Concrete(5, 0.5), SoftSupport(5, Affine(2.5), 3.0)], ids=lambda law: type(law).__name__
)
def test_laws_with_gates_of_their_own_are_left_alone(law, x):
    class Mine(type(law)):  # type: ignore[misc]
        def gates(self, generator=None):
            return torch.ones(5, dtype=D)

    net = network(law)
    law.__class__ = Mine
    assert refused(net, x)
    expected = net.layers[1](net.activations[0](net.layers[0](x)))
    assert_close(net(x), expected)


def test_what_it_does_not_know(net, x):
    assert refused(net, x[0])
    assert refused(net, x.expand(2, 7, 3))
    assert refused(net, x[:0])
    assert refused(net, x.float())
    assert refused(net, x[:, :2])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert refused(net, x)
    assert refused(net.to("meta"), x.to("meta"))
    pruned = network()
    prune.random_unstructured(pruned.layers[1], "weight", 0.5)
    assert refused(pruned, x)
    tied = network()
    parametrizations.weight_norm(tied.layers[1])
    assert refused(tied, x)
    bare = network()
    bare.layers[0].bias = None
    assert refused(bare, x)
    assert bare(x).shape == (7, 2)


def test_what_does_not_fit_is_refused_in_the_same_words(net, x):
    messages = []
    for form in (net, net.general):
        with pytest.raises(RuntimeError) as caught:
            form(x[:, :2])
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
