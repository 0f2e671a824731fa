"""What can be fetched is named exactly: an http(s) address, a sum, a licence; what makes no sense is refused first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desktop.fetching.address import parse
from desktop.fetching.entries import HOW_TO_ADD, find, listed, named_by_user, plain
from models.errors import FetchError

SUM = "0123456789abcdef" * 4
ITEM = {
    "name": "eye",
    "title": "An eye",
    "url": "https://example.org/eye.onnx",
    "sha256": SUM,
    "licence": "Apache-2.0",
    "bytes": 1000,
}


@pytest.mark.parametrize(
    ("url", "shown", "target"),
    [
        ("https://example.org/a/eye.onnx", "https://example.org/a/eye.onnx", "/a/eye.onnx"),
        (" HTTP://Example.ORG:80 ", "http://example.org/", "/"),
        ("http://example.org:8080/a%20b?x=1#top", "http://example.org:8080/a%20b?…", "/a%20b?x=1"),
        ("https://joe:pw@example.org/ä?k=ö", "https://example.org/%C3%A4?…", "/%C3%A4?k=%C3%B6"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x", "/x"),
        ("http://[::1]:99/x", "http://[::1]:99/x", "/x"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(url: str, shown: str, target: str) -> None:
    address = parse(url)
    assert (str(address), address.target) == (shown, target)


@pytest.mark.parametrize(
    "url",
    [
        *("", "eye.onnx", "file:///etc/passwd", "ftp://example.org/x", "https://", "https:///x", "data:,x"),
        *("https://example.org:99999/x", "https://example.org:x/x", "https://a b/x", "https://a%2fb/x"),
        *("https://example.org/" + 5000 * "x", "https://[::1/x", "https://a..b/x", "https://example.org/a\x00b"),
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(FetchError, match=r"^(Only addresses that begin|This is no address)"):
        parse(url)


@pytest.mark.parametrize(
    ("base", "location", "to"),
    [
        ("https://example.org/a/b", "c", "https://example.org/a/c"),
        ("https://example.org/a/b", "//cdn.example.org/c", "https://cdn.example.org/c"),
        ("http://example.org/a", "https://example.org/a", "https://example.org/a"),
    ],
)
def test_where_a_server_sends_on_to_is_relative_to_it(base: str, location: str, to: str) -> None:
    assert str(parse(base).follow(location)) == to


def test_the_login_goes_to_the_same_server_only() -> None:
    first = parse("https://joe:pw@example.org/a")
    assert first.follow("/b").login == ("joe", "pw")
    for other in ("https://example.org:444/b", "https://www.example.org/b"):
        assert first.follow(other).login is None


def test_https_is_never_left() -> None:
    with pytest.raises(FetchError, match="sends on from https to http"):
        parse("https://example.org/a").follow("http://example.org/a?token=canary")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/a/YOLOX Nano.onnx", "yolox-nano"),
        ("https://example.org/download?id=7", "download"),
        ("https://example.org/", "detector"),
        ("https://example.org/..onnx", "detector"),
    ],
)
def test_a_name_comes_from_the_address_unless_it_is_given(url: str, name: str) -> None:
    assert named_by_user(url=url, sha256=SUM.upper(), licence=" MIT ").name == name
    given = named_by_user(url=url, sha256=SUM, licence="MIT", name="mine")
    assert (given.name, given.licence, given.sha256, given.bytes) == ("mine", "MIT", SUM, None)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sha256": SUM[1:]}, "64 hexadecimal digits"),
        ({"sha256": "g" + SUM[1:]}, "64 hexadecimal digits"),
        ({"licence": " \n"}, "Name the licence"),
        ({"name": "../../evil"}, "cannot be a detector's name"),
        ({"name": "a" * 65}, "cannot be a detector's name"),
    ],
)
def test_what_a_user_typed_wrong_is_named(wrong: dict[str, str], sentence: str) -> None:
    with pytest.raises(FetchError, match=sentence):
        named_by_user(**{"url": "https://example.org/x", "sha256": SUM, "licence": "MIT", **wrong})


def test_the_shipped_list_is_whole_and_what_is_not_in_it_is_answered_with_how_to_fetch_it() -> None:
    entries = listed()
    assert all(entry.bytes for entry in entries)
    with pytest.raises(FetchError, match="onlooker models fetch --url") as caught:
        find("nowhere", entries)
    assert HOW_TO_ADD in str(caught.value)


def test_a_list_names_what_was_fetched_and_run(tmp_path: Path) -> None:
    path = tmp_path / "detectors.json"
    path.write_text(json.dumps({"detectors": [ITEM]}))
    (entry,) = listed(path)
    assert (entry.name, entry.title, entry.bytes, entry.licence) == ("eye", "An eye", 1000, "Apache-2.0")
    assert find("eye", (entry,)) is entry


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"detectors": 3}', '{"detectors": [3]}', '{"detectors": [{}]}', json.dumps({"detectors": [ITEM, ITEM]})]
    + [json.dumps({"detectors": [ITEM | {"bytes": size}]}) for size in (None, 0, -1, True, "7")]
    + [json.dumps({"detectors": [ITEM | {"url": "file:///x"}]}), json.dumps({"detectors": [ITEM | {"licence": 3}]})],
)
def test_a_damaged_list_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "detectors.json"
    path.write_text(text)
    with pytest.raises(FetchError, match=r"^The list of detectors .* Install Onlooker again\.$"):
        listed(path)


def test_what_others_wrote_cannot_move_the_cursor() -> None:
    assert plain("MIT\x1b[2J\nand\u202e more") == "MIT[2J and more"
    assert len(plain("x" * 999)) == 200
