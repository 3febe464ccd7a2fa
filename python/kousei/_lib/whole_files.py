"""Files that are there whole, or as they were before."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def require_folder(path: Any) -> None:
    """Raise FileNotFoundError unless the folder of a file is there."""
    if not os.fspath(path) or not os.path.isdir(os.path.dirname(os.path.realpath(os.fsdecode(path)))):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


@contextmanager
def replacing(path: Any) -> Iterator[str]:
    """Yield where to write a file, which takes its place at a path once all has been written.

    Raises
    ------
    OSError
        If there is no such folder, the path is one, or it cannot be written to.
    """
    target = os.path.realpath(os.fsdecode(path))
    require_folder(path)
    if os.path.isdir(target):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    import tempfile  # which loads much

    # Beside the target, from where it can be renamed; in a folder of this call, so that the file gets the usual
    # permissions, and two calls at once do not meet.
    with tempfile.TemporaryDirectory(prefix=".kousei-", dir=os.path.dirname(target)) as beside:
        written = os.path.join(beside, "written")
        yield written
        with open(written, "rb") as file:
            os.fsync(file.fileno())
        os.replace(written, target)
