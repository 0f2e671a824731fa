"""What this is, and under which licences it and its parts are."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

import resources
from desktop import __version__
from desktop.window.icons import pixmap

_PARTS = (
    ("torch", "PyTorch", "BSD-3-Clause"),
    ("openvino", "OpenVINO", "Apache-2.0"),
    ("numpy", "NumPy", "BSD-3-Clause"),
    ("opencv-python-headless", "OpenCV", "Apache-2.0"),
    ("av", "PyAV with FFmpeg and x264", "BSD-3-Clause; its wheels as a whole GPL"),
    ("PySide6-Essentials", "Qt for Python", "LGPL-3.0"),
    ("safetensors", "safetensors", "Apache-2.0"),
    ("typer", "Typer", "MIT"),
    ("rich", "Rich", "MIT"),
    ("pydantic", "pydantic", "MIT"),
    ("tomlkit", "TOML Kit", "MIT"),
    ("platformdirs", "platformdirs", "MIT"),
    ("cv2-enumerate-cameras", "cv2-enumerate-cameras", "MIT"),
)
_SUMMARY = (
    "Watches a camera, a file, a stream or the screen, and shows live what is in the picture. "
    "It runs on this computer alone and sends nothing anywhere; further detectors are fetched only if you ask for it."
)
_BUNDLE = (
    "This program was made as a bundle: it contains PyAV's FFmpeg with x264, so the bundle as a whole is offered under "
    "GPL-3.0-or-later."
)
_SOURCE = (
    "Its source is under Apache-2.0. PyAV's wheels, installed beside it, contain FFmpeg with x264, which are under the "
    "GPL: a bundle made of all this is offered under GPL-3.0-or-later as a whole."
)


def licences() -> str:
    """The parts that are installed with their versions and licences, then the networks and the typeface."""
    lines = [_BUNDLE if getattr(sys, "frozen", False) else _SOURCE, "", "Libraries"]
    for package, title, licence in _PARTS:
        try:
            lines.append(f"  {title} {metadata.version(package)}: {licence}")
        except metadata.PackageNotFoundError:
            continue  # the light edition has no torch
    lines += ["", "Networks"]
    manifest = json.loads(resources.path("weights/manifest.json").read_text(encoding="utf-8"))
    lines += [f"  {Path(entry['file']).stem}: {entry['licence']}" for entry in manifest["files"]]
    lines += ["", "Typeface", "  Inter: SIL Open Font License 1.1"]
    return "\n".join(lines)


class About(QDialog):
    """Name, version, what it does, licences."""

    def __init__(self, ratio: float = 1.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Onlooker")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sign = QLabel()
        sign.setPixmap(pixmap("onlooker", "", 64, ratio))
        title = QLabel("Onlooker")
        title.setProperty("title", True)
        version = QLabel(f"Version {__version__}")
        version.setProperty("muted", True)
        names = QVBoxLayout()
        names.setSpacing(2)
        names.addWidget(title)
        names.addWidget(version)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(sign)
        top.addLayout(names, 1)
        summary = QLabel(_SUMMARY)
        summary.setWordWrap(True)
        text = QPlainTextEdit(licences())
        text.setReadOnly(True)
        text.setTabChangesFocus(True)
        text.setAccessibleName("Licences")
        close = QPushButton("Close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(14)
        column.addLayout(top)
        column.addWidget(summary)
        column.addWidget(text, 1)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.resize(520, 460)
