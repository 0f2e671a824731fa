"""How fast is learned at each step, and how fast each tensor learns."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor, nn

from models.detector import Detector

USUAL_SIZE = 0.1
"""Root mean square of a tensor from which it learns at the full rate."""
SHRINK = 0.05
"""How strongly the weights before batch norms are drawn to zero (AdamW's weight decay)."""


def rate(step: int, steps: int, warm_up: int) -> float:
    """Part of the learning rate, 0..1: rises over `warm_up` steps, then half a cosine down to 0 (Loshchilov and Hutter,
    arXiv:1608.03983, equation 5, without restarts)."""
    rising = min(1.0, (step + 1) / max(warm_up, 1))
    return rising * 0.5 * (1 + math.cos(math.pi * min(step / max(steps, 1), 1.0)))


def tensor_rate(weights: Tensor) -> float:
    """Part of the rate at which a tensor learns, 0..1: min(1, rms / 0.1).

    With batch norms folded in, the size of weights is arbitrary (root mean squares from 0.014 to 1.8 in the start), and
    Adam's steps do not know it: at one rate for all the small tensors are wrecked within minutes (docs/training.md).
    """
    return min(1.0, float(weights.detach().float().pow(2).mean().sqrt()) / USUAL_SIZE)


def groups(network: Detector, new: float = 1.0) -> list[dict[str, Any]]:
    """What Adam is told of each parameter, in their order: the `part` of the rate, and its weight decay.

    `new`: how many times as fast the last layers of the heads learn, which may begin anew when nothing else does.

    A network with batch norms learns at one rate for all, since they undo the size of what comes before, and since what
    they add begins at 0, where a rate by size (`tensor_rate`) would leave it. Its convolutions are drawn to zero.
    """
    normed = any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    last = {id(one) for head in network.heads.levels for one in list(head.parameters())[-2:]}
    return [
        {
            "params": [one],
            "part": (1.0 if normed else tensor_rate(one)) * (new if id(one) in last else 1.0),
            "weight_decay": SHRINK if normed and one.dim() == 4 else 0.0,
        }
        for one in network.parameters()
    ]
