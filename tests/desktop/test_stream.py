"""Streams: read as they come, never old, called again when they break off, quiet about secrets (TRAPS T1, T7, T29)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import numbered, write_clip
from fake_source import PATIENCE, until
from loopback_server import Behaviour, File, Handler, LoopbackServer, serving
from motion_jpeg import NetworkCamera, number_in, picture

from desktop.frame import Frame
from desktop.live.session import Session
from desktop.sources.address import Address
from desktop.sources.naming import make_source
from desktop.sources.pauses import Pauses
from desktop.sources.stream import StreamSource
from models.errors import SourceError

SOON = (10.0, 10.0)  # patience of tests in which nothing is waited for


def source_of(
    address: str,
    patience: tuple[float, float] = SOON,
    *,
    loop: bool = False,
    pauses: Callable[[], Pauses] | None = None,
) -> StreamSource:
    """A stream that is called again at once."""
    return StreamSource(Address(address), patience=patience, loop=loop, pauses=pauses or (lambda: Pauses(0.01, 0.02)))


@contextmanager
def camera_at(path: str = "/video", **kinds: object) -> Iterator[tuple[NetworkCamera, LoopbackServer]]:
    """A network camera that runs."""
    camera = NetworkCamera(**kinds)  # type: ignore[arg-type] # as the test names them
    with serving({path: camera}) as server:
        yield camera, server


def with_password(server: LoopbackServer, password: str = "canary") -> str:
    """The camera's address with user and password."""
    return server.url("/video").replace("//", f"//eve:{password}@")


def opened(source: StreamSource, camera: NetworkCamera) -> None:
    """Open it on pictures that say 0."""
    camera.give(*[picture(0)] * 4)
    source.open()


def frame_that_says(source: StreamSource, number: int) -> Frame:
    """The first frame from now on that says `number`."""
    while (frame := source.read()) is not None:
        if number_in(frame.pixels) == number:
            return frame
    raise AssertionError(f"never: a frame that says {number}")


def refusal(address: str, patience: tuple[float, float] = SOON) -> str:
    source = source_of(address, patience)
    with pytest.raises(SourceError) as error:
        source.open()
    source.close()
    return str(error.value)


# Frames


def test_pictures_are_given_as_they_come_with_the_time_of_their_arrival() -> None:
    with camera_at() as (camera, server):
        source = source_of(server.url("/video"))
        camera.give(*[picture(0)] * 4)
        info = source.open()
        assert info.size == (160, 96)
        assert (info.fps, info.duration) == (None, None)  # FFmpeg's 25 is a guess
        assert info.got == "Got 160x96 as Motion JPEG."
        frames = [source.read()]
        for number in range(1, 6):
            camera.give(picture(number))
            frames.append(frame_that_says(source, number))
        source.close()
    times = [frame.time for frame in frames if frame is not None]
    assert all(before < after for before, after in pairwise(times))
    assert all(frame is not None and frame.position is None for frame in frames)


def test_a_reader_that_was_slow_gets_the_newest_and_not_what_came_meanwhile() -> None:
    with camera_at() as (camera, server):
        source = source_of(server.url("/video"))
        opened(source, camera)
        given, stop = [0], threading.Event()

        def feed() -> None:
            while not stop.wait(0.01):
                given[0] += 1
                camera.give(picture(given[0] % 25, (64, 48)))

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            until(lambda: given[0] > 250, "the camera went on while nobody read")
            before = given[0]
            frames = [frame for frame in (source.read() for _ in range(10)) if frame is not None]
            behind = given[0]
        finally:
            stop.set()
            feeder.join()
            source.close()
    ages = [(frames[-1].time - frame.time) / 1e9 for frame in frames if frame.size == (64, 48)]
    assert len(ages) >= 8  # two at most are from before
    assert max(ages) < 2.0  # more than 2.5 s came meanwhile
    assert behind - before < 100


def test_a_burst_that_comes_late_is_given_whole_while_somebody_reads() -> None:
    with camera_at() as (camera, server):
        source = source_of(server.url("/video"))
        opened(source, camera)
        camera.give(picture(24))
        frame_that_says(source, 24)
        numbers: list[int] = []
        for start in (1, 6, 11):
            camera.give(*[picture(number) for number in range(start, start + 5)])
            while not numbers or numbers[-1] != start + 4:
                frame = source.read()
                assert frame is not None
                numbers.append(number_in(frame.pixels))
        source.close()
    assert [one for one in numbers if one] == list(range(1, 16))


def test_a_size_that_changes_gives_frames_of_both_sizes() -> None:
    with camera_at() as (camera, server):
        source = source_of(server.url("/video"))
        opened(source, camera)
        camera.give(picture(1, (320, 200)))
        assert frame_that_says(source, 1).size == (320, 200)
        camera.give(picture(2, (33, 17)))
        assert frame_that_says(source, 2).size == (33, 17)
        source.close()


def test_a_picture_of_an_absurd_size_is_left_out() -> None:
    absurd = cv2.imencode(".jpg", np.zeros((8200, 8200), np.uint8))[1].tobytes()
    with camera_at() as (camera, server):
        source = source_of(server.url("/video"))
        opened(source, camera)
        camera.give(absurd, picture(2))
        sizes = {(160, 96)}
        while (frame := source.read()) is not None and number_in(frame.pixels) != 2:
            sizes.add(frame.size)
        source.close()
    assert sizes == {(160, 96)}


# Breaking off


def test_a_stream_that_breaks_off_is_called_again_and_goes_on() -> None:
    with camera_at() as (camera, server):
        source = source_of(with_password(server))
        opened(source, camera)
        camera.give(picture(1))
        before = frame_that_says(source, 1)
        camera.hang_up()
        until(lambda: source.trouble != "", "trouble was told")
        name = f"http://***@127.0.0.1:{server.server_port}/video"
        assert source.trouble == f"No connection to {name} (the connection broke off): it is called again."
        camera.give(*[picture(2)] * 3)
        after = frame_that_says(source, 2)
        assert source.trouble == ""
        assert camera.calls == 2
        assert after.index > before.index
        assert after.time > before.time
        source.close()


def test_a_server_that_stalls_is_called_again() -> None:
    with camera_at() as (camera, server):
        source = source_of(server.url("/video"), (10.0, 0.3))
        opened(source, camera)
        read = [source.read()]
        frames = threading.Thread(target=lambda: read.append(frame_that_says(source, 3)))
        frames.start()
        until(lambda: "nothing came for 0.3 s" in source.trouble, "trouble was told")
        until(lambda: camera.calls >= 2, "it was called again")
        while frames.is_alive():
            camera.give(picture(3))
            frames.join(0.05)
        assert read[-1] is not None
        source.close()


def test_a_server_that_sends_what_cannot_be_decoded_is_called_again() -> None:
    with camera_at() as (camera, server):
        source = source_of(server.url("/video"), (10.0, 0.3))
        opened(source, camera)
        found: list[Frame] = []
        reader = threading.Thread(target=lambda: found.append(frame_that_says(source, 4)))
        reader.start()
        while "cannot be decoded" not in source.trouble:
            camera.give(b"\xff\xd8 no picture \xff\xd9")
            threading.Event().wait(0.02)  # as fast as a camera
        while reader.is_alive():
            camera.give(picture(4))
            reader.join(0.05)
        assert len(found) == 1
        assert camera.calls >= 2
        source.close()


def test_a_password_that_is_no_longer_good_is_not_tried_again_and_again() -> None:
    with camera_at(password="canary") as (camera, server):
        source = source_of(with_password(server))
        opened(source, camera)
        camera.password = "another"
        camera.hang_up()
        with pytest.raises(SourceError, match="wants another user or password"):
            frame_that_says(source, 9)
        assert source.read() is None
        asked = len(server.requests)
        assert asked <= 4  # FFmpeg asks without first, as HTTP has it
        source.close()


def test_it_is_called_again_after_pauses_that_grow_until_it_is_there() -> None:
    pauses = Pauses(1.0, 30.0)
    assert [pauses.next() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    pauses.reset()
    assert pauses.next() == 1
    taken: list[float] = []

    class Told(Pauses):
        def next(self) -> float:
            taken.append(super().next())
            return 0.0

    with camera_at() as (camera, server):
        source = source_of(server.url("/video"), pauses=Told)
        opened(source, camera)
        camera.status = 503
        camera.hang_up()
        until(lambda: len(taken) >= 4, "it was called four times")
        assert taken[:4] == [1, 2, 4, 8]
        assert "the server has an error of its own" in source.trouble
        camera.status = 200
        camera.give(*[picture(5)] * 3)
        frame_that_says(source, 5)
        before = len(taken)
        camera.hang_up()
        until(lambda: len(taken) > before, "it was called again")
        assert taken[before] == 1
        source.close()


def test_closing_does_not_wait_for_a_silent_server_nor_for_a_pause() -> None:
    with camera_at() as (camera, server):
        for hangs_up in (False, True):
            source = source_of(server.url("/video"), (10.0, 1.0), pauses=lambda: Pauses(1000.0, 1000.0))
            opened(source, camera)
            got: list[Frame | None] = []
            reader = threading.Thread(target=lambda: got.append(frame_or_none(source)))  # noqa: B023 - joined below
            if hangs_up:
                camera.hang_up()
                until(lambda: source.trouble != "", "it waits to call again")  # noqa: B023 - joined below
            reader.start()
            source.interrupt()
            reader.join(PATIENCE)
            assert got == [None]
            source.close()
            source.close()
            camera.hang_up()
            until(lambda: not camera.connected.is_set(), "the camera is alone")


def frame_or_none(source: StreamSource) -> Frame | None:
    """What it gives once it has nothing more."""
    while (frame := source.read()) is not None:
        pass
    return frame


def test_a_session_that_watches_a_silent_stream_stops_without_abandoning_its_reader() -> None:
    with camera_at() as (camera, server):
        session = Session(source_of(server.url("/video"), (10.0, 1.0)))
        camera.give(*[picture(0)] * 4)
        session.start()
        until(lambda: session.figures().captured > 0, "something was captured")
        assert session.stop(PATIENCE)
        assert not session.abandoned
        camera.hang_up()


# What cannot be watched


def test_each_way_of_not_being_there_has_its_sentence() -> None:
    def page(handler: Handler) -> None:
        text = b"<html><body>Log in to your camera</body></html>" * 100
        handler.head(200, Content_Type="text/html", Content_Length=len(text))
        handler.body(text)

    jpeg = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nclip.ts\n#EXT-X-ENDLIST\n"
    files: dict[str, Behaviour] = {
        "/forbidden": NetworkCamera(status=403),
        "/broken": NetworkCamera(status=500),
        "/locked": NetworkCamera(password="canary"),
        "/page": page,
        "/picture.jpg": File(jpeg),
        "/list.m3u8": File(playlist, extra={"Content-Type": "application/vnd.apple.mpegurl"}),
    }
    with serving(files) as server:
        port = server.server_port
        for path, reason in {
            "/nowhere": "the server knows no such path",
            "/forbidden": "it refuses this user",
            "/broken": "the server has an error of its own",
            "/locked": "it wants another user or password",
            "/page": "what it sends is no video",
            "/picture.jpg": "it is one picture and no stream: save it, and name the file",
            "/list.m3u8": "it is a list of other addresses: name one of those",
        }.items():
            said = refusal(server.url(path).replace("//", "//eve:wrongcanary@"))
            assert said == f"http://***@127.0.0.1:{port}{path} cannot be watched: {reason}."
    assert (
        refusal(f"http://127.0.0.1:{port}/x") == f"http://127.0.0.1:{port}/x cannot be watched: nothing listens there."
    )
    assert "cannot be reached" in refusal("rtsp://nobody.invalid/x")


@pytest.mark.parametrize("kind", ["silence", "headers", "rubbish", "drops"])
def test_a_server_that_never_comes_to_the_point_is_given_up(kind: str) -> None:
    def behave(handler: Handler) -> None:
        handler.close_connection = True
        if kind == "headers":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        elif kind == "rubbish":
            handler.head(200, Content_Type="multipart/x-mixed-replace; boundary=frame")
        number = 0
        while not handler.server.ending.wait(0.001):
            number += 1
            line = {"headers": b"X-%d: endless\r\n" % number, "rubbish": bytes(range(256)) * 8}.get(kind)
            if line is not None:
                handler.wfile.write(line)
            elif kind == "drops" and number % 50 == 0:
                handler.wfile.write(b"H")

    with serving({"/video": behave}) as server:
        said = refusal(server.url("/video"), (0.5, 0.5))
    assert "cannot be watched: " in said
    assert said.endswith(("nothing came for 0.5 s.", "what it sends is no video.", "or is no video."))


# A file


def clip_bytes(tmp_path: Path, times: list[float]) -> bytes:
    """A video that can be read while it comes."""
    options = {"movflags": "faststart"}
    return write_clip(tmp_path / "clip.mp4", numbered(len(times)), times, options=options).read_bytes()


def test_a_file_behind_http_is_paced_by_its_own_times_and_ends(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.08, 0.3, 0.34, 0.6]
    with serving({"/clip.mp4": File(clip_bytes(tmp_path, times))}) as server:
        source = source_of(server.url("/clip.mp4"))
        info = source.open()
        assert info.duration == pytest.approx(0.5, abs=0.2)  # how long the last one lasts is not known
        frames = []
        while (frame := source.read()) is not None:
            frames.append(frame)
        source.close()
    assert [round((frame.position or 0) / 1e9, 3) for frame in frames] == times
    assert [frame.index for frame in frames] == list(range(len(times)))
    taken = [(frame.time - frames[0].time) / 1e9 for frame in frames]
    assert all(one >= due - 0.001 for one, due in zip(taken, times, strict=True))  # never before its time


def test_a_file_goes_on_where_its_connection_broke_off_and_every_frame_is_seen_once(tmp_path: Path) -> None:
    times = [number / 10 for number in range(60)]
    content = clip_bytes(tmp_path, times)
    clock = [0]

    def passing() -> int:
        clock[0] += 50_000_000  # a clock that runs fast: six seconds need not be waited for
        return clock[0]

    breaks = [True]

    def behave(handler: Handler) -> None:
        cut = len(content) * 2 // 3 if breaks and breaks.pop() else None
        File(content, cut=cut)(handler)
        handler.close_connection = True

    with serving({"/clip.mp4": behave}) as server:
        source = StreamSource(
            Address(server.url("/clip.mp4")), patience=SOON, pauses=lambda: Pauses(0.01, 0.02), clock=passing
        )
        source.open()
        frames = []
        while (frame := source.read()) is not None:
            frames.append(frame)
        source.close()
        assert len(server.requests) >= 2
    assert [round((frame.position or 0) / 1e9, 2) for frame in frames] == times


def test_a_file_that_starts_over_goes_on_in_time(tmp_path: Path) -> None:
    with serving({"/clip.mp4": File(clip_bytes(tmp_path, [0.0, 0.02, 0.04]))}) as server:
        source = source_of(server.url("/clip.mp4"), loop=True)
        source.open()
        frames = [source.read() for _ in range(8)]
        source.close()
    positions = [round((frame.position or 0) / 1e9, 2) for frame in frames if frame is not None]
    assert positions == [0.0, 0.02, 0.04, 0.0, 0.02, 0.04, 0.0, 0.02]
    assert [frame.index for frame in frames if frame is not None] == list(range(8))
    assert source.trouble == ""


# Secrets


def test_a_password_is_in_no_log_sentence_title_thread_or_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    with camera_at(password="canary") as (camera, server):
        address = with_password(server) + "?token=canary"
        for wrong in (address.replace("//eve:canary@", "//eve:wrongcanary@"), address.replace("/video", "/canary=x")):
            seen.append(refusal(wrong) if "wrong" in wrong else "")
        source = make_source(address)
        assert isinstance(source, StreamSource)
        camera.give(*[picture(0)] * 4)
        session = Session(source)
        session.start()
        until(lambda: session.figures().captured > 0, "something was captured")
        session.start_recording(tmp_path / "clip.mp4", program="1")
        camera.give(*[picture(number) for number in range(10)])
        until(lambda: session.figures().captured > 8, "it was recorded")
        camera.password = "another"
        camera.hang_up()
        until(lambda: session.figures().state == "lost", "it was lost")
        seen += [thread.name for thread in threading.enumerate()]
        assert session.stop(PATIENCE)
    seen += [notice.sentence for notice in session.errors]
    seen += [source.name, repr(source), str(session.info), caplog.text, *capfd.readouterr()]
    seen += [path.read_bytes().decode("latin-1") for path in tmp_path.iterdir()]
    assert len(session.errors) == 1
    assert (tmp_path / "clip.jsonl").is_file()
    assert not [text for text in seen if "canary" in text]
