"""What a detector loses: quality focal loss, distribution focal loss and GIoU loss.

The first two: Li et al., "Generalized Focal Loss" (arXiv:2006.04388), equations 5 and 6; the third: Rezatofighi et al.
(arXiv:1902.09630), algorithm 1. Weights of the three as in NanoDet-Plus (RangiLyu/nanodet): 1, 0.25 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.training.assignment import Assigned, Truth, assign, pairwise_iou

DISTRIBUTION, OVERLAP = 0.25, 2.0
FULL = 0.85
"""A box that overlaps a teacher's guess this much deserves the guess's whole score."""


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """`total` to be minimised; its parts: `quality` of classes, `overlap` and `distribution` of boxes."""

    total: Tensor
    quality: Tensor
    overlap: Tensor
    distribution: Tensor


def quality_focal(scores: Tensor, targets: Tensor) -> Tensor:
    """Equation 5, beta 2, for each logit: targets are 0..1."""
    crossed = functional.softplus(scores) - scores * targets
    return crossed * (targets - scores.sigmoid()).abs() ** 2


def distribution_focal(sides: Tensor, distances: Tensor) -> Tensor:
    """Equation 6: `sides` (K, 4, bins) logits, `distances` (K, 4) in strides, 0 .. bins - 1 -> (K,), their mean."""
    low = distances.long().clamp(max=sides.shape[-1] - 2)
    share = distances - low
    logs = sides.log_softmax(-1)
    near = logs.gather(2, low[..., None])[..., 0]
    far = logs.gather(2, low[..., None] + 1)[..., 0]
    return -(near * (1 - share) + far * share).mean(1)


def giou(boxes: Tensor, targets: Tensor) -> Tensor:
    """1 - GIoU of boxes (K, 4) and targets (K, 4): 0..2 for each."""
    overlap, union = pairwise_iou(boxes, targets)
    around = torch.maximum(boxes[:, 2:], targets[:, 2:]) - torch.minimum(boxes[:, :2], targets[:, :2])
    hull = (around[:, 0] * around[:, 1]).clamp(min=1e-6)
    return 1 - overlap + (hull - union) / hull


def detector_loss(scores: Tensor, sides: Tensor, places: Tensor, strides: Tensor, truth: Truth) -> Loss:
    """What a detector's raw outputs lose.

    `scores` (B, M, classes), `sides` (B, M, 4 * bins) logits; `places` (M, 2), `strides` (M,) of the cells. Classes
    that are not labelled learn from the guesses alone, and their boxes teach no box.
    """
    scores, logits = scores.float(), sides.float().reshape(*sides.shape[:2], 4, -1)
    steps = torch.arange(logits.shape[-1], device=logits.device, dtype=torch.float32)
    reach = (logits.softmax(-1) @ steps) * strides[:, None]
    boxes = torch.cat([places - reach[..., :2], places + reach[..., 2:]], -1)
    assigned = assign(scores.detach(), boxes.detach(), places, truth)
    classes = truth.classes.gather(1, assigned.which)
    labelled = truth.labelled.gather(1, classes)
    targets = _targets(scores, assigned, classes, labelled, truth)
    counted = _counted(scores, assigned, classes, truth)
    positives = assigned.positive.sum().clamp(min=1)
    quality = (quality_focal(scores, targets) * counted).sum() / positives
    taught = assigned.positive & labelled
    if not taught.any():
        nothing = logits.sum() * 0
        return Loss(quality + nothing, quality, nothing, nothing)
    # How sure the cell is weighs its box, as in NanoDet-Plus.
    weights = scores.detach().sigmoid().amax(-1)[taught]
    goals = truth.boxes.gather(1, assigned.which[..., None].expand(-1, -1, 4))[taught]
    at = places.expand(len(scores), -1, -1)[taught]
    step = strides.expand(len(scores), -1)[taught][:, None]
    distances = torch.cat([at - goals[:, :2], goals[:, 2:] - at], 1) / step
    distances = distances.clamp(0, logits.shape[-1] - 1.1)
    overlap = (giou(boxes[taught], goals) * weights).sum() / weights.sum()
    distribution = (distribution_focal(logits[taught], distances) * weights).sum() / weights.sum()
    return Loss(quality + OVERLAP * overlap + DISTRIBUTION * distribution, quality, overlap, distribution)


def _targets(scores: Tensor, assigned: Assigned, classes: Tensor, labelled: Tensor, truth: Truth) -> Tensor:
    """(B, M, classes): the overlap for a label; for a guess its score, less where the box does not reach it yet."""
    guessed = truth.weights.gather(1, assigned.which) * (assigned.overlap / FULL).clamp(max=1)
    wanted = torch.where(labelled, assigned.overlap, guessed) * assigned.positive
    return torch.zeros_like(scores).scatter_(2, classes[..., None], wanted[..., None])


def _counted(scores: Tensor, assigned: Assigned, classes: Tensor, truth: Truth) -> Tensor:
    """(B, M, classes) 1, or 0 for the class of an ignored box within it; what a cell is to find always counts."""
    counted = torch.ones_like(scores)
    for picture, box in truth.ignored.nonzero().tolist():
        counted[picture, assigned.inside[picture, :, box], truth.classes[picture, box]] = 0
    own = counted.gather(2, classes[..., None]).masked_fill(assigned.positive[..., None], 1)
    return counted.scatter_(2, classes[..., None], own)
