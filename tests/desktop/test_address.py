"""What is shown of an address is not what opens it (TRAPS T29)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from desktop.sources.address import Address, address_of, redacted, without_secrets
from models.errors import SourceError

CANARY = "canary7"


@pytest.mark.parametrize(
    ("whole", "shown"),
    [
        ("rtsp://host/stream", "rtsp://host/stream"),
        ("rtsp://host:554/Streaming/Channels/101", "rtsp://host:554/Streaming/Channels/101"),
        ("rtsp://eve:canary7@host:554/h264Preview_01_main", "rtsp://***@host:554/h264Preview_01_main"),
        ("rtsp://canary7@host/", "rtsp://***@host/"),
        ("rtsp://eve:canary7@canary7@host/live", "rtsp://***@host/live"),
        ("rtsp://eve:canary7/canary7@host/live", "rtsp://***@host/live"),
        ("rtsp://eve:canary7?canary7@host/live", "rtsp://***@host/live"),
        ("rtsp://eve:canary7#@host/live", "rtsp://***@host/live"),
        ("rtsps://eve:canary7@[fe80::1]:322/live", "rtsps://***@[fe80::1]:322/live"),
        ("http://host/video?channel=1&user=canary7&pwd=canary7", "http://host/video?channel=1&user=***&pwd=***"),
        ("http://host/video?canary7", "http://host/video?***"),
        ("http://host/video?x=canary7#canary7", "http://host/video?x=***"),
        ("http://host/video#canary7", "http://host/video"),
        ("rtsp://host/user=canary7_password=canary7_channel=1.sdp", "rtsp://host/user=***_password=***_channel=1.sdp"),
        ("rtsp://host/user=eve_password=canary7_canary7_stream=1", "rtsp://host/user=***_password=***_stream=1"),
        ("rtsps://host:7441/canary7AbCdEfGhIj", "rtsps://host:7441/***"),
        ("rtsp://host/axis-media/media.amp", "rtsp://host/axis-media/media.amp"),
        ("http://host/a@b.mp4", "http://host/a@b.mp4"),
        ("camera:0", "camera:0"),
        ("C:\\clips\\a@b.mp4", "C:\\clips\\a@b.mp4"),
    ],
)
def test_of_an_address_only_what_is_not_secret_is_shown(whole: str, shown: str) -> None:
    assert redacted(whole) == shown
    assert redacted(shown) == shown
    assert without_secrets(f"Is '{whole}' there?") == f"Is '{shown}' there?"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Twice rtsp://a:canary7@c and rtsp://d:canary7@f.", "Twice rtsp://***@c and rtsp://***@f."),
        ("['rtsp://a:canary7@c','rtsp://d:canary7@f']", "['rtsp://***@c','rtsp://***@f']"),
        ("mail me@example.org about C:\\clip.mp4", "mail me@example.org about C:\\clip.mp4"),
        ("lost rtsp://eve:cana ry@host/x, again", "lost rtsp://***@host/x, again"),
        ("no eve:canary7/canary7@host/live", "no ***@host/live"),
        ("GET /live?loginpas=canary7&channel=1 HTTP/1.1", "GET /live?loginpas=***&channel=1 HTTP/1.1"),
        ("url=rtsp://eve:canary7@host", "url=rtsp://***@host"),
        ("1rtsp:eve:canary7@host", "***@host"),
        ("at 10:35:07 the host answered: no", "at 10:35:07 the host answered: no"),
    ],
)
def test_of_a_text_only_what_is_not_secret_is_shown(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
    assert without_secrets(shown) == shown


@given(some.text(alphabet="abc1:@/?#&=%.", max_size=30), some.text(alphabet="abc:@/?#&=%.", max_size=12))
def test_whatever_stands_around_it_a_password_before_a_host_is_hidden(before: str, after: str) -> None:
    assert CANARY not in redacted(f"rtsp://user:{CANARY}@host/{after}")
    assert CANARY not in redacted(f"rtsp://{before.replace('/', '')}:{CANARY}@host")
    assert CANARY not in without_secrets(f"'rtsp://user:{CANARY}@host/{after}'")
    assert CANARY not in without_secrets(f"'rtsp://{before.replace('/', '')}:{CANARY}@host'")


def test_neither_the_text_nor_the_form_for_developers_of_an_address_holds_its_password() -> None:
    address = Address("rtsp://eve:canary7@host/live")
    assert CANARY not in f"{address} {address!r}"
    assert address.whole == "rtsp://eve:canary7@host/live"


@pytest.mark.parametrize(
    "name",
    [
        "rtsp:/eve:canary7@host/live",
        "rtsp:eve:canary7@host/live",
        "rtsp://eve:canary7@/live",
        "rtsp://eve:canary7@host:99999/live",
        "rtsp://eve:cana ry@host/canary7",
        "rtsp://eve:canary7@host/li\x07ve",
        "rtsp://eve:canary7@host/li\nve",
        "http://",
        "http:///canary7@",
    ],
)
def test_what_is_no_address_is_answered_with_the_form_of_one_and_nothing_secret(name: str) -> None:
    with pytest.raises(SourceError, match="HOST/PATH") as error:
        address_of(name)
    assert CANARY not in str(error.value)
    assert "\n" not in str(error.value)


def test_an_address_as_it_was_stored_asks_for_what_was_left_out() -> None:
    for whole in (
        "rtsp://eve:canary7@host/live",
        "http://host/live?token=canary7&channel=1",
        "rtsp://host/canary7AbCdEfGhIj",
        "rtsp://host/user=canary7_password=canary7_channel=1.sdp",
    ):
        with pytest.raises(SourceError, match="lacks its user and password, which are never stored: type them where"):
            address_of(str(Address(whole)))
    assert address_of("rtsp://eve:***@host/live").whole == "rtsp://eve:***@host/live"


def test_an_address_keeps_what_was_typed_but_for_the_letters_of_its_scheme() -> None:
    for name in ("rtsp://Eve:P%40ss@Host:554/Live?x=1", " HTTP://host/Video.MJPG "):
        scheme, _, rest = name.strip().partition(":")
        assert address_of(name).whole == f"{scheme.lower()}:{rest}"
