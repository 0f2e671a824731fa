"""Which objects are wanted, as the command line says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import typer

from models.catalogue import DETECTOR

DEFAULT = DETECTOR

_MULTIPLE = 32
_SHORT = 12  # classes that are named one by one


@dataclass(frozen=True, slots=True)
class ObjectChoice:
    """Which network finds objects, at which size of its input (None: as fast as needed here), and which are wanted.

    `classes`: their names, None = all. `class_scores`: another least score for some.
    """

    detector: str = DEFAULT
    input_size: int | None = None
    classes: frozenset[str] | None = None
    class_scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def named(self) -> tuple[str, ...]:
        """Every class that is named, once."""
        return tuple(dict.fromkeys([*sorted(self.classes or ()), *self.class_scores]))


def object_choice(
    detector: str, input_size: int | None, classes: str | None, class_scores: Sequence[str] | None
) -> ObjectChoice:
    """The choice that these switches make. Raises typer.BadParameter, in one sentence, for what cannot be meant."""
    labels = known_labels(detector)
    if input_size is not None and input_size % _MULTIPLE:
        below = max(_MULTIPLE, input_size // _MULTIPLE * _MULTIPLE)
        raise typer.BadParameter(
            f"--input-size {input_size} is no multiple of {_MULTIPLE}: take {below} or {below + _MULTIPLE}."
        )
    choice = ObjectChoice(detector, input_size, class_names(classes), _scores(class_scores or ()))
    if labels is not None:
        check_classes(choice, labels)
    return choice


def check_classes(choice: ObjectChoice, labels: Sequence[str]) -> None:
    """Raises typer.BadParameter for a class that a detector with these `labels` does not know, with near names and the
    way to all of them."""
    for name in choice.named:
        if name not in labels:
            from desktop.recordings.rule import nearest

            if len(labels) <= _SHORT:
                hint = f"{nearest(name, labels)} It knows {', '.join(labels)}.".strip()
            else:
                hint = f"{nearest(name, labels)} `onlooker models --json` lists all that it knows.".strip()
            raise typer.BadParameter(f"{choice.detector} knows no class {name!r}: {hint}")


def known_labels(detector: str) -> tuple[str, ...] | None:
    """The classes of a detector of the catalogue; None of one that was added: it has to be read first."""
    from models.catalogue import NETWORKS
    from models.classes import COCO

    network = NETWORKS.get(detector)
    if network is None:
        return COCO if detector == DEFAULT else None
    labels: tuple[str, ...] = getattr(network, "labels", ())
    return labels or COCO


def class_names(text: str | None) -> frozenset[str] | None:
    """The names in "dog,cat"; None stays None. Raises typer.BadParameter where there is none."""
    if text is None:
        return None
    names = frozenset(name.strip() for name in text.split(",")) - {""}
    if not names:
        raise typer.BadParameter("--classes names no class; write --classes dog,cat, or --no-objects for none.")
    return names


def _scores(texts: Sequence[str]) -> dict[str, float]:
    scores = {}
    for text in texts:
        name, sign, number = text.rpartition("=")
        try:
            score = float(number)
        except ValueError:
            score = -1.0
        if not sign or not name.strip() or not 0.0 <= score <= 1.0:
            raise typer.BadParameter(f"--class-score {text} is no class and score: write --class-score dog=0.6.")
        scores[name.strip()] = score
    return scores
