"""Writing files so that they are there after a power cut, whole or not at all, readable by their owner only."""

import os
from pathlib import Path

from portadoc.errors import Conflict


def write_new_file(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 that must not exist yet. Raises Conflict[key_file_exists]."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as exc:
        raise Conflict("key_file_exists", file=path.name) from exc
    _write_and_sync(descriptor, content)
    _sync_directory(path.parent)


def replace_file(path: Path, content: bytes) -> None:
    """Put a file of mode 0600 in place of whatever was there."""
    fresh = path.with_name(path.name + ".new")
    _write_and_sync(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), content)
    fresh.replace(path)
    _sync_directory(path.parent)


def _write_and_sync(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    if os.name != "posix":  # other systems cannot open a directory, and need not
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
