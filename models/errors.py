"""The errors that Onlooker shows: each carries one sentence that a user understands and can act on."""


class OnlookerError(Exception):
    """Something could not be done. `str(error)` is one whole sentence, with what to do where that is known.

    Raised where the cause is known, shown in one place (the command line's exit, the window's banner).
    """


class SourceError(OnlookerError):
    """A source could not be named, opened or read: a missing file, no video, a camera that is not there or was lost."""


class RecordingError(OnlookerError):
    """A file could not be written or read back: it exists, the folder is not writable, the disk is full."""


class WrongNameError(RecordingError):
    """A file is to be called what it cannot be: its ending says another kind. Wrong usage, whatever is on the disk."""


class NetworkError(OnlookerError):
    """A network could not be had: a damaged weights file, no form could be made, a device that does not work."""


class FetchError(OnlookerError):
    """A network could not be fetched: no connection, another file than the one that was meant, a server that lies."""


class SettingsError(OnlookerError):
    """The settings file could not be read or holds values that make no sense."""


class RuleError(OnlookerError):
    """Rules could not be read or written, or hold what makes no sense: a class that is not known, a score of 2."""


class DisplayError(OnlookerError):
    """No window can be opened: there is no display, or the system lacks libraries that Qt needs."""
