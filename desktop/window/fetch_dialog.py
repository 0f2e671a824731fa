"""Fetches a further detector by choice: what it is, its licence and its size first, then the bytes."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.fetching import download
from desktop.fetching.connection import Caller
from desktop.fetching.download import Offer, Progress, size_text
from desktop.fetching.entries import Entry, named_by_user
from desktop.live.errand import Errand
from desktop.window.buttons import decision
from desktop.window.errand_dialog import ErrandDialog
from models.errors import OnlookerError

_ELSEWHERE = "Another address"
_INTRO = "A detector is an ONNX file that somebody published. You see its size and licence before it is fetched."
_FIELDS = {
    "url": ("&Address", "https://example.org/detector.onnx"),
    "sha256": ("&SHA-256", "64 digits, from whoever published it"),
    "licence": ("&Licence", "Apache-2.0"),
    "name": ("&Name", "as the file is called"),
}


class FetchDialog(ErrandDialog):
    """Asks what, looks how large it is, shows that with the licence, fetches it.

    `entries`: what the list has. `folder`: where the file comes to lie. `fetched` carries its path and its Entry: the
    file's sum is right, and that is all that is known of it. Closing the dialog ends what runs; it is gone on with the
    next time.
    """

    fetched = Signal(Path, object)

    def __init__(self, entries: tuple[Entry, ...], folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Fetch a detector")
        self._entries, self._folder = entries, folder
        self._offered: Entry | None = None
        self._caller, self._stop = Caller(), threading.Event()
        self._progress = Progress(0, None)
        self._build()
        self._choose()

    def _build(self) -> None:
        intro = QLabel(_INTRO)
        intro.setWordWrap(True)
        self.choice = QComboBox()
        self.choice.addItems([*(entry.title for entry in self._entries), _ELSEWHERE])
        self.choice.setAccessibleName("Detector to fetch")
        self.choice.setVisible(bool(self._entries))
        self.choice.currentIndexChanged.connect(self._choose)
        self.lines: dict[str, QLineEdit] = {}
        self._form = QWidget()
        form = QFormLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        for key, (title, example) in _FIELDS.items():
            line = QLineEdit()
            line.setPlaceholderText(example)
            line.setAccessibleName(title.replace("&", ""))
            line.textChanged.connect(self._forget)
            form.addRow(title, line)
            self.lines[key] = line
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.hide()
        self._cancel, self.go = QPushButton("Cancel"), QPushButton("Look")
        self._cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self._go)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(12)
        for widget in (intro, self.choice, self._form, self._said, self._bar):
            column.addWidget(widget)
        column.addLayout(decision(self._cancel, self.go))
        self.setMinimumWidth(500)

    def reject(self) -> None:
        """Close, and end what runs: at once but for what the system alone can end, as looking up a name."""
        self._stop.set()
        self._caller.hang_up()
        super().reject()

    def _choose(self) -> None:
        self._form.setVisible(self.choice.currentIndex() >= len(self._entries))
        self._forget()
        self.adjustSize()

    def _forget(self) -> None:
        """What was looked at is not what is named now."""
        self._offered = None
        self.go.setText("Look")
        self._said.say("")

    def _go(self) -> None:
        try:
            entry = self._entry() if self._offered is None else self._offered
        except OnlookerError as error:
            self._said.say(str(error))
            return
        if self._offered is None:
            self._said.say(f"Asking {entry.address.host}…")
            looking = Errand("look at a detector", lambda: download.look(entry, self._caller))
            self._begin(looking, lambda offer: self._show(entry, offer))
        else:
            fetching = Errand("fetch a detector", lambda: self._fetch(entry))
            self._begin(fetching, lambda path: self._done(entry, path))

    def _entry(self) -> Entry:
        place = self.choice.currentIndex()
        if place < len(self._entries):
            return self._entries[place]
        typed = {key: line.text() for key, line in self.lines.items()}
        return named_by_user(
            url=typed["url"], sha256=typed["sha256"], licence=typed["licence"], name=typed["name"] or None
        )

    def _fetch(self, entry: Entry) -> Path:
        """Runs beside."""

        def tell(progress: Progress) -> None:
            self._progress = progress

        fetched = download.there(entry, self._folder)  # before, and not added then
        return fetched or download.fetch(entry, self._folder, tell=tell, caller=self._caller, stop=self._stop)

    def _set_busy(self, *, busy: bool) -> None:
        self._progress = Progress(0, None)
        for widget in (self.choice, self._form, self.go):
            widget.setEnabled(not busy)
        self._bar.setRange(0, 0)
        self._bar.setVisible(busy)

    def _show(self, entry: Entry, offer: Offer) -> None:
        """Show what would come; only now can it be fetched."""
        size = "Its server does not say how large it is." if offer.bytes is None else size_text(offer.bytes)
        way = "" if offer.address.host == entry.address.host else f", by way of {offer.address.host}"
        self._said.say(f"{entry.title}\nLicence: {entry.licence}\nSize: {size}\nFrom: {entry.address}{way}")
        self._offered = entry
        self.go.setText("Fetch")

    def _meanwhile(self) -> None:
        if self._offered is None:
            return
        done, total = self._progress.done, self._progress.total
        self._bar.setRange(0, 1000 if total else 0)
        self._bar.setValue(round(1000 * done / total) if total else 0)
        self._said.say(f"{size_text(done)} of {size_text(total)}" if total else size_text(done))

    def _done(self, entry: Entry, path: Path) -> None:
        self.fetched.emit(path, entry)
        self.accept()
