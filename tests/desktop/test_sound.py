"""The sound of videos is kept in what is made of them, in time: a click is heard when a flash is seen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from blind import Blind
from browser_ear import heard_by_chromium
from clips import times_of
from talkies import clicks, clicks_of, flashes_of, sound_of, write_talkie

from desktop.batch.annotate import Annotator, Outcome
from desktop.batch.plan import plan
from desktop.batch.render import Renderer
from desktop.commands import cli

IN_TIME = 0.02
TIMES = [number / 25 for number in range(100)]
FLASHES = [0.4, 1.2, 2.0, 3.2]


def annotate(video: Path, target: Path, data: Path | None = None, **switches: Any) -> Outcome:
    made = plan([str(video)], str(target), None if data is None else str(data))
    return Annotator(Blind(), networks={}, program="0", **switches).run(made)


def talkie(path: Path, codec: str = "aac", *, channels: int = 2, rate: int = 48000, **more: Any) -> Path:
    return write_talkie(path, TIMES, FLASHES, [(codec, clicks(FLASHES, 4.0, rate, channels), 0.0)], rate=rate, **more)


def in_time(path: Path, flashes: list[float] | None = None, stream: int = 0) -> None:
    """Every flash has its click."""
    expected = FLASHES if flashes is None else flashes
    assert flashes_of(path) == pytest.approx(expected, abs=1e-3)
    assert clicks_of(path, stream) == pytest.approx(expected, abs=IN_TIME)


def codecs_of(path: Path) -> list[str]:
    with av.open(str(path)) as file:
        return [stream.codec_context.name for stream in file.streams.audio]


@pytest.mark.parametrize(
    ("name", "codec", "kept"),
    [
        ("a.mp4", "aac", "aac"),
        ("a.mkv", "aac", "aac"),
        ("a.mkv", "libmp3lame", "mp3float"),
        ("a.mkv", "ac3", "ac3"),
        ("a.mkv", "eac3", "eac3"),
        ("a.mkv", "libopus", "opus"),
        ("a.mkv", "flac", "flac"),
        ("a.mov", "alac", "alac"),
    ],
)
def test_sound_that_mp4_holds_is_copied_packet_by_packet(tmp_path: Path, name: str, codec: str, kept: str) -> None:
    video = talkie(tmp_path / name, codec)
    in_time(video)
    assert annotate(video, tmp_path / "out.mp4").failures == []
    in_time(tmp_path / "out.mp4")
    assert codecs_of(tmp_path / "out.mp4") == [kept]
    assert times_of(tmp_path / "out.mp4") == pytest.approx(times_of(video), abs=2e-3)
    before, after = (packets_of(path) for path in (video, tmp_path / "out.mp4"))
    assert set(after) <= set(before)
    assert len(after) >= len(before) - 3  # those before the first frame and after the last


def packets_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


@pytest.mark.parametrize(
    ("name", "codec", "video", "rate", "channels"),
    [
        ("a.avi", "pcm_s16le", "mpeg4", 44100, 2),
        ("a.mov", "pcm_s16le", "libx264", 48000, 1),
        ("a.mkv", "vorbis", "libx264", 44100, 2),
        ("a.mpg", "mp2", "mpeg2video", 48000, 2),
        ("a.ts", "aac", "libx264", 48000, 2),
        ("a.mkv", "pcm_s16le", "libx264", 8000, 1),
        ("a.mkv", "pcm_s16le", "libx264", 37000, 6),
    ],
)
def test_other_sound_is_encoded_as_aac(
    tmp_path: Path, name: str, codec: str, video: str, rate: int, channels: int
) -> None:
    source = talkie(tmp_path / name, codec, codec_of_video=video, rate=rate, channels=channels)
    in_time(source)
    annotate(source, tmp_path / "out.mp4")
    in_time(tmp_path / "out.mp4")
    assert codecs_of(tmp_path / "out.mp4") == ["aac"]
    with av.open(str(tmp_path / "out.mp4")) as file:
        context = file.streams.audio[0].codec_context
        assert (context.channels, context.sample_rate) == (channels, rate if rate != 37000 else 48000)


def test_render_keeps_the_sound_too_and_both_can_leave_it_out(tmp_path: Path) -> None:
    video = talkie(tmp_path / "a.mp4")
    annotate(video, tmp_path / "silent.mp4", tmp_path / "a.jsonl", sound=False)
    assert codecs_of(tmp_path / "silent.mp4") == []
    Renderer().run(video, tmp_path / "a.jsonl", tmp_path / "b.mp4")
    in_time(tmp_path / "b.mp4")
    Renderer(sound=False).run(video, tmp_path / "a.jsonl", tmp_path / "c.mp4")
    assert codecs_of(tmp_path / "c.mp4") == []


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_several_sounds_stay_several_each_in_time(tmp_path: Path, codec: str) -> None:
    sounds = [(codec, clicks(FLASHES, 4.0, 48000), 0.0), ("flac", clicks(FLASHES, 4.0, 48000, 2), 0.0)]
    annotate(write_talkie(tmp_path / "a.mkv", TIMES, FLASHES, sounds), tmp_path / "out.mp4")
    for stream in range(2):
        in_time(tmp_path / "out.mp4", stream=stream)
    assert codecs_of(tmp_path / "out.mp4") == ["aac", "flac"]


@pytest.mark.parametrize("codec", ["aac", "flac", "pcm_s16le"])
@pytest.mark.parametrize("offset", [-0.35, 0.35, 1.0])
def test_sound_that_begins_before_or_after_the_pictures_stays_in_time(
    tmp_path: Path, codec: str, offset: float
) -> None:
    """The pictures begin at 1 s of the file's clock, the sound at 1 s and the offset."""
    samples = clicks([1.0 + flash - (1.0 + offset) for flash in FLASHES if flash > offset], 3.9 - offset, 48000)
    moved = [1.0 + time for time in TIMES]
    video = write_talkie(
        tmp_path / "a.mkv", moved, [1.0 + flash for flash in FLASHES], [(codec, samples, 1.0 + offset)]
    )
    annotate(video, tmp_path / "out.mp4")
    assert flashes_of(tmp_path / "out.mp4") == pytest.approx(FLASHES, abs=2e-3)
    heard = [flash for flash in FLASHES if flash > offset]
    assert clicks_of(tmp_path / "out.mp4") == pytest.approx(heard, abs=IN_TIME)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
@pytest.mark.parametrize("seconds", [1.5, 9.0])
def test_sound_that_is_shorter_or_longer_than_the_pictures_ends_where_one_of_them_does(
    tmp_path: Path, codec: str, seconds: float
) -> None:
    heard = [flash for flash in FLASHES if flash < seconds]
    samples = clicks([*heard, 6.0], seconds, 48000) if seconds > 4 else clicks(heard, seconds, 48000)
    video = write_talkie(tmp_path / "a.mov", TIMES, FLASHES, [(codec, samples, 0.0)])
    annotate(video, tmp_path / "out.mp4")
    assert flashes_of(tmp_path / "out.mp4") == pytest.approx(FLASHES, abs=1e-3)
    assert clicks_of(tmp_path / "out.mp4") == pytest.approx(heard, abs=IN_TIME)
    begin, found, rate = sound_of(tmp_path / "out.mp4")
    assert begin + len(found) / rate == pytest.approx(min(seconds, 4.0), abs=0.1)
    assert times_of(tmp_path / "out.mp4") == pytest.approx(TIMES, abs=1e-3)


def test_a_hole_in_the_sound_stays_a_hole(tmp_path: Path) -> None:
    """Two pieces of sound with a second of nothing between them, as a recorder leaves that lost packets."""
    video = talkie(tmp_path / "whole.mov", "pcm_s16le", channels=1)
    with av.open(str(video)) as source, av.open(str(tmp_path / "a.mkv"), "w") as file:
        streams = {one.index: file.add_stream_from_template(one) for one in source.streams}
        for packet in source.demux():
            if packet.dts is None:
                continue
            time = float((packet.pts or 0) * packet.time_base)
            if packet.stream.type == "audio" and 1.5 < time < 2.8:
                continue
            packet.stream = streams[packet.stream.index]
            file.mux(packet)
    assert annotate(tmp_path / "a.mkv", tmp_path / "out.mp4").failures == []
    assert clicks_of(tmp_path / "out.mp4") == pytest.approx([0.4, 1.2, 3.2], abs=IN_TIME)


@pytest.mark.parametrize("codec", ["flac", "pcm_s16le"])
def test_a_file_that_breaks_off_has_sound_to_where_its_pictures_end(tmp_path: Path, codec: str) -> None:
    rng = np.random.default_rng(0)
    noisy = 0.1 * rng.standard_normal((1, 4 * 48000)).astype(np.float32) + clicks(FLASHES, 4.0, 48000)
    video = write_talkie(tmp_path / "a.mkv", TIMES, FLASHES, [(codec, np.clip(noisy, -1, 1), 0.0)])
    video.write_bytes(video.read_bytes()[: int(0.7 * video.stat().st_size)])
    (failure,) = annotate(video, tmp_path / "out.mp4").failures
    assert "damaged or cut off" in failure
    last = times_of(tmp_path / "out.mp4")[-1]
    begin, samples, rate = sound_of(tmp_path / "out.mp4")
    assert 1.0 < last < 3.9
    assert begin + len(samples) / rate == pytest.approx(last + 0.04, abs=0.4)


def test_who_ends_it_early_gets_sound_to_the_last_frame(tmp_path: Path) -> None:
    asked = iter([False] * 41 + [True] * 9)
    annotate(talkie(tmp_path / "a.mp4"), tmp_path / "out.mp4", stopped=lambda: next(asked))
    assert clicks_of(tmp_path / "out.mp4") == pytest.approx(FLASHES[:2], abs=IN_TIME)
    begin, samples, rate = sound_of(tmp_path / "out.mp4")
    assert begin + len(samples) / rate == pytest.approx(times_of(tmp_path / "out.mp4")[-1] + 0.04, abs=0.05)


@pytest.mark.parametrize("codec", ["aac", "flac", "pcm_s16le"])
def test_a_file_that_is_being_written_plays_with_its_sound(tmp_path: Path, codec: str) -> None:
    """The file as it lies on the disk while it grows, which is what a crash leaves."""
    growing: list[bytes] = []

    def keep(_progress: object) -> None:
        part = tmp_path / "out.mp4.part"
        growing.append(part.read_bytes() if part.exists() else b"")

    annotate(talkie(tmp_path / "a.mkv", codec), tmp_path / "out.mp4", progress=keep)
    (tmp_path / "cut.mp4").write_bytes(growing[75])  # frames up to 3 s were given
    assert times_of(tmp_path / "cut.mp4")[-1] > 2.2
    assert clicks_of(tmp_path / "cut.mp4") == pytest.approx([0.4, 1.2, 2.0], abs=IN_TIME)
    assert flashes_of(tmp_path / "cut.mp4") == pytest.approx([0.4, 1.2, 2.0], abs=1e-3)


def test_where_the_clock_of_a_file_begins_anew_the_sound_goes_on_in_time(tmp_path: Path) -> None:
    """Two broadcasts joined into one file, as `cat a.ts b.ts > c.ts` does: one in mono, one in stereo."""
    parts = [talkie(tmp_path / f"{channels}.ts", "mp2", channels=channels).read_bytes() for channels in (1, 2)]
    (tmp_path / "joined.ts").write_bytes(b"".join(parts))
    annotate(tmp_path / "joined.ts", tmp_path / "out.mp4")
    flashes = flashes_of(tmp_path / "out.mp4")
    assert len(flashes) == 2 * len(FLASHES)
    assert clicks_of(tmp_path / "out.mp4") == pytest.approx(flashes, abs=IN_TIME)


def test_a_stream_that_appears_only_late_in_a_broadcast_is_no_trouble(tmp_path: Path) -> None:
    """PyAV 18.1 fails at the end of such a file."""
    raw = bytearray(talkie(tmp_path / "a.ts", "mp2").read_bytes())
    starts = [at for at in range(0, len(raw), 188) if raw[at + 1] == 0x41 and raw[at + 2] == 0x01]  # sound begins
    raw[starts[-1] + 2] = 0xFF  # from PID 0x101 to 0x1FF
    (tmp_path / "late.ts").write_bytes(raw)
    outcome = annotate(tmp_path / "late.ts", tmp_path / "out.mp4", tmp_path / "a.jsonl")
    assert outcome.frames == len(TIMES)
    in_time(tmp_path / "out.mp4")
    Renderer().run(tmp_path / "late.ts", tmp_path / "a.jsonl", tmp_path / "b.mp4")
    in_time(tmp_path / "b.mp4")


def test_data_and_counts_are_those_without_sound(tmp_path: Path) -> None:
    video = talkie(tmp_path / "a.mp4")
    lines = []
    for sound in (True, False):
        outcome = annotate(video, tmp_path / f"{sound}.mp4", tmp_path / f"{sound}.jsonl", sound=sound)
        assert outcome.frames == len(TIMES)
        lines.append([json.loads(line) for line in (tmp_path / f"{sound}.jsonl").read_text("utf-8").splitlines()][1:])
    assert lines[0] == lines[1]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="the browser Chromium is not installed")
def test_chromium_hears_the_clicks_where_they_were(tmp_path: Path) -> None:
    made = []
    for number, codec in enumerate(("aac", "libopus", "flac", "pcm_s16le")):
        made.append(tmp_path / f"{number}.mp4")
        annotate(talkie(tmp_path / f"{codec}.mkv", codec), made[-1])
    late = clicks([flash - 0.35 for flash in FLASHES], 3.6, 48000)
    made.append(tmp_path / "late.mp4")
    annotate(write_talkie(tmp_path / "late.mkv", TIMES, FLASHES, [("aac", late, 0.35)]), made[-1])
    heard = heard_by_chromium(made, tmp_path / "profile")
    assert heard == {video.name: pytest.approx(FLASHES, abs=IN_TIME) for video in made}


def test_sound_of_a_kind_that_nobody_knows_is_left_out_and_said(tmp_path: Path) -> None:
    raw = talkie(tmp_path / "whole.mkv", "pcm_s16le").read_bytes()
    assert raw.count(b"A_PCM/INT/LIT") == 1
    (tmp_path / "a.mkv").write_bytes(raw.replace(b"A_PCM/INT/LIT", b"A_XYZ/INT/LIT"))
    said: list[str] = []
    outcome = annotate(tmp_path / "a.mkv", tmp_path / "out.mp4", tmp_path / "a.jsonl", noted=said.append)
    Renderer(noted=said.append).run(tmp_path / "a.mkv", tmp_path / "a.jsonl", tmp_path / "b.mp4")
    sentence = f"{tmp_path / 'a.mkv'}: Its sound is coded in a way that is not known here, and was left out."
    assert said == [sentence] * 2
    assert outcome.failures == []
    assert flashes_of(tmp_path / "out.mp4") == pytest.approx(FLASHES, abs=1e-3)
    assert codecs_of(tmp_path / "out.mp4") == codecs_of(tmp_path / "b.mp4") == []


def test_the_command_leaves_sound_out_where_asked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    video = talkie(tmp_path / "a.mp4")
    annotate(video, tmp_path / "out.mp4", tmp_path / "a.jsonl")
    for name, switches in (("with", []), ("without", ["--no-sound"])):
        arguments = [str(video), str(tmp_path / "a.jsonl"), "-o", str(tmp_path / f"{name}.mp4"), *switches]
        assert cli.run(["render", *arguments]) == 0
    assert capfd.readouterr().out == ""
    assert (codecs_of(tmp_path / "with.mp4"), codecs_of(tmp_path / "without.mp4")) == (["aac"], [])
