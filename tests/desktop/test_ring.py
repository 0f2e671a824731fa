"""A recording contains what led to it: the ring before an event (trap T17)."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scenes import scene

from desktop.recordings.encoding import Taken
from desktop.recordings.options import VideoOptions
from desktop.recordings.recording import Recording
from desktop.recordings.ring import Ring
from desktop.recordings.sidecar_reader import End, Header, Line, read_sidecar
from models.errors import RecordingError
from models.scene import Scene

SIZE = (160, 96)


def numbered(number: int, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """A grey picture whose brightness says which of 40 it is."""
    return np.full((size[1], size[0], 3), 20 + 5 * (number % 40), np.uint8)


def number_of(pixels: NDArray[np.uint8]) -> int:
    return round((float(pixels[40:60, 60:100].mean()) - 20) / 5)


def give(
    to: Ring | Recording, number: int, time: float, *, size: tuple[int, int] = SIZE, seen: Scene | None = None
) -> None:
    put = to.take if isinstance(to, Ring) else to.write
    put(
        numbered(number, size),
        time,
        clean=numbered(number + 1, size),
        scene=seen,
        analysed=seen is not None,
        index=number,
        position=2.0 + time,
    )


def recording(path: Path, ring: Ring, since: float) -> Recording:
    return Recording(path, source="camera:0", networks={}, program="0", ring=ring, since=since)


def numbers_and_times(path: Path) -> tuple[list[int], list[float]]:
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
    pictures = [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in frames]
    return [number_of(one) for one in pictures], [frame.time or 0.0 for frame in frames]


def test_a_recording_begins_before_the_event_and_goes_on_without_a_gap(tmp_path: Path) -> None:
    ring = Ring(5.0, annotated=True, clean=True)
    for number in range(30):  # ten frames a second
        give(ring, number, 100.0 + number / 10, seen=scene() if number % 3 == 0 else None)
    taken = recording(tmp_path / "a.mp4", ring, since=101.7)
    for number in range(30, 38):
        give(taken, number, 100.0 + number / 10)
    names = taken.close(dropped=1)
    assert names == tuple(tmp_path / name for name in ("a.jsonl", "a.mp4", "a.clean.mp4"))
    first = 15  # keyframes are at 0.0, 0.5, 1.0, …: the last before 1.7 is at 1.5
    numbers, times = numbers_and_times(tmp_path / "a.mp4")
    assert numbers == list(range(first, 38))
    assert times == pytest.approx([(number - first) / 10 for number in range(first, 38)], abs=2e-5)
    assert numbers_and_times(tmp_path / "a.clean.mp4") == ([number + 1 for number in numbers], times)
    header, *lines, end = read_sidecar(tmp_path / "a.jsonl")
    assert isinstance(header, Header)
    assert end == End(frames=23, dropped=1)
    assert [line.index for line in lines if isinstance(line, Line)] == numbers
    assert [line.time for line in lines if isinstance(line, Line)] == pytest.approx(times, abs=2e-6)
    assert [line.position for line in lines if isinstance(line, Line)] == pytest.approx(
        [102.0 + number / 10 for number in numbers]
    )
    assert [line.analysed for line in lines if isinstance(line, Line)] == [
        number % 3 == 0 and number < 30 for number in numbers
    ]
    assert (taken.before, taken.frames, len(lines)) == (15, 23, 23)


def test_the_start_of_a_recording_is_that_of_its_first_frame(tmp_path: Path) -> None:
    ring = Ring(5.0)
    first: list[Taken] = [ring.take(numbered(number), number / 10, scene=None, analysed=False) for number in range(10)]
    taken = recording(tmp_path / "a.mp4", ring, since=0.5)
    taken.begin()
    taken.close()
    header = next(read_sidecar(tmp_path / "a.jsonl"))
    assert isinstance(header, Header)
    assert header.start == first[5].moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@given(st.lists(st.floats(0.005, 1.3), min_size=3, max_size=60), st.floats(0.5, 8.0), st.floats(0.0, 1.0))
def test_whatever_the_rate_it_begins_with_the_wanted_start_and_at_most_half_a_second_before(
    steps: list[float], kept: float, share: float
) -> None:
    times = np.cumsum([3.0, *steps]).tolist()
    ring = Ring(kept)
    for number, time in enumerate(times):
        ring.take(numbered(number, (32, 32)), time, scene=None, analysed=False, index=number)
    wanted = max(times[0], times[-1] - kept * share)
    held = ring.since(wanted)
    begins = times[held[0].index or 0] if held else None
    # All frames from the wanted start on are there, where there are any.
    assert [taken.index for taken in held] == list(range(len(times) - len(held), len(times)))
    after = [time for time in times if time >= wanted - 1e-9]
    if after:
        assert begins is not None
        assert wanted - 0.5 - 1e-4 <= begins <= after[0] + 1e-4
    assert ring.seconds <= kept + 0.5 + 1e-4
    if held:
        assert held[0].packets[0][0].key


def test_no_more_is_held_than_was_asked_for_however_long_it_runs() -> None:
    ring = Ring(2.0)
    for number in range(400):
        give(ring, number, number / 20, seen=scene())
        assert ring.seconds <= 2.5
        assert ring.frames <= 51
    assert ring.seconds >= 2.0
    held = ring.since(0.0)
    assert len(held) == ring.frames
    assert ring.bytes == sum(taken.bytes for taken in held)


def test_a_bound_of_bytes_holds_though_less_time_is_kept() -> None:
    rng = np.random.default_rng(1)
    most = 300_000
    ring = Ring(30.0, most)
    for number in range(60):
        noise = rng.integers(0, 255, (96, 160, 3), np.uint8)
        ring.take(noise, number / 10, scene=scene(), analysed=True, index=number)
        assert ring.bytes <= most
    held = ring.since(-1.0)
    assert 0.0 < ring.seconds < 6.0
    assert held[-1].index == 59
    assert held[0].packets[0][0].key


def test_a_bound_below_half_a_second_keeps_nothing_and_says_so() -> None:
    ring = Ring(5.0, 1000)
    for number in range(20):
        ring.take(numbered(number), number / 10, scene=None, analysed=False)
        assert ring.bytes <= 1000
    assert ring.seconds < 0.5


def test_a_pause_in_what_is_watched_is_not_what_led_to_an_event(tmp_path: Path) -> None:
    ring = Ring(5.0)
    for number in range(10):
        give(ring, number, number / 10)
    for number in range(10, 20):
        give(ring, number, 600.0 + number / 10)
    assert ring.seconds == pytest.approx(0.9, abs=1e-4)
    taken = recording(tmp_path / "a.mp4", ring, since=597.0)
    give(taken, 20, 602.0)
    taken.close()
    assert numbers_and_times(tmp_path / "a.mp4")[0] == list(range(10, 21))


def test_another_size_empties_it_and_its_recordings_have_that_size(tmp_path: Path) -> None:
    ring = Ring(5.0)
    for number in range(10):
        give(ring, number, number / 10)
    for number in range(10, 20):
        give(ring, number, number / 10, size=(200, 96))
    assert ring.frames == 10
    taken = recording(tmp_path / "a.mp4", ring, since=0.0)
    taken.begin()
    taken.close()
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert [(frame.width, frame.height) for frame in file.decode(video=0)] == [(200, 96)] * 10


def test_another_size_in_a_recording_is_scaled_into_it_and_empties_the_ring_afterwards(tmp_path: Path) -> None:
    ring = Ring(5.0)
    for number in range(10):
        give(ring, number, number / 10)
    taken = recording(tmp_path / "a.mp4", ring, since=0.0)
    for number in range(10, 15):
        give(taken, number, number / 10, size=(320, 192))
    taken.close()
    assert numbers_and_times(tmp_path / "a.mp4")[0] == list(range(15))
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert {(frame.width, frame.height) for frame in file.decode(video=0)} == {SIZE}
    give(ring, 15, 1.5, size=(320, 192))
    assert (ring.frames, ring.size) == (1, (320, 192))


def test_what_was_emptied_is_in_no_recording_begun_later(tmp_path: Path) -> None:
    ring = Ring(5.0)
    for number in range(7):
        give(ring, number, number / 10)
    ring.empty()
    assert (ring.seconds, ring.bytes, ring.frames) == (0.0, 0, 0)
    for number in range(7, 12):
        give(ring, number, number / 10)
    taken = recording(tmp_path / "a.mp4", ring, since=0.0)
    give(taken, 12, 1.2)
    taken.close()
    assert numbers_and_times(tmp_path / "a.mp4")[0] == list(range(7, 13))


def test_emptied_in_the_middle_of_a_recording_it_leaves_that_whole(tmp_path: Path) -> None:
    ring = Ring(5.0)
    give(ring, 0, 0.0)
    one, two = (recording(tmp_path / f"{name}.mp4", ring, since=0.0) for name in "ab")
    give(one, 1, 0.1)
    ring.empty()
    give(one, 2, 0.2)
    one.close()
    give(two, 3, 0.3)
    two.close()
    assert numbers_and_times(tmp_path / "a.mp4")[0] == [0, 1, 2]
    assert numbers_and_times(tmp_path / "b.mp4")[0] == [2, 3]


def test_a_second_event_right_after_a_recording_has_what_led_to_it_too(tmp_path: Path) -> None:
    ring = Ring(5.0)
    for number in range(10):
        give(ring, number, number / 10)
    one = recording(tmp_path / "a.mp4", ring, since=0.5)
    for number in range(10, 20):
        give(one, number, number / 10)
    one.close()
    give(ring, 20, 2.0)
    two = recording(tmp_path / "b.mp4", ring, since=1.5)
    give(two, 21, 2.1)
    two.close()
    assert numbers_and_times(tmp_path / "a.mp4")[0] == list(range(5, 20))
    assert numbers_and_times(tmp_path / "b.mp4")[0] == list(range(15, 22))


def test_an_event_without_anything_before_it_begins_with_the_next_frame(tmp_path: Path) -> None:
    ring = Ring(5.0)
    taken = recording(tmp_path / "a.mp4", ring, since=0.0)
    taken.begin()
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4.part"]  # its name alone is held
    for number in range(3):
        give(taken, number, number / 10)
    taken.close()
    assert taken.before == 0
    assert numbers_and_times(tmp_path / "a.mp4")[0] == [0, 1, 2]


def test_what_led_to_an_event_is_kept_though_no_frame_comes_after(tmp_path: Path) -> None:
    ring = Ring(5.0)
    for number in range(4):
        give(ring, number, number / 10)
    assert recording(tmp_path / "a.mp4", ring, since=0.0).close() is not None
    assert numbers_and_times(tmp_path / "a.mp4")[0] == [0, 1, 2, 3]


def test_masks_are_not_held_in_memory() -> None:
    ring = Ring(5.0)
    masked = Scene(bodies=tuple(replace(body, mask=np.ones((96, 160), np.uint8)) for body in scene().bodies))
    taken = ring.take(numbered(0), 0.0, scene=masked, analysed=True)
    assert taken.scene is not None
    assert [body.mask for body in taken.scene.bodies] == [None]


@pytest.mark.parametrize("seconds", [0.0, -1.0, 61.0, float("nan")])
def test_seconds_that_cannot_be_kept_are_refused_in_one_sentence(seconds: float) -> None:
    with pytest.raises(RecordingError, match="Up to 60 seconds before an event"):
        Ring(seconds)


def test_quality_and_height_of_the_ring_are_those_of_its_recordings(tmp_path: Path) -> None:
    ring = Ring(5.0, video=VideoOptions(height=64))
    give(ring, 0, 0.0, size=(192, 96))
    recording(tmp_path / "a.mp4", ring, since=0.0).close()
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert [(frame.width, frame.height) for frame in file.decode(video=0)] == [(128, 64)]


def test_the_bytes_it_tells_are_those_it_takes() -> None:
    ring = Ring(30.0, 2_000_000)
    rng = np.random.default_rng(4)
    pictures = [rng.integers(0, 255, (96, 160, 3), np.uint8) for _ in range(10)]
    ring.take(pictures[0], 0.0, scene=scene(), analysed=True)  # what it needs for itself, once
    tracemalloc.start()
    try:
        for number in range(1, 250):
            ring.take(pictures[number % 10], number / 10, scene=scene(), analysed=True, index=number)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ring.bytes > 1_500_000
    assert 0.7 < taken / ring.bytes < 1.3
