"""The analyzer as the program loads it: compiled networks that see what is there, with progress that never falls."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from models.analyzer import AnalyzerOptions, load_analyzer
from models.errors import NetworkError

portrait: Callable[[], NDArray[np.uint8]] = skimage.data.astronaut


@pytest.fixture
def cache() -> Path:
    return Path(os.environ["ONLOOKER_CACHE"])


def test_the_loaded_analyzer_sees_a_face_and_a_body_in_a_portrait(cache: Path) -> None:
    said: list[tuple[str, float]] = []
    analyzer = load_analyzer(
        device="cpu", cache=cache, threads=2, progress=lambda text, part: said.append((text, part))
    )
    scene = analyzer.analyze(np.ascontiguousarray(portrait()[..., ::-1]), 0)
    assert [len(scene.faces), len(scene.bodies)] == [1, 1]
    assert np.allclose(scene.faces[0].points[[33, 263], :2], [[193, 100], [259, 103]], atol=4)
    assert (analyzer.device, analyzer.note) == ("cpu", "")
    parts = [part for _, part in said]
    assert parts == sorted(parts)
    assert (parts[0], parts[-1]) == (0.0, 1.0)


def test_networks_that_options_come_to_need_are_loaded_when_they_do(cache: Path) -> None:
    analyzer = load_analyzer(AnalyzerOptions(bodies=False), device="cpu", cache=cache, threads=2, precision="f32")
    picture = np.ascontiguousarray(portrait()[..., ::-1])
    assert not analyzer.analyze(picture, 0).bodies
    analyzer.options = AnalyzerOptions(faces=False)
    assert len(analyzer.analyze(picture, 33_000_000).bodies) == 1
    assert analyzer.precision == "f32"


def test_who_stops_listening_to_the_progress_stops_the_loading(tmp_path: Path) -> None:
    def closed(text: str, _part: float) -> None:
        if text.startswith("Preparing"):
            raise NetworkError("The window was closed.")

    with pytest.raises(NetworkError, match=r"^The window was closed\.$"):
        load_analyzer(device="cpu", cache=tmp_path, threads=1, progress=closed)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
