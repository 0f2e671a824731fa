"""The real networks, loaded once for all tests of what is seen; and torch that draws the same numbers each time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from counting_engine import CountingEngine
from torch_engine import TorchEngine

from models.engine import load_engines

KEYS = ("face-detector-full", "face-mesh", "body-detector", "body-landmarks", "body-mask")


@pytest.fixture(scope="session")
def engines() -> dict[str, TorchEngine]:
    """Every network of the analyzer by its key, by torch alone."""
    return {key: TorchEngine(key) for key in KEYS}


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CountingEngine]:
    """Every network of the analyzer by its key, compiled as users run it; the forms lie in the run's own cache."""
    cache = Path(os.environ.get("ONLOOKER_TEST_CACHE", str(tmp_path_factory.getbasetemp() / "cache")))
    found = load_engines(KEYS, device="cpu", cache=cache, threads=2, precision="f32")
    return {key: CountingEngine(engine) for key, engine in found.items()}


@pytest.fixture
def same_numbers_each_time() -> Iterator[None]:
    """One thread and one seed for torch, as before afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
    torch.set_num_threads(threads)
