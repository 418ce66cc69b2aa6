"""The strategies keep to what they say, and shrink to small, round examples."""

import itertools

import pytest
import torch
from hypothesis import Phase, find, given, settings

from proofs_checks import strategies

# A minimum must be found, whatever the profile; the database would let one run learn from another.
SEARCH = settings(max_examples=500, database=None, derandomize=True, phases=[Phase.generate, Phase.shrink])

SIMPLEST = {
    "a width": (strategies.gammas(4), lambda gamma: True, 0.0),
    "a width above 1": (strategies.gammas(4), lambda gamma: gamma > 1, 2.0),
    "a width beyond the end": (strategies.gammas(4, beyond=0.75), lambda gamma: gamma > 4, 4.5),
    "a width in a tile": (strategies.interior(4), lambda gamma: gamma > 1, 1.5),
    "a width on a grid": (strategies.gridded(4, 8), lambda gamma: gamma > 0, 0.125),
    "a magnitude": (strategies.magnitudes(-3, 3), lambda size: True, 1.0),
    "a large magnitude": (strategies.magnitudes(-3, 3), lambda size: size > 50, 100.0),
    "a slope": (strategies.slopes(), lambda slope: True, 1.0),
    "a slope that falls": (strategies.slopes(), lambda slope: slope < 0, -1.0),
    "a vector": (strategies.vectors(-5, 5), lambda v: True, [0.0]),
    "a vector of some size": (strategies.vectors(-5, 5), lambda v: v.sum() > 2.2, [3.0]),
    "a long vector": (strategies.vectors(-5, 5), lambda v: len(v) > 1, [0.0, 0.0]),
    "a tensor": (strategies.tensors(2), lambda t: t[1] > 0.1, [0.0, 0.109375]),
    "a tie": (strategies.ties(), lambda v: len(v) > len(v.unique()), [0.0, 0.0]),
    "crossings": (strategies.crossings(4), lambda places: len(places) > 1, [0.125, 0.375]),
    "crossings apart": (strategies.crossings(4, apart=2), lambda places: len(places) > 1, [0.125, 0.625]),
}


@pytest.mark.parametrize(("strategy", "condition", "simplest"), SIMPLEST.values(), ids=SIMPLEST)
def test_the_simplest_example_is_small_and_round(strategy, condition, simplest):
    example = find(strategy, condition, settings=SEARCH)
    assert (example.tolist() if isinstance(example, torch.Tensor) else example) == simplest


def test_the_simplest_layer_has_one_unit_and_no_batch():
    layer = find(strategies.layers(), lambda layer: True, settings=SEARCH)
    assert (layer.units, layer.batch, layer.rows, layer.outputs, layer.seed) == (1, (), 1, 1, 0)
    assert layer.gamma == 0.5


def test_a_batch_of_layers_shrinks_in_size():
    layer = find(strategies.layers(), lambda layer: len(layer.batch) > 1, settings=SEARCH)
    assert (layer.units, layer.gamma.tolist()) == (1, [[0.5, 0.5], [0.5, 0.5]])


@given(strategies.layers(), strategies.shares(4), strategies.coarse_grades(3, 8), strategies.vectors(0, 1, 2, 5))
def test_what_is_drawn_lies_in_its_range(layer, share, grades, vector):
    assert layer.gamma.shape == layer.batch
    assert ((layer.gamma > 0) & (layer.gamma < layer.units) & (layer.gamma != layer.gamma.round())).all()
    assert share.sum() == 1
    assert share.min() >= 0
    assert torch.equal(8 * grades, (8 * grades).round())
    assert 2 <= len(vector) <= 5
    assert 0 <= vector.min() <= vector.max() <= 1


@given(strategies.crossings(3, most=4, apart=2, parts=8))
def test_crossings_keep_apart_and_off_the_integers(places):
    assert all(after - before >= 2 / 8 for before, after in itertools.pairwise(places))
    assert all(0 < place < 3 and (16 * place) % 2 == 1 for place in places)


def test_problems_shrink_to_zeros():
    curved = find(strategies.curved(2, 1), lambda problem: True, settings=SEARCH)
    assert not curved.shift.any()
    assert not curved.coupling.any()
