"""Adds a detector of one's own: what its file is, and what it sees in a picture, before it is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.frame import Frame, Pixels
from desktop.live.errand import Errand
from desktop.live.showing import Shown
from desktop.window.buttons import decision
from desktop.window.errand_dialog import ErrandDialog
from desktop.window.preview import Preview
from models.errors import NetworkError, OnlookerError

if TYPE_CHECKING:
    from models.importing.inspecting import Recognised, Wishes

_LEAST = 0.25  # score of what is drawn
_USUAL = "As is usual for it"
_INTRO = "An ONNX file of YOLOX, YOLO, NanoDet or DETR style. It is tried on a picture first, in a process of its own."
_CHOICES: dict[str, tuple[str, dict[str, object]]] = {
    "colour": ("C&olours", {"Red, green, blue": "rgb", "Blue, green, red": "bgr"}),
    "range": ("&White is", {"1": 1.0, "255": 255.0}),
    "fit": (
        "&Pictures are",
        {"Stretched": "stretch", "In the middle, grey around": "letterbox", "At the top left, grey around": "corner"},
    ),
}


class DetectorDialog(ErrandDialog):
    """Asks for a file, tries it, shows what it sees, keeps it.

    `folder`: of the networks that were added. `picture`: gives the pixels to try it on; called in a thread beside.
    `family`: the typeface of labels. `added` carries the new key. Closing it ends what runs, and adds nothing.
    """

    added = Signal(str)

    def __init__(
        self,
        folder: Path,
        picture: Callable[[], Pixels],
        *,
        threads: int,
        family: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Add a detector")
        self._folder, self._picture, self._threads = folder, picture, threads
        self._recognised: Recognised | None = None
        self._end: Callable[[], None] = lambda: None
        self._closed = False
        self._build(family)
        self._forget()

    def _build(self, family: str) -> None:
        intro = QLabel(_INTRO)
        intro.setWordWrap(True)
        self._form = QWidget()
        form = QFormLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        self.lines: dict[str, QLineEdit] = {}
        self._line(form, "file", "&File", "detector.onnx")
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        form.addRow("", browse)
        self._line(form, "classes", "&Classes", "as it says itself; else: cat, dog, …")
        self.choices: dict[str, QComboBox] = {}
        for key, (title, values) in _CHOICES.items():
            box = QComboBox()
            box.addItem(_USUAL, None)
            for words, value in values.items():
                box.addItem(words, value)
            box.setAccessibleName(title.replace("&", ""))
            box.currentIndexChanged.connect(self._forget)
            form.addRow(title, box)
            self.choices[key] = box
        self._line(form, "name", "&Name", "as the file is called", forgets=False)
        self._line(form, "licence", "&Licence", "not stated", forgets=False)
        self.preview = Preview(family)
        self.preview.setMinimumSize(420, 260)
        cancel, self.go = QPushButton("Cancel"), QPushButton("Try")
        cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self._go)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(12)
        for widget in (intro, self._form, self._said):
            column.addWidget(widget)
        column.addWidget(self.preview, 1)
        column.addLayout(decision(cancel, self.go))
        self.setMinimumWidth(520)

    def _line(self, form: QFormLayout, key: str, title: str, example: str, *, forgets: bool = True) -> None:
        line = QLineEdit()
        line.setPlaceholderText(example)
        line.setAccessibleName(title.replace("&", ""))
        if forgets:
            line.textChanged.connect(self._forget)
        form.addRow(title, line)
        self.lines[key] = line

    def reject(self) -> None:
        """Close, and end what runs."""
        self._closed = True
        self._end()
        super().reject()

    def choose(self, path: Path) -> None:
        """Name the file."""
        self.lines["file"].setText(str(path))

    def _browse(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Add a detector", "", "ONNX files (*.onnx)")
        if chosen:
            self.choose(Path(chosen))

    def _forget(self) -> None:
        """What was tried is not what is named now."""
        self._recognised = None
        self.go.setText("Try")
        self.go.setEnabled(bool(self.lines["file"].text().strip()))
        self.preview.show_frame(None)
        self.preview.hide()
        self._said.say("")

    def _go(self) -> None:
        try:
            if self._recognised is None:
                self._try()
            else:
                self._keep(self._recognised)
        except OnlookerError as error:
            self._said.say(str(error))

    def _wishes(self) -> Wishes:
        from models.importing.inspecting import Wishes, read_classes

        chosen = {key: box.currentData() for key, box in self.choices.items()}
        classes = self.lines["classes"].text().strip()
        return Wishes(
            colour=chosen["colour"],
            range=chosen["range"],
            fit=chosen["fit"],
            labels=read_classes(classes) if classes else None,
        )

    def _try(self) -> None:
        from models.importing.inspecting import inspect

        wishes, path = self._wishes(), Path(self.lines["file"].text().strip()).expanduser()

        def begun(end: Callable[[], None]) -> None:
            self._end = end
            if self._closed:
                end()

        def job() -> tuple[Recognised, Pixels]:
            pixels = self._picture()
            if self._closed:
                raise NetworkError("Nothing was tried.")
            return inspect(path, pixels, wishes, threads=self._threads, begun=begun), pixels

        self._said.say(f"Trying {path.name}…")
        self._begin(Errand("try a detector", job), lambda tried: self._show(*tried))

    def _keep(self, recognised: Recognised) -> None:
        from models.importing import added

        name, licence = self.lines["name"].text().strip() or None, self.lines["licence"].text().strip()
        keeping = Errand("keep a detector", lambda: added.add(self._folder, recognised, name, licence).key)
        self._begin(keeping, self._done)

    def _set_busy(self, *, busy: bool) -> None:
        self._form.setEnabled(not busy)
        self.go.setEnabled(not busy)

    def _show(self, recognised: Recognised, pixels: Pixels) -> None:
        """Show what it is and what it sees; only now can it be added."""
        from models.importing.showing import scene

        seen = scene(recognised, _LEAST)
        recipe = recognised.recipe
        found = f"{len(seen.objects)} found in this picture" if seen.objects else "nothing found in this picture"
        self._said.say(
            f"{recognised.title}, {len(recipe.labels)} classes, named by {recognised.classes_from}\n"
            f"{recipe.size[1]} x {recipe.size[0]} pixels, {recipe.look.described}\n"
            f"{found}. Are the boxes right? If not, say more above."
        )
        self.preview.show()
        self.preview.show_frame(Shown(Frame(pixels.copy(), 0, 0), seen, held=False))
        self._recognised = recognised
        self.go.setText("Add")

    def _done(self, key: str) -> None:
        self.added.emit(key)
        self.accept()
