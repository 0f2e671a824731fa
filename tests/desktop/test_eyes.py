"""The window's networks say where they run, from the first frame to the last."""

from __future__ import annotations

import numpy as np
from fake_room import FakeAnalyzer, FakeRoom

from desktop.live.analysis import Progress
from desktop.window.eyes import Eyes
from models.analyzer import AnalyzerOptions


def test_a_device_that_fails_on_the_way_is_told() -> None:
    analyzer = FakeAnalyzer(AnalyzerOptions(), FakeRoom(), "auto")

    def load(_options: AnalyzerOptions, _device: str, _progress: Progress) -> FakeAnalyzer:
        return analyzer

    eyes = Eyes(load)  # type: ignore[arg-type] # a fake analyzer
    looker = eyes.look(AnalyzerOptions(), "cuda")(lambda _text, _part: None)
    before = eyes.said
    analyzer.device, analyzer.note = "cpu", "cuda failed (no kernel); the processor is used."
    assert eyes.said == before
    looker.analyze(np.zeros((8, 8, 3), np.uint8), 0)
    assert eyes.said[1] == analyzer.note
    assert eyes.said[0].startswith("cpu")
