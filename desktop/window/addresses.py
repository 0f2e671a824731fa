"""Which address stands behind what is shown of it, for as long as the program runs."""

from __future__ import annotations

from desktop.sources.address import Address, redacted


class Addresses:
    """Names of sources as they are shown, stored and chosen again are without passwords; this knows what was typed.

    It is never written anywhere: after a new start an address with a password has to be typed again.
    """

    def __init__(self) -> None:
        self._typed: dict[str, str] = {}

    def keep(self, name: str) -> str:
        """Remember a name as it was typed; gives it as it may be shown and stored."""
        shown = redacted(name)
        if shown != name:
            self._typed[shown] = name
        return shown

    def typed(self, name: str) -> str:
        """The name as it was typed, for one as it is shown; any other as it is."""
        return self._typed.get(name.strip(), name)

    def lacks(self, name: str) -> bool:
        """Whether a name was stored in an earlier run, and its password has to be typed again."""
        return Address(self.typed(name)).forgotten
