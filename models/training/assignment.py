"""Which cell is to find which box: NanoDet-Plus's dynamic soft label assignment (RangiLyu/nanodet,
`DynamicSoftLabelAssigner`), itself SimOTA of YOLOX (Ge et al., arXiv:2107.08430, section 2.1) with soft labels.

Of the cells whose place lies in a box, the k cheapest are to find it, where k is the sum of its 13 best overlaps. A
cell's cost is what its classes lose if its target were its present overlap, plus 3 times -log(overlap). All pictures of
a batch at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

CANDIDATES = 13
OVERLAP_WEIGHT = 3.0
_NEVER = 1e8


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What a batch of B pictures shows, padded to G boxes each.

    `boxes` (B, G, 4), `classes` (B, G), `weights` (B, G) 1 or a teacher's score, `present` (B, G) boxes to be found,
    `ignored` (B, G) boxes inside which their class counts neither way, `labelled` (B, classes).
    """

    boxes: Tensor
    classes: Tensor
    weights: Tensor
    present: Tensor
    ignored: Tensor
    labelled: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """For M cells: `positive` (B, M) whether it is to find a box, `which` (B, M) of the G, `overlap` (B, M) of its
    present box with that one, `inside` (B, M, G) whether its place lies in a box."""

    positive: Tensor
    which: Tensor
    overlap: Tensor
    inside: Tensor


@torch.no_grad()
def assign(scores: Tensor, boxes: Tensor, places: Tensor, truth: Truth) -> Assigned:
    """`scores` (B, M, classes) logits and `boxes` (B, M, 4) as the network gives them now, `places` (M, 2) of cells."""
    inside = _inside(places, truth.boxes)
    possible = inside & truth.present[:, None]
    overlap = pairwise_iou(boxes[:, :, None], truth.boxes[:, None])[0] * truth.present[:, None]
    cost = _class_cost(scores, truth.classes, overlap) - OVERLAP_WEIGHT * torch.log(overlap + 1e-7)
    cost = cost.masked_fill(~possible, _NEVER)
    most = min(CANDIDATES, cost.shape[1])
    wanted = (overlap * possible).topk(most, 1).values.sum(1).int().clamp(min=1)
    cheapest = cost.topk(most, 1, largest=False).indices
    among = torch.arange(most, device=cost.device)[None, :, None] < wanted[:, None]
    chosen = torch.zeros_like(possible).scatter_(1, cheapest, among) & possible
    # A cell that several boxes want goes to the one that it is cheapest for.
    best = cost.masked_fill(~chosen, _NEVER).min(2)
    which = best.indices
    return Assigned(best.values < _NEVER, which, overlap.gather(2, which[..., None])[..., 0], inside)


def pairwise_iou(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union of boxes (..., 4) that broadcast, and the union's area in square pixels."""
    sides = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    shared = sides[..., 0] * sides[..., 1]
    union = _area(a) + _area(b) - shared
    return shared / union.clamp(min=1e-6), union


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _inside(places: Tensor, boxes: Tensor) -> Tensor:
    """(M, 2), (B, G, 4) -> (B, M, G)."""
    x, y = places[None, :, None, 0], places[None, :, None, 1]
    left, top, right, bottom = boxes[:, None].unbind(-1)
    return (x > left) & (x < right) & (y > top) & (y < bottom)


def _class_cost(scores: Tensor, classes: Tensor, overlap: Tensor) -> Tensor:
    """(B, M, G): the quality focal loss over all classes of each cell if it were to find each box.

    Only the box's own class differs from an empty cell's loss, so the sum is not made for each box.
    """
    empty = functional.softplus(scores) * scores.sigmoid() ** 2
    index = classes[:, None].expand(-1, scores.shape[1], -1)
    logits = scores.gather(2, index)
    own = (functional.softplus(logits) - logits * overlap) * (overlap - logits.sigmoid()) ** 2
    return empty.sum(2, keepdim=True) - empty.gather(2, index) + own
