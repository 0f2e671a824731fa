"""The picture on the screen, written into a file: `desktop.live.snapshot`, which rules use too."""

from __future__ import annotations

from desktop.live.snapshot import file_name, take

__all__ = ["file_name", "take"]
