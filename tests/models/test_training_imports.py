"""Training runs where there is nothing but torch, numpy and OpenCV, on one packed file of pictures."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np

from models import child
from models.training import packing
from models.training.annotations import read

# Refuses every installed package that torch, numpy and OpenCV do not themselves ask for, and the program's other half.
ALONE = """
import importlib.machinery, importlib.metadata, re, sys

def asked_for(names):
    found, waiting = set(), list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name not in found:
            try:
                needs = importlib.metadata.requires(name) or []
            except importlib.metadata.PackageNotFoundError:
                continue
            found.add(name)
            waiting += [re.match(r"[\\w.-]+", need).group() for need in needs if "extra ==" not in need]
    return found

allowed = asked_for(["torch", "numpy", "opencv-python-headless"])
refused = {"desktop"}
for module, owners in importlib.metadata.packages_distributions().items():
    if not any(re.sub(r"[-_.]+", "-", owner).lower() in allowed for owner in owners):
        refused.add(module)
refused -= {"models", "resources", "setuptools", "_distutils_hack", "pkg_resources"}
assert {"openvino", "safetensors", "pydantic", "typer", "rich", "av", "pycocotools", "PySide6"} <= refused, refused

class Refuse:
    # What is refused is found, since torch asks where some of it is, and fails when it is loaded.

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name.partition(".")[0] in refused else None

    def create_module(self, spec):
        raise ModuleNotFoundError(f"No module named {spec.name!r}", name=spec.name)

    def exec_module(self, module):
        raise AssertionError

sys.meta_path.insert(0, Refuse())
sys.argv = ["python -m models.training", *sys.argv[1:]]
from models.training.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def alone(*arguments: str) -> tuple[int, str]:
    return child.run([sys.executable, "-P", "-c", ALONE, *arguments], env=child.environment(), timeout=100)


def test_the_command_needs_torch_numpy_and_opencv_alone() -> None:
    status, words = alone("--help")
    assert status == 0, words


def test_a_packed_file_is_trained_on_with_those_alone(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "a.png"), np.full((64, 64, 3), 90, np.uint8))
    content = {
        "images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 64}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [8, 8, 40, 40]}],
        "categories": [{"id": 1, "name": "thing"}],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(content), encoding="utf-8")
    packing.pack(read(tmp_path), tmp_path / "set.pack")
    told = ["--steps", "1", "--batch", "1", "--sides", "64", "--odds", "1", "--f32", "--device", "cpu"]
    status, words = alone("--data", str(tmp_path / "set.pack"), "--out", str(tmp_path / "run"), *told)
    assert status == 0, words
    assert (tmp_path / "run" / "weights.npz").is_file()
    assert not (tmp_path / "run" / "weights.safetensors").exists()
