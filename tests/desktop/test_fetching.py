"""A detector is fetched only whole and only if it is the one that was meant, whatever the server and the way do."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback_server import Behaviour, File, Handler, LoopbackServer, sends_on, serving

from desktop.fetching.connection import Caller, Patience
from desktop.fetching.download import ATTEMPTS, Progress, StoppedError, fetch, look
from desktop.fetching.entries import Entry, named_by_user
from desktop.fetching.partial import Partial
from models.errors import FetchError

CONTENT = b"".join(hashlib.sha256(bytes([place % 256, place // 256])).digest() for place in range(10_000))
SUM = hashlib.sha256(CONTENT).hexdigest()
NO_PAUSE = (0.0,)

Fetch = Callable[..., Path]


@pytest.fixture(autouse=True)
def no_proxy_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


def entry(url: str, sha256: str = SUM, size: int | None = None) -> Entry:
    user = named_by_user(url=url, sha256=sha256, licence="Apache-2.0", name="eye")
    return Entry(user.name, user.title, user.address, user.sha256, user.licence, size)


def fetched(server: LoopbackServer, folder: Path, path: str = "/eye.onnx", **given: Any) -> Path:
    size = given.pop("size", None)
    given.setdefault("caller")
    return fetch(entry(server.url(path), size=size), folder, pauses=NO_PAUSE, **given)


def left(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir())


def test_a_file_comes_whole_with_its_progress_and_nothing_else_is_left(tmp_path: Path) -> None:
    told: list[Progress] = []
    with serving({"/eye.onnx": File(CONTENT)}) as server:
        offer = look(entry(server.url("/eye.onnx")))
        path = fetched(server, tmp_path, tell=told.append)
    assert offer.bytes == len(CONTENT)
    assert [one.method for one in server.requests] == ["HEAD", "GET"]
    assert path == tmp_path / "eye.onnx"
    assert path.read_bytes() == CONTENT
    assert left(tmp_path) == [".onnx"]
    assert told[0] == Progress(0, len(CONTENT))
    assert told[-1] == Progress(len(CONTENT), len(CONTENT))


def test_a_connection_that_breaks_again_and_again_is_gone_on_with(tmp_path: Path) -> None:
    with serving({"/eye.onnx": File(CONTENT, cut=150_000)}) as server:
        assert fetched(server, tmp_path).read_bytes() == CONTENT
    asked = [one.headers.get("Range") for one in server.requests]
    assert asked == [None, "bytes=150000-", "bytes=300000-"]
    assert server.requests[1].headers["If-Range"] == '"one"'


def test_what_a_broken_connection_left_is_gone_on_with_the_next_time(tmp_path: Path) -> None:
    with serving({"/eye.onnx": File(CONTENT, cut=1000)}) as server:
        with pytest.raises(FetchError, match=r"broke off, 4 kB are kept: fetch it again to go on"):
            fetched(server, tmp_path)
        assert len(server.requests) == ATTEMPTS
        assert left(tmp_path) == [".json", ".part"]
        server.files["/eye.onnx"] = File(CONTENT)
        assert fetched(server, tmp_path).read_bytes() == CONTENT
    assert server.requests[-1].headers["Range"] == "bytes=4000-"
    assert left(tmp_path) == [".onnx"]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(File(CONTENT, etag='"two"'), id="its version changed: If-Range"),
        pytest.param(File(CONTENT, ranges=False), id="it ignores Range"),
        pytest.param(File(CONTENT, etag=""), id="it names no version: the sum decides"),
    ],
)
def test_what_does_not_belong_to_the_new_answer_is_begun_again(tmp_path: Path, after: File) -> None:
    other = bytes(reversed(CONTENT))
    with serving({"/eye.onnx": File(other, etag=after.etag and '"one"', cut=1000)}) as server:
        with pytest.raises(FetchError, match="kept"):
            fetched(server, tmp_path)
        server.files["/eye.onnx"] = after
        assert fetched(server, tmp_path).read_bytes() == CONTENT


def test_a_file_that_became_shorter_than_what_is_here_is_begun_again(tmp_path: Path) -> None:
    with Partial(tmp_path, SUM) as partial:
        partial.begin_again()
        partial.add(bytes(len(CONTENT) + 5))
    with serving({"/eye.onnx": File(CONTENT)}) as server:
        assert fetched(server, tmp_path).read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_what_was_whole_when_it_was_stopped_is_not_asked_for_again(tmp_path: Path) -> None:
    with Partial(tmp_path, SUM) as partial:
        partial.begin_again('"one"')
        partial.add(CONTENT)
    with serving({}) as server:
        assert fetched(server, tmp_path).read_bytes() == CONTENT
    assert server.requests == []


def another_part(handler: Handler) -> None:
    """Sends the beginning, whatever was asked for, and calls it what was not asked for."""
    handler.head(206, Content_Range=f"bytes 7-{len(CONTENT) - 1}/{len(CONTENT)}", Content_Length=len(CONTENT) - 7)
    handler.body(CONTENT[7:])


def trickle(handler: Handler) -> None:
    """Begins, and goes on byte by byte, never silent for long."""
    handler.head(200, Content_Length=len(CONTENT))
    while not handler.server.ending.wait(0.01):
        handler.body(b"x")
        handler.wfile.flush()


def trickling_head(handler: Handler) -> None:
    """Its head never ends."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
    while not handler.server.ending.wait(0.01):
        handler.wfile.write(b"x")


def endless(handler: Handler) -> None:
    """Says no size and has no end."""
    handler.head(200)
    while not handler.server.ending.is_set():
        handler.body(bytes(100_000))


def silent(handler: Handler) -> None:
    """Begins, and says nothing more."""
    handler.head(200, Content_Length=len(CONTENT))
    handler.body(CONTENT[:100])
    handler.wfile.flush()
    handler.server.ending.wait(60)


SHORT: dict[Behaviour, Patience] = {
    trickle: Patience(window=0.3, least=50_000.0),
    trickling_head: Patience(head=0.3),
    silent: Patience(silence=0.5),
}
"""How long those are waited for here that would keep a test waiting."""


def no_http(handler: Handler) -> None:
    """Speaks something else."""
    handler.wfile.write(b"220 mail.example.org ESMTP\r\n" * 50)


@pytest.mark.parametrize(
    ("behaviour", "size", "sentence", "kept"),
    [
        pytest.param(File(bytes(500)), None, "its SHA-256 is another", [], id="wrong bytes"),
        pytest.param(File(CONTENT, says=900), None, "its SHA-256 is another", [], id="longer than it says"),
        pytest.param(File(bytes(900), says=5000), None, "its SHA-256 is another", [], id="shorter than it says"),
        pytest.param(File(CONTENT), 999, "offers 320 kB where 999 bytes were expected", [], id="not as in the list"),
        pytest.param(File(CONTENT, says=1 << 40), None, "more than 536.9 MB are not fetched", [], id="far too large"),
        pytest.param(endless, 200_000, "sends more than 200 kB", [], id="no size, no end"),
        pytest.param(trickle, None, "is too slow", [".part"], id="an endless trickle"),
        pytest.param(trickling_head, None, "does not even begin to answer", [], id="an endless head"),
        pytest.param(silent, None, r"fell silent, \d+ bytes are kept", [".part"], id="silence"),
        pytest.param(another_part, None, "another part than was asked for", [], id="another part"),
        pytest.param(no_http, None, "does not speak HTTP", [], id="no HTTP"),
        pytest.param(File(CONTENT, extra={"Content_Encoding": "gzip"}), None, "packs the file", [], id="packed"),
        pytest.param(sends_on("/eye.onnx"), None, "in a circle", [], id="a circle"),
        pytest.param(sends_on("ftp://127.0.0.1/eye"), None, "Only addresses that begin with https", [], id="to ftp"),
        pytest.param(sends_on("file:///etc/passwd"), None, "Only addresses that begin with https", [], id="to a file"),
        pytest.param(sends_on("/none"), None, r"no such file \(404\)", [], id="to nowhere"),
        pytest.param(lambda h: h.head(401), None, "wants a name and a password", [], id="401"),
        pytest.param(lambda h: h.head(403), None, "does not give this file to everybody", [], id="403"),
        pytest.param(lambda h: h.head(407), None, "The proxy on the way", [], id="407"),
        pytest.param(lambda h: h.head(503), None, r"answers 503\): try again later", [], id="503"),
    ],
)
def test_a_server_that_lies_or_fails_is_refused_in_one_sentence_and_nothing_has_a_final_name(
    tmp_path: Path, behaviour: Behaviour, size: int | None, sentence: str, kept: list[str]
) -> None:
    caller = Caller(SHORT.get(behaviour))
    with serving({"/eye.onnx": behaviour}) as server, pytest.raises(FetchError, match=sentence) as caught:
        fetched(server, tmp_path, size=size, caller=caller)
    assert str(caught.value).endswith((".", ")"))
    assert "\n" not in str(caught.value)
    assert left(tmp_path) == kept


def test_a_wrong_length_does_no_harm_where_the_bytes_are_right(tmp_path: Path) -> None:
    with serving({"/eye.onnx": File(CONTENT, says=len(CONTENT) + 9)}) as server:
        assert fetched(server, tmp_path).read_bytes() == CONTENT
    assert len(server.requests) == 1


def test_a_server_may_name_no_length(tmp_path: Path) -> None:
    def without(handler: Handler) -> None:
        handler.head(200)
        handler.body(CONTENT)

    told: list[Progress] = []
    with serving({"/eye.onnx": without}) as server:
        assert look(entry(server.url("/eye.onnx"))).bytes is None
        assert fetched(server, tmp_path, tell=told.append).read_bytes() == CONTENT
    assert {one.total for one in told} == {None}


def test_pieces_of_chunks_are_put_together_and_a_broken_chunk_is_a_break(tmp_path: Path) -> None:
    def chunked(handler: Handler, end: bytes = b"0\r\n\r\n") -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.head(200, Transfer_Encoding="chunked")
        for place in range(0, len(CONTENT), 70_000):
            piece = CONTENT[place : place + 70_000]
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        handler.wfile.write(end)
        handler.close_connection = True

    with serving({"/eye.onnx": chunked, "/cut.onnx": lambda handler: chunked(handler, b"fff\r\nabc")}) as server:
        assert fetched(server, tmp_path).read_bytes() == CONTENT
        with pytest.raises(FetchError, match="broke off"):
            fetched(server, tmp_path / "cut", "/cut.onnx")


def test_redirects_are_followed_but_not_for_ever(tmp_path: Path) -> None:
    files: dict[str, Behaviour] = {f"/{step}": sends_on(f"/{step + 1}", 301 + step % 2) for step in range(20)}
    with serving(files | {"/go": sends_on("/eye.onnx", 307), "/eye.onnx": File(CONTENT)}) as server:
        assert fetched(server, tmp_path, "/go").read_bytes() == CONTENT
        with pytest.raises(FetchError, match="sends on more than 5 times"):
            fetched(server, tmp_path, "/0")
    assert len(server.requests) == 2 + 6


def test_a_name_and_a_password_are_told_to_their_server_alone_and_never_shown(tmp_path: Path) -> None:
    with serving({"/eye.onnx": File(CONTENT), "/no": lambda h: h.head(500)}) as other:
        files: dict[str, Behaviour] = {
            "/same": sends_on("/away"),
            "/away": sends_on(other.url("/eye.onnx", "localhost")),
        }
        with serving(files) as server:
            url = server.url("/same?token=canary").replace("http://", "http://joe:canary%21@")
            secret = entry(url)
            fetch(secret, tmp_path, pauses=NO_PAUSE)
    assert [one.headers.get("Authorization") for one in server.requests] == ["Basic am9lOmNhbmFyeSE="] * 2
    assert [one.headers.get("Authorization") for one in other.requests] == [None]
    assert "canary" not in f"{secret} {secret.address} {secret.address!r}"
    with pytest.raises(FetchError) as caught:  # nobody listens there any more
        fetch(secret, tmp_path, pauses=NO_PAUSE)
    assert "takes no connection" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_the_proxy_of_the_environment_is_used_and_logged_in_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    through = "http://models.invalid/eye.onnx"

    def demanding(handler: Handler) -> None:
        if handler.headers.get("Proxy-Authorization") != "Basic am9lOnNlY3JldA==":
            handler.head(407, Content_Length=0)
        else:
            File(CONTENT)(handler)

    with serving({through: demanding, "models.invalid:443": lambda h: h.head(407)}) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{proxy.server_port}")
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_port}")
        with pytest.raises(FetchError, match=r"The proxy on the way to models\.invalid wants a name and a password"):
            fetch(entry(through), tmp_path)
        monkeypatch.setenv("HTTP_PROXY", f"http://joe:secret@127.0.0.1:{proxy.server_port}")
        assert fetch(entry(through), tmp_path).read_bytes() == CONTENT
        with pytest.raises(FetchError, match=r"The proxy 127\.0\.0\.1:\d+ wants a name and a password"):
            look(entry("https://models.invalid/eye.onnx"))
    assert [one.target for one in proxy.requests] == [through, through, "models.invalid:443"]
    assert proxy.requests[0].headers["Host"] == "models.invalid"


def test_no_proxy_is_honoured_and_a_proxy_of_another_kind_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({"/eye.onnx": File(CONTENT)}) as server:
        monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:1080")
        with pytest.raises(FetchError, match="of the kind socks5"):
            fetched(server, tmp_path)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert fetched(server, tmp_path).read_bytes() == CONTENT


@pytest.fixture
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LoopbackServer, Path]]:
    """A server that speaks TLS, and its certificate, which nobody knows."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = f"-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout {key} -out {certificate}"
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(["openssl", "req", *made.split(), *named], check=True, capture_output=True)
    files: dict[str, Behaviour] = {"/eye.onnx": File(CONTENT), "/down": sends_on("http://localhost/eye.onnx")}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(files) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        yield server, certificate


def test_https_is_checked_and_never_left_for_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certified: tuple[LoopbackServer, Path]
) -> None:
    server, certificate = certified
    url = f"https://localhost:{server.server_port}"
    with pytest.raises(FetchError, match="cannot prove who it is"):
        fetch(entry(f"{url}/eye.onnx"), tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert fetch(entry(f"{url}/eye.onnx"), tmp_path).read_bytes() == CONTENT
    with pytest.raises(FetchError, match=r"from https to http://localhost/eye\.onnx"):
        fetch(entry(f"{url}/down"), tmp_path)


def test_a_host_that_nobody_knows_is_named(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"nowhere\.invalid is not known here"):
        fetch(entry("http://nowhere.invalid/eye.onnx"), tmp_path)
    assert left(tmp_path) == []


def test_a_full_disk_is_seen_before_anything_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: small)
    with (
        serving({"/eye.onnx": File(CONTENT)}) as server,
        pytest.raises(FetchError, match=r"There is too little room in .*: 67\.7 MB are needed, 1\.0 MB are free"),
    ):
        fetched(server, tmp_path)
    assert left(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of files")
def test_a_disk_that_takes_no_more_on_the_way_is_named(tmp_path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with serving({"/eye.onnx": File(CONTENT)}) as server:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
        try:
            with pytest.raises(FetchError, match="cannot be written: the file is larger than this disk"):
                fetched(server, tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert left(tmp_path) == [".json", ".part"]
        assert fetched(server, tmp_path).read_bytes() == CONTENT


def test_two_at_a_time_do_not_write_into_one_file(tmp_path: Path) -> None:
    with (
        serving({"/eye.onnx": File(CONTENT)}) as server,
        Partial(tmp_path, SUM),
        pytest.raises(FetchError, match="Another Onlooker fetches the same file"),
    ):
        fetched(server, tmp_path)


def test_a_stop_comes_through_at_once_and_what_is_there_is_gone_on_with(tmp_path: Path) -> None:
    stop, caller = threading.Event(), Caller()  # with the patience of every day: only hanging up ends the silence

    def tell(progress: Progress) -> None:
        if progress.done:
            stop.set()
            caller.hang_up()

    with serving({"/eye.onnx": silent}) as server:
        with pytest.raises(StoppedError, match="Stopped, "):
            fetched(server, tmp_path, caller=caller, stop=stop, tell=tell)
        server.files["/eye.onnx"] = File(CONTENT)
        assert fetched(server, tmp_path).read_bytes() == CONTENT


def test_an_interruption_leaves_what_is_gone_on_with(tmp_path: Path) -> None:
    def tell(progress: Progress) -> None:
        if progress.done > 100_000:
            raise KeyboardInterrupt

    with serving({"/eye.onnx": File(CONTENT)}) as server:
        with pytest.raises(KeyboardInterrupt):
            fetched(server, tmp_path, tell=tell)
        assert left(tmp_path) == [".json", ".part"]
        assert fetched(server, tmp_path).read_bytes() == CONTENT
    assert int(server.requests[-1].headers["Range"].removeprefix("bytes=").rstrip("-")) > 100_000


def test_nothing_that_is_kept_holds_the_address(tmp_path: Path) -> None:
    with serving({"/eye.onnx": File(CONTENT, cut=1000)}) as server:
        url = server.url("/eye.onnx?token=canary").replace("http://", "http://joe:canary@")
        with pytest.raises(FetchError):
            fetch(entry(url), tmp_path, pauses=NO_PAUSE)
    assert left(tmp_path) == [".json", ".part"]
    assert not any(b"canary" in path.read_bytes() or "canary" in path.name for path in tmp_path.iterdir())
