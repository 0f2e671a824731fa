"""The training of a detector: batches in, better weights out, exactly resumable."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models import cells
from models.detector import Detector, folded
from models.errors import OnlookerError
from models.training import batches, checkpoint, schedule
from models.training.assignment import Truth
from models.training.average import Average
from models.training.batches import Batch, Plan
from models.training.checkpoint import Checkpoint
from models.training.dense import dense_loss
from models.training.examples import Example
from models.training.float_convolutions import keep_float
from models.training.losses import Loss, detector_loss


class TrainingError(OnlookerError):
    """A training that cannot go on; what was reached before is kept."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a run goes: `steps`, learning `rate`, `warm_up` steps, `decay` of the moving average, largest norm of all
    gradients together `clip`; `dense`: weight of the teacher's cells in the loss; `new`: how many times as fast the
    heads' last layers learn (`schedule.groups`); a report each `report` steps, a state kept and the detector validated
    each `keep`."""

    steps: int
    rate: float = 5e-5
    warm_up: int = 50
    decay: float = 0.998
    clip: float = 35.0
    dense: float = 0.0
    new: float = 1.0
    report: int = 50
    keep: int = 300


@dataclass(frozen=True, slots=True)
class Report:
    """The run after `step` steps: means of the `losses` since the last report by name, `rate`, pictures a second, and
    the seconds that are left; `scores`: of a validation, by name, where there was one."""

    step: int
    losses: dict[str, float]
    rate: float
    speed: float
    left: float
    scores: dict[str, float] = field(default_factory=dict)


Tell = Callable[[Report], None]
Validate = Callable[[Detector], dict[str, float]]


class Trainer:
    """One run. `network` is trained in place; `average` holds the weights that are worth keeping.

    `settings`: what tells this run from others; a state with others is refused. `low_precision`: bfloat16 where that is
    good enough. `teacher`: of the same cells, whose every one is learned with the weight `Course.dense` (`dense.py`).
    """

    def __init__(
        self,
        network: Detector,
        course: Course,
        folder: Path,
        settings: dict[str, Any],
        *,
        device: torch.device,
        low_precision: bool = True,
        teacher: Detector | None = None,
    ) -> None:
        self.network = network.to(device).train().requires_grad_(True)
        for parameter in self.network.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.course, self.device = course, device
        self._teacher = None if teacher is None else teacher.to(device).quick().eval().requires_grad_(False)
        self._folder, self._settings, self._low = folder, settings, low_precision
        if low_precision and device.type == "cpu":
            keep_float(self.network)
        groups = schedule.groups(self.network, course.new)
        self._optimizer = torch.optim.AdamW(groups, lr=course.rate, betas=(0.9, 0.99), weight_decay=0.0)
        self.average = Average(self.network, course.decay)
        self.step, self.curve = 0, list[dict[str, float]]()
        self._sums: dict[str, float] = {}  # of the losses since the last report, and of how many "steps"
        self._between = True  # two steps: weights, average and moments belong together
        low, high = (torch.tensor(v, device=device).view(3, 1, 1) for v in (network.design.low, network.design.high))
        self._low_value, self._range = low, high - low

    def resume(self) -> bool:
        """Go on from the state in the folder; False where there is none. Raises OnlookerError where it does not fit."""
        state = checkpoint.load(self._folder / "state")
        if state is None:
            return False
        shapes = {name: value.shape for name, value in self.network.state_dict().items()}
        if {name: value.shape for name, value in state.tensors["weights"].items()} != shapes:
            raise TrainingError(f"{self._folder} holds the state of another network: choose another folder.")
        if state.settings != self._settings:
            changed = sorted(
                k for k in {*state.settings, *self._settings} if state.settings.get(k) != self._settings.get(k)
            )
            raise TrainingError(
                f"{self._folder} holds a run with other settings ({', '.join(changed)}): give those, or another folder."
            )
        self.network.load_state_dict(dict(state.tensors["weights"]))
        for name, value in state.tensors["average"].items():
            self.average.weights[name].copy_(value)
        for name, parameter in self.network.named_parameters():
            self._optimizer.state[parameter] = {
                "step": torch.tensor(float(state.step)),
                "exp_avg": self._as(parameter, state.tensors["first"][name]),
                "exp_avg_sq": self._as(parameter, state.tensors["second"][name]),
            }
        self.step, self.curve, self._sums = state.step, state.curve, dict(state.sums)
        return True

    @staticmethod
    def _as(parameter: Tensor, value: Tensor) -> Tensor:
        return torch.empty_like(parameter).copy_(value)

    def keep(self) -> None:
        """Store the state. Raises OnlookerError."""
        moments = [self._optimizer.state[parameter] for parameter in self.network.parameters()]
        names = [name for name, _ in self.network.named_parameters()]
        if not moments[0]:
            return  # nothing was learned yet
        tensors = {
            "weights": self.network.state_dict(),
            "average": self.average.weights,
            "first": {name: one["exp_avg"] for name, one in zip(names, moments, strict=True)},
            "second": {name: one["exp_avg_sq"] for name, one in zip(names, moments, strict=True)},
        }
        kept = Checkpoint(self.step, self._settings, tensors, self.curve, self._sums)
        checkpoint.save(kept, self._folder / "state")

    def run(
        self, examples: Sequence[Example], plan: Plan, tell: Tell | None = None, validate: Validate | None = None
    ) -> None:
        """All steps that are left. Interrupted between two steps or in one, it keeps its state and lets that pass on.

        Raises TrainingError where the loss is no number (the last state is kept) or memory does not suffice.
        """
        stream = batches.stream(examples, plan, self.step, self.course.steps)
        try:
            with closing(stream):
                self._run(stream, plan, tell, validate)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise TrainingError(self._too_large(examples, plan)) from error
        except BaseException as end:
            # Ctrl-C, or how a command line is told to end; within the change of weights the state before is kept.
            if not isinstance(end, Exception) and self._between:
                self.keep()
            raise
        self.keep()

    def _run(self, stream: Iterable[Batch], plan: Plan, tell: Tell | None, validate: Validate | None) -> None:
        since, last = time.monotonic(), self.step
        for batch in stream:
            loss = self.learn(batch)
            for name in ("total", "quality", "overlap", "distribution"):
                self._sums[name] = self._sums.get(name, 0.0) + float(getattr(loss, name).detach())
            self._sums["steps"] = self._sums.get("steps", 0) + 1
            ended = self.step == self.course.steps
            if self.step % self.course.report == 0 or ended:
                sums, self._sums = self._sums, {}
                losses = {name: value / sums["steps"] for name, value in sums.items() if name != "steps"}
                count, taken = self.step - last, max(time.monotonic() - since, 1e-6)
                rate = self.course.rate * schedule.rate(self.step, self.course.steps, self.course.warm_up)
                left = (self.course.steps - self.step) * taken / count
                scores = self._validated(validate) if self.step % self.course.keep == 0 or ended else {}
                self.curve.append({"step": self.step, "rate": rate, **losses, **scores})
                if tell is not None:
                    tell(Report(self.step, losses, rate, count * plan.size / taken, left, scores))
                since, last = time.monotonic(), self.step
            if self.step % self.course.keep == 0:
                self.keep()

    def learn(self, batch: Batch) -> Loss:
        """One step. Raises TrainingError where the loss is no number; the weights are then as before."""
        part = schedule.rate(self.step, self.course.steps, self.course.warm_up)
        for group in self._optimizer.param_groups:
            group["lr"] = self.course.rate * part * group["part"]
        loss = self.loss(batch)
        self._optimizer.zero_grad()
        loss.total.backward()  # type: ignore[no-untyped-call]  # torch's own
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.course.clip)
        if not bool(torch.isfinite(loss.total)) or not bool(torch.isfinite(norm)):
            raise TrainingError(
                f"The loss is no number any more at step {self.step + 1}: the last good state is kept in "
                f"{self._folder}; begin again with a lower --rate."
            )
        self._between = False
        self._optimizer.step()
        self.step += 1
        self.average.update(self.network, self.step)
        self._between = True
        return loss

    def loss(self, batch: Batch) -> Loss:
        """What the network loses on a batch now."""
        pictures = batch.pictures.to(self.device, non_blocking=True).flip(3).permute(0, 3, 1, 2).float() / 255
        x = (self._low_value + pictures * self._range).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._low):
            outputs = self.network(x)
        grid = cells.grid(x.shape[2], x.shape[3])
        places, strides = (torch.from_numpy(v.copy()).to(self.device) for v in (grid.places, grid.strides))
        fields = ("boxes", "classes", "weights", "present", "ignored", "labelled")
        truth = Truth(*(getattr(batch.truth, name).to(self.device) for name in fields))
        loss = detector_loss(outputs["scores"], outputs["sides"], places, strides, truth)
        if self._teacher is None or not self.course.dense:
            return loss
        with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16, enabled=self._low):
            taught = self._teacher(x)
        return replace(loss, total=loss.total + self.course.dense * dense_loss(outputs, taught).total())

    def averaged(self) -> Detector:
        """A network of its own with the averaged weights, in float32, on the processor, without branches."""
        network = Detector(self.network.design)
        network.load_state_dict({name: value.cpu() for name, value in self.average.weights.items()})
        return folded(network) if network.design.branches else network.eval()

    def _validated(self, validate: Validate | None) -> dict[str, float]:
        return {} if validate is None else validate(self.averaged())

    def _too_large(self, examples: Sequence[Example], plan: Plan) -> str:
        """The sentence that says which size of a batch would fit: halved until a step of the largest input does."""
        self._optimizer.zero_grad()
        size = plan.size // 2
        while size:
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
            largest = Plan(size, [max(plan.sides)], [1.0], 0.0, plan.augmentation, plan.seed)
            try:
                self.loss(batches.make(examples, largest, 0)).total.backward()  # type: ignore[no-untyped-call]  # torch's
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                size //= 2
                continue
            return f"The device's memory does not suffice for {plan.size} pictures at once: take --batch {size}."
        return "The device's memory does not suffice for one picture: take smaller --sides, or --device cpu."


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory does not suffice: torch has no kind of its own for that of processors."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)
