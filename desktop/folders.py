"""Where the program keeps what belongs to its user: caches, settings, recordings.

Each folder may be named by an environment variable; else it is the place that the system provides. Whoever writes
into one makes it.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_NAME = "onlooker"


def cache() -> Path:
    """Forms of networks and answers about the processor: can be deleted at any time. ONLOOKER_CACHE."""
    return _chosen("ONLOOKER_CACHE") or Path(platformdirs.user_cache_dir(_NAME, appauthor=False))


def fetched() -> Path:
    """What is being fetched, and what was fetched until it is added; in the cache."""
    return cache() / "fetched"


def config() -> Path:
    """The settings file. ONLOOKER_CONFIG."""
    return _chosen("ONLOOKER_CONFIG") or Path(platformdirs.user_config_dir(_NAME, appauthor=False))


def videos() -> Path:
    """Recordings and snapshots, unless the settings name another folder. ONLOOKER_VIDEOS."""
    return _chosen("ONLOOKER_VIDEOS") or Path(platformdirs.user_videos_dir()) / "Onlooker"


def networks() -> Path:
    """Networks that the user added. ONLOOKER_NETWORKS."""
    return _chosen("ONLOOKER_NETWORKS") or Path(platformdirs.user_data_dir(_NAME, appauthor=False)) / "networks"


def _chosen(variable: str) -> Path | None:
    value = os.environ.get(variable, "")
    return Path(value).expanduser() if value else None
