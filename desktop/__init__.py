"""The program: captures, shows, stores."""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, whose import takes long
__version__: str

if not TYPE_CHECKING:  # or any word would be taken for an attribute

    def __getattr__(name: str) -> str:
        """The version, looked up when it is asked for: that takes longer than all else that a start begins with."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("onlooker")
        except PackageNotFoundError:  # run from a checkout that was never installed
            return "0.1.0"
