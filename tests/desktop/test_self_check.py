"""`self-check` tries every part for real, says how each went, and goes on when one fails."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from desktop.commands import checks, cli, display
from models.catalogue import NETWORKS

Capture = pytest.CaptureFixture[str]
PARTS = ["packages", "processor", "folders", "resources", "networks", *NETWORKS, "pictures", "video", "demo", "window"]


def results(capsys: Capture, status: int, *arguments: str) -> dict[str, dict[str, Any]]:
    """What `self-check --json` says of each part, by name."""
    assert cli.run(["self-check", "--json", *arguments]) == status
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is (status == 0)
    return {check["name"]: check for check in answer["checks"]}


def test_every_part_of_a_whole_installation_is_ok(capsys: Capture) -> None:
    if display.missing(display.ALWAYS) and sys.platform.startswith("linux"):
        pytest.skip("libraries that Qt needs are missing here")
    found = results(capsys, 0)
    assert list(found) == PARTS
    assert all(check["ok"] and check["says"] and check["seconds"] >= 0 for check in found.values())
    assert "Off by" in found["face-mesh"]["says"]
    assert "f32" in found["face-detector-short"]["says"] or "int8" in found["face-detector-short"]["says"]


def test_people_get_a_line_for_each_part(capsys: Capture) -> None:
    assert cli.run(["self-check", "--no-window"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert [line.split()[:2] for line in lines] == [["ok", name] for name in PARTS[:-1]]
    assert said.err.endswith(f"All {len(lines)} checks are ok.\n")


def test_a_network_that_answers_wrongly_fails_and_the_others_are_tried(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "allowed", lambda _precision: 0.0)
    found = results(capsys, 1, "--no-window")
    assert {name for name, check in found.items() if not check["ok"]} == set(NETWORKS)
    assert "wrong answers" in found["face-mesh"]["says"]


def test_another_opencv_is_found_and_what_to_do_is_told(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "opencv_python-5.0.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: opencv-python\nVersion: 5.0.0\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(checks, "checks", _only("packages"))
    assert cli.run(["self-check"]) == 1
    said = capsys.readouterr()
    assert "pip uninstall opencv-python" in said.out
    assert "1 of 1 checks failed: packages." in said.err


def test_a_missing_file_of_ours_is_named(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SHIPPED", ("demo.mp4", "fonts/None.otf"))
    monkeypatch.setattr(checks, "checks", _only("resources"))
    assert "fonts/None.otf" in results(capsys, 1)["resources"]["says"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere Qt brings what it needs")
def test_a_library_that_qt_lacks_is_named_with_its_package(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "ALWAYS", {"libnone.so.9": "libnone9"})
    monkeypatch.setattr(checks, "checks", _only("window"))
    assert "apt install libnone9" in results(capsys, 1)["window"]["says"]


def test_what_breaks_in_an_unforeseen_way_is_a_failed_check_too(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_report: object) -> str:
        raise ZeroDivisionError("none\nof it")

    monkeypatch.setattr(checks, "checks", lambda **_options: iter([checks.Check("part", broken)]))
    assert results(capsys, 1)["part"]["says"] == "ZeroDivisionError: none"


def test_networks_are_checked_with_the_tolerance_of_their_precision() -> None:
    assert checks.allowed("f32") <= 1e-3
    assert min(checks.allowed("bf16"), checks.allowed("int8")) > 1e-3
    assert max(checks.allowed("bf16"), checks.allowed("int8")) < 0.5


def _only(name: str) -> Any:
    every = checks.checks
    return lambda **options: (check for check in every(**options) if check.name == name)
