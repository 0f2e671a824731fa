"""A dialog that has something done beside, and looks now and then whether it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QWidget

from desktop.live.errand import Errand
from desktop.window.remark import Remark
from models.errors import OnlookerError

logger = logging.getLogger(__name__)

T = TypeVar("T")

_LOOKS = 100  # milliseconds between two looks at what runs beside


class ErrandDialog(QDialog):
    """Runs one errand at a time; `_said` says how it goes or what went wrong. It is gone once it is closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._said = Remark()
        self._errand: Errand[Any] | None = None
        self._after: Callable[[], None] = lambda: None
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOKS)
        self._timer.timeout.connect(self._look_at_errand)

    @property
    def said(self) -> str:
        """What it says of what was chosen, how far it is, or what went wrong."""
        return self._said.text()

    @property
    def runs(self) -> bool:
        """Whether something is being done."""
        return self._errand is not None

    def reject(self) -> None:
        """Close, and look no more; what runs is ended by who began it."""
        self._timer.stop()
        super().reject()

    def _begin(self, errand: Errand[T], after: Callable[[T], None]) -> None:
        """`after` is given what comes of it. What goes wrong in either is said."""
        self._errand, self._after = errand, lambda: after(errand.result())
        self._set_busy(busy=True)
        self._timer.start()

    def _set_busy(self, *, busy: bool) -> None:
        """Something is being done from now on, or no more."""
        raise NotImplementedError

    def _meanwhile(self) -> None:
        """Called now and then while something is being done."""

    def _look_at_errand(self) -> None:
        if self._errand is None:
            return
        if not self._errand.done:
            self._meanwhile()
            return
        self._timer.stop()
        self._errand = None
        self._set_busy(busy=False)
        try:
            self._after()
        except OnlookerError as error:
            self._said.say(str(error))
        except Exception as error:  # told, the window goes on
            logger.exception("what ran beside a dialog failed")
            self._said.say(f"Something went wrong ({error or type(error).__name__}).")
