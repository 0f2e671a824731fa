"""Videos: true times, upright, right colours and proportions; and what is told of files that are none or not whole."""

from __future__ import annotations

import gc
import logging
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from av.video.reformatter import Colorspace
from movies import CORNERS, corners_of, cut, noise, quarters, write_h264, write_movie

from desktop.frame import Frame
from desktop.sources.orientation import by_display_matrix, by_exif
from desktop.sources.source import SourceInfo
from desktop.sources.video import VideoSource
from desktop.sources.video_frames import Clock
from models.errors import SourceError

MS = 1_000_000


def read(path: Path) -> tuple[SourceInfo, list[Frame], str]:
    """What is known of a video, its frames, and the sentence with which it ended, "" for a whole one."""
    source = VideoSource(path)
    frames: list[Frame] = []
    info = source.open()
    try:
        while (frame := source.read()) is not None:
            frames.append(frame)
    except SourceError as error:
        return info, frames, str(error)
    finally:
        source.close()
    return info, frames, ""


def refusal(path: Path) -> str:
    source = VideoSource(path)
    with pytest.raises(SourceError) as error:
        source.open()
    source.close()
    return str(error.value)


# Times


def test_frames_keep_their_own_times_however_uneven(tmp_path: Path) -> None:
    times = [0, 1, 2, 40, 41, 200, 1000]
    path = write_movie(tmp_path / "phone.mp4", noise(7), [1000 + time for time in times], time_base=Fraction(1, 1000))
    _, frames, _ = read(path)
    assert [frame.time // MS for frame in frames] == times
    assert [frame.index for frame in frames] == list(range(7))


@pytest.mark.parametrize("kind", ["mp4", "mkv", "avi", "ts", "webm"])
def test_every_kind_of_file_gives_all_its_frames_from_time_zero(tmp_path: Path, kind: str) -> None:
    codec = {"webm": "libvpx", "avi": "mpeg4"}.get(kind, "libx264")
    fast = {"deadline": "realtime", "cpu-used": "8"} if kind == "webm" else {}
    path = write_movie(tmp_path / f"clip.{kind}", noise(30), codec=codec, encoding=fast)
    info, frames, end = read(path)
    assert end == ""
    assert len(frames) == 30
    assert frames[0].time == 0
    assert [round(frame.time / MS * 3 / 100) for frame in frames] == list(range(30))
    assert info.size == frames[0].size == (160, 120)
    assert info.fps == pytest.approx(30)
    assert info.duration == pytest.approx(1.0, abs=0.05)


def test_a_stream_without_times_gets_those_of_its_rate(tmp_path: Path) -> None:
    _, frames, _ = read(write_h264(tmp_path / "raw.h264", [noise(10)]))
    assert [frame.time // MS for frame in frames] == [40 * number for number in range(10)]


@pytest.mark.parametrize(("broadcast", "last"), [(False, 3_600_040), (True, 80)])
def test_only_in_a_broadcast_a_jump_ahead_is_another_clock_s(broadcast: bool, last: int) -> None:
    clock = Clock(25.0, broadcast=broadcast)
    times = []
    for stamp in (0, 40, 3_600_040):
        frame = av.VideoFrame(16, 16, "yuv420p")
        frame.pts, frame.time_base = stamp, Fraction(1, 1000)
        times.append(clock.time(frame) // MS)
    assert times == [0, 40, last]


@pytest.mark.parametrize(
    ("pts", "times"),
    [
        ([0, 40, 80], [0, 40, 80]),
        ([500, 540, 580], [0, 40, 80]),
        ([None, None, None], [0, 40, 80]),
        ([0, None, 80], [0, 40, 80]),
        ([0, 40, 40, 80], [0, 40, 40, 80]),
        ([0, 80, 40, 120], [0, 80, 80, 120]),  # disorder is held
        ([90_000, 90_040, 0, 40], [0, 40, 80, 120]),  # files joined: the second follows the first
        ([-80, -40, 0], [0, 40, 80]),
    ],
)
def test_times_never_go_back_and_none_is_missing(pts: list[int | None], times: list[int]) -> None:
    clock = Clock(25.0)
    got = []
    for stamp in pts:
        frame = av.VideoFrame(16, 16, "yuv420p")
        frame.pts, frame.time_base = stamp, Fraction(1, 1000)
        got.append(clock.time(frame) // MS)
    assert got == times


def test_a_looped_video_goes_on_in_time_and_says_where_in_the_file_it_is(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "clip.mp4", noise(5), [0, 10, 20, 30, 50], time_base=Fraction(1, 100))
    source = VideoSource(path, loop=True)
    source.open()
    frames = [source.read() for _ in range(11)]
    source.close()
    times = [frame.time // MS for frame in frames if frame is not None]
    assert times[:5] == [0, 100, 200, 300, 500]
    second = times[5]
    assert second > 500  # the last frame lasts, too
    assert [time - second for time in times[5:10]] == times[:5]
    assert [frame.position for frame in frames if frame is not None][5:7] == [0, 100 * MS]
    assert [frame.index for frame in frames if frame is not None] == list(range(11))


# Pictures


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_turned_or_mirrored_video_is_given_upright_once(tmp_path: Path, rotation: int, mirrored: bool) -> None:
    path = write_movie(tmp_path / "phone.mp4", [quarters(64, 48)] * 2, rotation=rotation, mirrored=mirrored)
    info, frames, _ = read(path)
    # What a player that turns by the matrix shows: turned against the clock, then mirrored.
    expected = np.rot90(quarters(64, 48), rotation // 90)
    if mirrored:
        expected = expected[:, ::-1]
    assert info.size == frames[0].size == (expected.shape[1], expected.shape[0])
    for frame in frames:
        assert corners_of(frame.pixels) == corners_of(expected)


def test_exif_and_display_matrices_name_the_same_eight_ways() -> None:
    matrices = {
        1: (1, 0, 0, 1),
        2: (-1, 0, 0, 1),
        3: (-1, 0, 0, -1),
        4: (1, 0, 0, -1),
        5: (0, 1, 1, 0),
        6: (0, 1, -1, 0),
        7: (0, -1, -1, 0),
        8: (0, -1, 1, 0),
    }
    for value, (a, b, c, d) in matrices.items():
        assert by_display_matrix((a, b, 0, c, d, 0, 0, 0, 1)) == by_exif(value)
    picture = quarters(6, 4)
    assert (by_exif(6).upright(picture) == np.rot90(picture, -1)).all()
    assert (by_exif(8).upright(picture) == np.rot90(picture, 1)).all()
    assert by_exif(6).size((6, 4)) == (4, 6)


@pytest.mark.parametrize("size", [(35, 17), (1, 1), (3, 2), (17, 400)])
def test_odd_sizes_keep_every_row_and_column(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write_movie(tmp_path / "odd.mkv", [quarters(*size)] * 2, codec="ffv1", pix_fmt="yuv444p")
    info, frames, _ = read(path)
    assert info.size == frames[0].size == size
    assert np.abs(frames[0].pixels.astype(int) - quarters(*size)).max() <= 4


@pytest.mark.parametrize(
    ("aspect", "size"), [(Fraction(4, 3), (128, 64)), (Fraction(2, 3), (96, 96)), (Fraction(1), (96, 64))]
)
def test_pixels_that_are_not_square_become_square(tmp_path: Path, aspect: Fraction, size: tuple[int, int]) -> None:
    path = write_movie(tmp_path / "wide.mp4", [quarters(96, 64)] * 2, aspect=aspect)
    info, frames, _ = read(path)
    assert info.size == frames[0].size == size
    assert corners_of(frames[0].pixels) == CORNERS


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p", "yuv420p10le", "yuv422p10le"])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", [Colorspace.ITU601, Colorspace.ITU709])
def test_colours_follow_the_matrix_and_range_of_the_file(
    tmp_path: Path, matrix: Colorspace, full_range: bool, pix_fmt: str
) -> None:
    patches = [(30, 60, 200), (200, 60, 30), (40, 180, 60), (128, 128, 128), (0, 0, 0), (255, 255, 255), (0, 200, 230)]
    picture = np.zeros((64, 64 * len(patches), 3), np.uint8)
    for number, colour in enumerate(patches):
        picture[:, 64 * number : 64 * (number + 1)] = colour
    path = write_movie(
        tmp_path / "colours.mkv",
        [picture] * 2,
        codec="ffv1",
        pix_fmt=pix_fmt,
        matrix=matrix,
        full_range=full_range,
    )
    _, frames, _ = read(path)
    for number, colour in enumerate(patches):
        got = frames[0].pixels[16:48, 64 * number + 16 : 64 * number + 48].reshape(-1, 3).mean(axis=0)
        assert np.abs(got - colour).max() <= 4, f"{colour} became {got}"


@pytest.mark.parametrize(("size", "matrix"), [((1280, 720), Colorspace.ITU709), ((640, 480), Colorspace.ITU601)])
def test_a_file_that_names_no_matrix_is_taken_as_players_take_its_size(
    tmp_path: Path, size: tuple[int, int], matrix: Colorspace
) -> None:
    picture = np.full((size[1], size[0], 3), (40, 180, 60), np.uint8)
    path = write_movie(tmp_path / "untold.mp4", [picture], matrix=matrix, tagged=False)
    _, frames, _ = read(path)
    assert np.abs(frames[0].pixels.astype(int) - picture).max() <= 4


@pytest.mark.parametrize("pix_fmt", ["gray", "bgr0", "gbrp10le", "yuva420p"])
def test_grey_rgb_and_transparent_videos_are_read(tmp_path: Path, pix_fmt: str) -> None:
    picture = np.full((48, 64, 3), 200, np.uint8)
    path = write_movie(
        tmp_path / "clip.mkv",
        [picture],
        codec="ffv1",
        pix_fmt=pix_fmt,
        full_range=pix_fmt != "yuva420p",
        tagged=pix_fmt == "yuva420p",
    )
    _, frames, _ = read(path)
    assert np.abs(frames[0].pixels.astype(int) - 200).max() <= 2


def test_a_size_that_changes_in_the_middle_gives_frames_of_both_sizes(tmp_path: Path) -> None:
    path = write_h264(tmp_path / "call.h264", [noise(4, (160, 120)), noise(4, (96, 64)), noise(3, (320, 240))])
    info, frames, end = read(path)
    assert end == ""
    assert info.size == (160, 120)
    assert [frame.size for frame in frames] == [(160, 120)] * 4 + [(96, 64)] * 4 + [(320, 240)] * 3


def test_an_animated_gif_is_a_video(tmp_path: Path) -> None:
    path = write_movie(
        tmp_path / "fun.gif", [quarters(64, 48)] * 5, codec="gif", pix_fmt="rgb8", time_base=Fraction(1, 100)
    )
    _, frames, _ = read(path)
    assert len(frames) == 5
    assert corners_of(frames[0].pixels) == CORNERS


def test_frames_are_not_overwritten_by_later_ones(tmp_path: Path) -> None:
    pictures = [np.full((64, 96, 3), 20 * number, np.uint8) for number in range(12)]
    _, frames, _ = read(write_movie(tmp_path / "clip.mp4", pictures))
    assert [round(float(frame.pixels.mean()) / 20) for frame in frames] == list(range(12))


# What is no video, or not a whole one


def test_each_thing_that_is_no_video_has_its_sentence(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.mp4") == f"There is no file {tmp_path / 'gone.mp4'}."
    empty = tmp_path / "empty.mp4"
    empty.touch()
    assert "is empty" in refusal(empty)
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear Sir or Madam\n" * 100, encoding="utf-8")
    assert "no video" in refusal(letter)
    other = tmp_path / "letter.txt"
    other.write_text("\x1b[31mDear Sir\n" * 1000, encoding="utf-8")
    assert "no video" in refusal(other)


def test_sound_alone_is_no_video_not_even_with_a_cover(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate, sound.pts = 44100, 0
        file.mux(stream.encode(sound))
        file.mux(stream.encode(None))
    assert "only sound" in refusal(path)


def test_ffmpeg_s_own_talk_is_not_sent_through_python() -> None:
    assert av.logging.get_level() is None  # its callback would take the interpreter's lock from decoder threads


def test_a_playlist_opens_nothing_else(tmp_path: Path) -> None:
    write_movie(tmp_path / "clip.ts", noise(3))
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nclip.ts\n#EXT-X-ENDLIST\n", encoding="utf-8")
    assert refusal(playlist).startswith(str(playlist))


@pytest.mark.parametrize(
    ("kind", "codec", "muxing"),
    [
        ("mp4", "libx264", {"movflags": "faststart"}),
        ("mp4", "mpeg4", {"movflags": "faststart"}),
        ("mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
        ("mkv", "libx264", {}),
        ("avi", "mpeg4", {}),
        ("webm", "libvpx", {}),
    ],
)
def test_a_video_that_was_cut_off_gives_what_there_is_and_says_so_at_its_end(
    tmp_path: Path, kind: str, codec: str, muxing: dict[str, str]
) -> None:
    encoding = {"deadline": "realtime", "cpu-used": "8"} if codec == "libvpx" else {"g": "10"}
    whole = write_movie(tmp_path / f"clip.{kind}", noise(60), codec=codec, muxing=muxing, encoding=encoding)
    _, all_frames, end = read(whole)
    assert (len(all_frames), end) == (60, "")
    path = cut(whole, 0.6)
    _, frames, end = read(path)
    assert 20 <= len(frames) <= 40
    assert end.startswith(f"{path} is damaged or cut off after {len(frames)} frames, at ")
    assert end.endswith("what could be read was used.")
    assert f"{len(frames) / 30:.1f} s" in end
    for frame, same in zip(frames, all_frames, strict=False):
        assert frame.time == same.time
        assert (frame.pixels == same.pixels).all()


def test_a_whole_video_that_begins_late_or_ends_before_its_sound_is_not_called_cut_off(tmp_path: Path) -> None:
    late = write_movie(tmp_path / "late.mkv", noise(30), [3000 + number for number in range(30)])
    info, frames, end = read(late)
    assert (len(frames), end) == (30, "")
    assert info.duration == pytest.approx(1.0, abs=0.01)
    slides = write_movie(tmp_path / "slides.mkv", noise(3), [0, 5000, 60_000], time_base=Fraction(1, 1000))
    assert read(slides)[2] == ""


def test_broadcasts_that_were_joined_are_read_through_and_go_on_in_time(tmp_path: Path) -> None:
    part = write_movie(tmp_path / "part.ts", noise(30))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part.read_bytes() * 2)
    _, frames, end = read(joined)
    assert (len(frames), end) == (60, "")
    steps = np.diff([frame.time for frame in frames]) / MS
    assert steps.min() > 0
    assert steps.max() < 100


def test_a_video_cut_before_its_index_is_refused(tmp_path: Path) -> None:
    path = cut(write_movie(tmp_path / "clip.mp4", noise(30)), 0.6)
    assert "damaged or cut off" in refusal(path)


def test_a_video_damaged_in_the_middle_is_read_on_and_told_at_the_end(tmp_path: Path) -> None:
    whole = write_movie(tmp_path / "clip.mp4", noise(60), muxing={"movflags": "faststart"}, encoding={"g": "5"})
    data = bytearray(whole.read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(data) // 30] = bytes(len(data) // 30)
    path = tmp_path / "scratched.mp4"
    path.write_bytes(data)
    _, frames, end = read(path)
    assert 50 <= len(frames) < 60
    assert "is damaged in " in end
    times = [frame.time for frame in frames]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(59 / 30 * 1e9, abs=MS)


def test_a_damaged_video_in_a_loop_is_logged_and_starts_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = cut(write_movie(tmp_path / "clip.mkv", noise(20)), 0.5)
    source = VideoSource(path, loop=True)
    source.open()
    with caplog.at_level(logging.WARNING):
        frames = [source.read() for _ in range(30)]
    source.close()
    assert all(frame is not None for frame in frames)
    assert "damaged or cut off" in caplog.text


# Opening and closing


def test_names_that_look_like_addresses_or_patterns_are_files(tmp_path: Path) -> None:
    for name in ("talk: part 1.mp4", "100%03d.mp4", "größe ü.mp4", "a?b#c&d.mp4", "concat:x|y.mp4", "-o.mp4"):
        _, frames, _ = read(write_movie(tmp_path / "plain.mp4", noise(2)).rename(tmp_path / name))
        assert len(frames) == 2, name


def test_close_may_come_at_any_time_and_there_is_nothing_to_read_afterwards(tmp_path: Path) -> None:
    source = VideoSource(write_movie(tmp_path / "clip.mp4", noise(10)))
    source.close()
    source.open()
    source.read()
    source.close()
    source.close()
    assert source.read() is None
    assert source.open().size == (160, 120)
    frame = source.read()
    assert frame is not None
    assert (frame.index, frame.time) == (0, 0)
    source.close()


def test_frames_are_let_go_without_the_help_of_the_garbage_collector(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "clip.mp4", [np.full((720, 1280, 3), 90, np.uint8)] * 90, rotation=180)
    source = VideoSource(path, loop=True)
    source.open()
    for _ in range(30):
        source.read()
    gc.collect()
    before = psutil.Process().memory_info().rss
    gc.disable()
    try:
        for _ in range(180):
            source.read()
        assert psutil.Process().memory_info().rss - before < 60e6  # kept, they would take 250 MB and more
    finally:
        gc.enable()
        source.close()


def test_opening_and_closing_leaves_no_memory_and_no_file_behind(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "clip.mp4", noise(4, (320, 240)))
    process = psutil.Process()

    def use() -> None:
        source = VideoSource(path)
        source.open()
        source.read()
        source.close()

    for _ in range(30):
        use()
    gc.collect()
    before, files = process.memory_info().rss, process.num_fds() if hasattr(process, "num_fds") else 0
    for _ in range(150):
        use()
    gc.collect()
    assert process.memory_info().rss - before < 25e6
    assert (process.num_fds() if hasattr(process, "num_fds") else 0) == files
