"""The wheel, installed, works from any folder and holds what the program needs and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("desktop", "models", "resources", "pyproject.toml", "README.md", "LICENSE", "NOTICE")
_LONGEST = 300  # seconds; a hang, not a measure


def _run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=_LONGEST, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources, so that nothing is left among them."""
    if not (ROOT / "pyproject.toml").exists():
        pytest.skip("the tests lie apart from the sources: no wheel can be built")
    folder = tmp_path_factory.mktemp("wheel")
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    made = _run(
        sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", folder, cwd=folder
    )
    assert made.returncode == 0, made.stdout + made.stderr
    (found,) = (folder / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def onlooker(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script in an environment of its own, which borrows the dependencies of this one."""
    home = tmp_path_factory.mktemp("environment")
    made = _run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    assert made.returncode == 0, made.stderr
    binaries = home / ("Scripts" if os.name == "nt" else "bin")
    python = binaries / "python"
    # By name: pip's --no-deps leaves only our own wheel in it, the rest is found one folder further.
    (site,) = home.rglob("site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    install = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    made = _run(*install, "--force-reinstall", "--ignore-installed", wheel, cwd=home)
    assert made.returncode == 0, made.stderr
    return binaries / "onlooker"


def test_the_wheel_holds_three_packages_with_all_that_they_need(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"desktop", "models", "resources"}
    for needed in (
        "resources/demo.mp4",
        "resources/weights/manifest.json",
        "resources/sidecar.schema.json",
        "resources/weights/face_mesh.safetensors",
        "resources/weights/answers.npz",
        "resources/fonts/Inter-SemiBold.otf",
        "desktop/py.typed",
    ):
        assert needed in names
    licences = {Path(name).name for name in names if ".dist-info/licenses/" in name}
    assert {"LICENSE", "NOTICE"} <= licences


def test_installed_it_checks_itself_from_a_folder_with_packages_of_the_same_names(
    onlooker: Path, tmp_path: Path
) -> None:
    for name in ("desktop", "models", "resources"):
        decoy = tmp_path / name
        decoy.mkdir()
        (decoy / "__init__.py").write_text(f"raise ImportError('the decoy {name} was imported')\n", encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = _run(onlooker, "self-check", cwd=tmp_path, env=env | {"QT_QPA_PLATFORM": "offscreen"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "decoy" not in done.stdout + done.stderr
    assert _run(onlooker, "--version", cwd=tmp_path, env=env).stdout.strip().endswith("0.1.0")
