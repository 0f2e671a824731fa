"""OpenVINO as this program uses it: imported when first needed, and without its telemetry.

`import openvino` alone starts a thread that reports the import to a server, and writes an identity into the user's
home, unless the package that does it is out of reach. Onlooker reports nothing to anyone.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any


@cache
def openvino() -> Any:
    """The module openvino. Raises ImportError where it is not installed."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: Python refuses to import it
    import openvino as module

    return module


@cache
def core() -> Any:
    """OpenVINO's devices, one object for the whole process."""
    return openvino().Core()
