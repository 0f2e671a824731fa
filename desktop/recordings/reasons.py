"""Why a file could not be written or read, in words for people."""

from __future__ import annotations

import errno


def why(error: OSError) -> str:
    """The cause of a failed write, in words fit for the end of a sentence."""
    reasons = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EFBIG: "the file is larger than this disk or account allows",
        errno.EACCES: "the folder may not be written to",
        errno.EPERM: "the folder may not be written to",
        errno.EROFS: "the disk is read-only",
        errno.ENOENT: "the folder does not exist",
        errno.ENOTDIR: "a part of its path is a file, not a folder",
        errno.EISDIR: "there is a folder of that name",
        errno.EIO: "the disk reports an error",
        errno.ENAMETOOLONG: "the name is too long",
    }
    return reasons.get(error.errno or 0) or (error.strerror or str(error) or "the system gives no reason").rstrip(".")


def why_unread(error: OSError) -> str:
    """The cause of a failed read, likewise."""
    reasons = {
        errno.ENOENT: "there is no such file",
        errno.EACCES: "it may not be read",
        errno.EPERM: "it may not be read",
        errno.EISDIR: "it is a folder",
    }
    return reasons.get(error.errno or 0) or why(error)
