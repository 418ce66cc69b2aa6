"""Where the weights of a chunk lie: every number of the flat buffer once, and found again by name."""

import pytest
import torch
from torch.testing import assert_close

from continuum.ensemble.layout import Bucket, Layout, Section, input_columns

#: Two streams; members of 4 and 3, 4 and 3, and 8 and 5 rows in two hidden layers; 3 features, 2 outputs.
LAYOUT = Layout(2, [(4, 3), (4, 3), (8, 5)], inputs=3, outputs=2)
EXACT = {"rtol": 0, "atol": 0}


@pytest.mark.parametrize(
    ("inputs", "columns"), [(1, 2), (10, 11), (11, 16), (14, 16), (15, 16), (16, 17), (26, 27), (27, 32)]
)
def test_columns_are_filled_up_from_twelve_of_sixteen_on(inputs: int, columns: int) -> None:
    assert input_columns(inputs) == columns


def test_sections_follow_each_other() -> None:
    """Per stream: 16 rows of 4 columns; 2 x 12 + 40 weights and 11 biases; 2 x 6 + 10 weights and 6 biases."""
    assert LAYOUT.sections == [
        Section(0, False, 0, 64),
        Section(1, False, 128, 64),
        Section(1, True, 256, 11),
        Section(2, False, 278, 22),
        Section(2, True, 322, 6),
    ]
    assert LAYOUT.size == 334
    assert LAYOUT.totals == [16, 11, 6]


def test_equal_neighbours_share_a_bucket() -> None:
    assert LAYOUT.buckets(1) == [Bucket(2, 4, 3, 0, 0, 0), Bucket(1, 8, 5, 8, 6, 24)]
    assert LAYOUT.buckets(2) == [Bucket(2, 3, 2, 0, 0, 0), Bucket(1, 5, 2, 6, 4, 12)]


def test_every_number_belongs_to_one_member_or_to_the_padding() -> None:
    """11 features take 16 columns, of which 4 belong to no member's weights."""
    layout = Layout(2, [(4,), (8,)], inputs=11, outputs=3)
    marks = torch.zeros(layout.size)
    for pairs in layout.split(marks):
        for weight, bias in pairs:
            weight.add_(1)
            bias.add_(1)
    assert marks.unique().tolist() == [0, 1]
    assert int((marks == 0).sum()) == 2 * 12 * 4


def test_owners_are_the_members_of_the_views() -> None:
    flat = LAYOUT.owners().double()
    for number, pairs in enumerate(LAYOUT.split(flat)):
        for weight, bias in pairs:
            assert weight.unique().tolist() == [number]
            assert bias.unique().tolist() == [number]


def test_views_have_the_shapes_of_their_layers() -> None:
    pairs = LAYOUT.split(torch.zeros(LAYOUT.size))
    assert len(pairs) == 6
    for number in (2, 5):
        assert [(*w.shape, *b.shape) for w, b in pairs[number]] == [(8, 3, 8), (8, 5, 5), (5, 2, 2)]


def test_join_is_undone_by_split() -> None:
    generator = torch.Generator().manual_seed(0)
    flat = torch.zeros(LAYOUT.size)
    members = [
        [(torch.randn(w.shape, generator=generator), torch.randn(b.shape, generator=generator)) for w, b in pairs]
        for pairs in LAYOUT.split(flat)
    ]
    LAYOUT.join(flat, members)
    for pairs, expected in zip(LAYOUT.split(flat), members, strict=True):
        for (w, b), (joined_w, joined_b) in zip(pairs, expected, strict=True):
            assert_close(w, joined_w, **EXACT)
            assert_close(b, joined_b, **EXACT)


def test_areas_are_views_stream_by_stream() -> None:
    flat = torch.arange(LAYOUT.size)
    assert LAYOUT.area(flat, 0).shape == (2, 16, 4)
    assert LAYOUT.area(flat, 1)[:, 0].tolist() == [128, 192]
    assert LAYOUT.area(flat, 2, bias=True).tolist() == [list(range(322, 328)), list(range(328, 334))]


def test_rows_know_their_member_and_unit() -> None:
    position, unit = LAYOUT.row_maps(1)
    assert position.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2]
    assert unit.tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 4]


def test_feeders_are_the_rows_of_the_blocks() -> None:
    """A block (fan-in, fan-out) lies row after row, so that each feeder stands fan-out times."""
    assert LAYOUT.feeders(2).tolist() == [row for row in range(11) for _ in range(2)]
    assert LAYOUT.feeders(1).tolist() == [row for row in range(16) for _ in range(3 if row < 8 else 5)]
