"""Dense distillation: a student with its teacher's cells is told, cell by cell, what the teacher sees. Needs no labels.

Both look at the same picture at the same size, so their cells stand at the same places, and every one of them teaches:
that nothing is there, too, for all classes, whichever of them the picture is labelled for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

BETA = 2.0
"""How much more cells count where student and teacher differ more (quality focal loss)."""
SEEN = 0.05
"""The teacher's best score in a cell below which it says nothing of where a box ends."""


@dataclass(frozen=True, slots=True)
class DenseLoss:
    """`scores`: of what is there, `sides`: of where it ends; both scalars with a gradient."""

    scores: Tensor
    sides: Tensor

    def total(self, sides: float = 1.0) -> Tensor:
        """Their weighted sum."""
        return self.scores + sides * self.sides


def dense_loss(student: Mapping[str, Tensor], teacher: Mapping[str, Tensor]) -> DenseLoss:
    """How far the student's outputs are from the teacher's, both as `models.detector.Detector` gives them.

    Scores (N, M, classes): quality focal loss with the teacher's probability as the quality (Li et al., "Generalized
    Focal Loss", arXiv:2006.04388, equation 2, beta 2). Sides (N, M, 4 * bins): the divergence of the teacher's
    distribution of each side from the student's (Zheng et al., "Localization Distillation", arXiv:2102.12252, equation
    1 at temperature 1), where the teacher's best score is the weight of a cell, none below `SEEN` (ours). Both are
    divided by the sum of these weights, at least 1, so that a picture with many things counts no more than one with
    few. Raises ValueError where the two have other cells, classes or bins.
    """
    for name in ("scores", "sides"):
        if student[name].shape != teacher[name].shape:
            shapes = f"{tuple(student[name].shape)}, not {tuple(teacher[name].shape)}"
            raise ValueError(f"student and teacher must give {name} alike: {shapes}")
    with torch.no_grad():
        wanted = teacher["scores"].float().sigmoid()
        sure = wanted.amax(-1)  # (N, M)
        whole = sure.sum().clamp(min=1.0)
    given = student["scores"].float()
    gap = (given.detach().sigmoid() - wanted).abs()
    scores = functional.binary_cross_entropy_with_logits(given, wanted, reduction="none")
    rest = functional.binary_cross_entropy(wanted, wanted, reduction="none")  # what no student can be without
    seen = sure > SEEN
    count = int(seen.sum())
    log_given, log_wanted = (
        one["sides"][seen].float().view(count, 4, one["sides"].shape[-1] // 4).log_softmax(-1)
        for one in (student, teacher)
    )
    sides = functional.kl_div(log_given, log_wanted, reduction="none", log_target=True).sum((-1, -2))
    return DenseLoss((gap.pow(BETA) * (scores - rest)).sum() / whole, (sure[seen] * sides).sum() / whole / 4)
