"""Looking for malware before anybody can read a file: a hook, a command that does it, and doing without.

The command gets the path of a file as its last argument and answers with its exit code, as ``clamdscan`` does:
0 for clean, 1 for a find, anything else for a scan that did not take place.
"""

import subprocess
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from portadoc.errors import Refused, Unavailable

TIMEOUT_S: Final = 60.0


class ScanHook(Protocol):
    """Looks at a file that nobody else can read yet."""

    def scan(self, file: Path) -> None:
        """Return for a file that may be kept.

        Raises Refused[attachment_refused], Unavailable[scan_unavailable].
        """
        ...


class CommandScan:
    """A scanner of the operator's, run once for each file; a scan that fails admits nothing."""

    def __init__(self, command: Sequence[str], *, timeout_s: float = TIMEOUT_S) -> None:
        self._command = tuple(command)
        self._timeout_s = timeout_s

    def scan(self, file: Path) -> None:
        """Return for a file that may be kept.

        Raises Refused[attachment_refused], Unavailable[scan_unavailable].
        """
        try:
            done = subprocess.run(  # noqa: S603  the operator's own command, without a shell
                [*self._command, str(file)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self._timeout_s,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise Unavailable("scan_unavailable") from exc
        if done.returncode == 1:
            raise Refused("attachment_refused")
        if done.returncode != 0:
            raise Unavailable("scan_unavailable")


class UnsafeNoScan:
    """Lets every file through. For development; warns when made."""

    def __init__(self) -> None:
        warnings.warn("UnsafeNoScan keeps attachments that nobody has scanned", UserWarning, stacklevel=2)

    def scan(self, file: Path) -> None:
        """Return, whatever the file holds."""
