"""Anchors: as many as the networks have rows, at the places where MediaPipe's calculator puts them."""

from __future__ import annotations

import numpy as np
import pytest

from models import anchors


@pytest.mark.parametrize(
    ("layout", "count"), [(anchors.FACE_SHORT, 896), (anchors.FACE_FULL, 2304), (anchors.BODY, 2254)]
)
def test_a_detector_has_as_many_anchors_as_its_network_has_rows(layout: anchors.AnchorLayout, count: int) -> None:
    centres = anchors.centres(layout)
    assert centres.shape == (count, 2)
    assert centres.min() > 0
    assert centres.max() < layout.size


def test_anchors_run_cell_by_cell_row_by_row_layer_by_layer() -> None:
    centres = anchors.centres(anchors.FACE_SHORT)
    assert centres[:4].tolist() == [[4, 4], [4, 4], [12, 4], [12, 4]]
    assert centres[32].tolist() == [4, 12]  # the second row of cells
    assert centres[512:519].tolist() == [[8, 8]] * 6 + [[24, 8]]  # three layers of stride 16 share a grid


def test_anchors_stand_in_the_middles_of_cells_where_the_stride_does_not_divide_the_input() -> None:
    centres = anchors.centres(anchors.AnchorLayout(10, (4,), per_layer=1))
    assert np.allclose(centres[:3, 0], [10 / 6, 5, 50 / 6])
