"""Averages of weights: over the steps of a run, and between two networks."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Average:
    """The exponential moving average of a network's weights (Polyak and Juditsky's idea, as detectors use it).

    `decay`: how much of the average stays at each step, less in the first steps. `weights`: by name, float32;
    what batch norms have seen is averaged with the weights that it belongs to, a count is the latest.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self.weights = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after `step` steps."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self.weights[name].lerp_(value, 1 - decay)
            else:
                self.weights[name].copy_(value)


def mixed(start: Mapping[str, Tensor], trained: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """`share` of the trained weights and the rest of those that they were started from.

    Keeps what the start knew of other pictures: Wortsman et al., "Robust fine-tuning" (arXiv:2109.01903), equation 1.
    """
    return {name: value + share * (trained[name] - value) for name, value in start.items()}
