"""What rules find, told by the system where the window is not in front: nobody looks at its banner then."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from desktop.window.icons import program_icon

_SHOWN = 8000  # milliseconds, where the system asks for that


class Tray:
    """Tells sentences beside the clock, by an icon that is there from the first one until `close`."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._icon: QSystemTrayIcon | None = None

    def tell(self, sentence: str) -> bool:
        """Tell it, unless the window or a dialog of it is in front; False where the system has no place for that."""
        if self._in_front():
            return True
        QApplication.alert(self._window)  # its entry in the task bar is seen
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return False
        if self._icon is None:
            self._icon = QSystemTrayIcon(program_icon(), self._window)
            self._icon.setToolTip("Onlooker")
            self._icon.activated.connect(self._to_front)
            self._icon.messageClicked.connect(self._to_front)
        self._icon.show()
        self._icon.showMessage("Onlooker", sentence, program_icon(), _SHOWN)
        return True

    def _in_front(self) -> bool:
        active = QApplication.activeWindow()
        while active is not None and active is not self._window:
            active = active.parentWidget()
        return active is self._window

    def close(self) -> None:
        """Take the icon away."""
        if self._icon is not None:
            self._icon.hide()

    def _to_front(self) -> None:
        if self._window.isMinimized():
            self._window.showNormal()
        self._window.raise_()
        self._window.activateWindow()
