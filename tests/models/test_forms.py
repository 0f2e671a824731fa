"""Forms: what a child makes of a network, for the cache and for bundles, and what it says when it cannot."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
import torch

import resources
from models import checking, child, forms, making, shelf
from models.catalogue import NETWORKS
from models.cpu_engine import CpuEngine
from models.errors import NetworkError
from models.weights import build

SMALL = NETWORKS["face-detector-short"]


def test_a_form_takes_any_number_of_8_bit_pictures_and_names_its_f32_outputs() -> None:
    model = forms.convert(SMALL)
    (pictures,) = model.inputs
    assert pictures.any_name == "pictures"
    assert str(pictures.partial_shape) == "[?,128,128,3]"
    assert str(pictures.element_type) == "<Type: 'uint8_t'>"
    assert tuple(output.any_name for output in model.outputs) == SMALL.outputs
    assert {str(output.element_type) for output in model.outputs} == {"<Type: 'float32'>"}


def test_another_module_in_a_networks_place_is_left_as_it_was() -> None:
    network = NETWORKS["face-detector-short"]
    module = build(network)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    forms.traced(network, module)
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_a_form_holds_its_weights_in_32_bits_and_says_what_it_is_made_from(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "form"
    forms.make(SMALL, folder)
    assert {path.name for path in folder.iterdir()} == {shelf.XML, shelf.BIN, shelf.FACTS}
    xml = (folder / shelf.XML).read_text(encoding="utf-8")
    assert set(re.findall(r'element_type="(\w+)"', xml)) == {"u8", "f32", "i64"}
    assert shelf.facts(SMALL)["weights"] in (folder / shelf.FACTS).read_text(encoding="utf-8")
    assert list(folder.parent.iterdir()) == [folder]


def test_a_bundles_forms_replace_those_that_lie_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forms, "NETWORKS", {SMALL.key: SMALL})
    old = tmp_path / "forms" / SMALL.key
    old.mkdir(parents=True)
    for name in (shelf.XML, shelf.BIN, shelf.FACTS):
        (old / name).write_text("old", encoding="utf-8")
    assert forms.main(["--all", str(tmp_path / "forms")]) == 0
    assert list((tmp_path / "forms").iterdir()) == [old]
    engine = CpuEngine(SMALL, shelf.read(old), precision="f32", threads=1)
    assert checking.check(engine) <= checking.TOLERANCES["f32"]
    lines = capsys.readouterr().out.splitlines()
    parts = [float(line.partition(" ")[0]) for line in lines]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    assert lines[1].endswith(f"Preparing {SMALL.title}")


@pytest.mark.parametrize("arguments", [[], ["--cache"], ["--cache", "x", "--make", "face-mash"], ["face-mesh"]])
def test_wrong_use_is_told(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        forms.main(arguments)
    assert ended.value.code == 2


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a file"
    file.write_text("", encoding="utf-8")
    assert forms.main(["--cache", str(file), "--make", SMALL.key]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"{making.ERROR}Prepared networks could not be stored: ")


def test_damaged_weights_are_told_by_the_child_and_leave_no_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The child finds a whole copy of our resources before ours, but for one damaged weights file.
    copy = tmp_path / "path" / "resources"
    copy.mkdir(parents=True)
    (copy / "__init__.py").write_text(
        (resources.path("weights").parent / "__init__.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    shutil.copytree(resources.path("weights"), copy / "weights")
    weights = copy / "weights" / SMALL.weights
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    monkeypatch.syspath_prepend(copy.parent)
    cache = tmp_path / "cache"
    with pytest.raises(NetworkError, match=r"^The weights of face-detector-short .* are damaged\. Install Onlooker"):
        making.prepare([SMALL], [], cache, 1, lambda _text, _part: None)
    assert not any(path.is_file() for path in tmp_path.glob("cache/**/*"))


def test_a_child_that_cannot_start_or_dies_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "command", lambda *_: ["/no-such-program"])
    with pytest.raises(NetworkError, match=r"^Networks could not be prepared: no child process could be started"):
        making.prepare([SMALL], [], tmp_path, 1, lambda _text, _part: None)
    monkeypatch.setattr(child, "command", lambda *_: ["false"])
    with pytest.raises(NetworkError, match=r"could not be prepared: its process ended with status 1\.$"):
        making.prepare([SMALL], [], tmp_path, 1, lambda _text, _part: None)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("kill -9 $$", r"its process was ended by signal 9 \(.*\): start Onlooker again\.$"),
        ("exit 3", r"its process ended with status 3\.$"),
        ("echo 'MemoryError: no room' >&2; echo '0.500 Preparing'; exit 1", r": MemoryError: no room\.$"),
    ],
)
def test_progress_is_never_told_as_the_reason_why_a_child_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, words: str
) -> None:
    monkeypatch.setattr(child, "command", lambda *_: ["sh", "-c", f"echo '0.000 Starting torch'; {end}"])
    told: list[str] = []
    with pytest.raises(NetworkError, match=words) as error:
        making.prepare([SMALL], [], tmp_path, 1, lambda text, _part: told.append(text))
    assert "Starting torch" in told
    assert "Starting torch" not in str(error.value)
