"""Streams on the command line: recorded through a loss, and their passwords in nothing that is said or stored (T29)."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from fake_source import PATIENCE, until
from loopback_server import serving
from motion_jpeg import NetworkCamera

from desktop.commands import cli

BLIND = ("--no-objects", "--no-faces", "--no-bodies", "--encoder", "libx264")


def test_a_stream_is_recorded_through_a_loss_and_its_password_is_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    camera = NetworkCamera(password="canary", steady=True)
    with serving({"/video": camera}) as server:
        address = server.url("/video?token=canary").replace("//", "//eve:canary@")

        def hang_up() -> None:
            until(camera.connected.is_set, "it is watched")
            until(lambda: any(tmp_path.glob("*.jsonl.part")), "it is recorded")  # the data begin with a frame
            camera.hang_up()

        breaks = threading.Thread(target=hang_up)
        breaks.start()
        status = cli.run(
            ["record", address, "-o", str(tmp_path / "a.mp4"), "--duration", "4", "--json", *BLIND, "--debug"]
        )
        breaks.join(PATIENCE)
        assert camera.calls >= 2
        assert cli.run(["record", address.replace("canary", "wrongcanary"), "-o", str(tmp_path / "b.mp4"), *BLIND]) == 1
        assert cli.run(["annotate", address, "-o", str(tmp_path / "c.mp4")]) == 1
    said = capfd.readouterr()
    assert status == 0
    report = json.loads(said.out)
    assert report["frames"] + report["dropped"] == report["captured"] > 10
    assert "was lost (the connection broke off): called again in 1 s" in said.err
    assert "wants another user or password" in said.err
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "a.jsonl"}
    header = json.loads((tmp_path / "a.jsonl").read_text(encoding="utf-8").partition("\n")[0])
    assert header["source"] == f"http://***@127.0.0.1:{server.server_port}/video?token=***"
    everything = [said.out, said.err, *(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())]
    assert not [text for text in everything if "canary" in text]
