"""How much more memory a process takes for one thing that is done to it. Linux only.

The kernel keeps the highest mark of resident memory and lets it be set back; what stands between the memory before
and the mark after is what the act took. Memory that was freed goes back to the kernel at once (``GIVE_BACK``), so
that one act cannot hide behind another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MIB: Final = 2**20
GIVE_BACK: Final[Mapping[str, str]] = {"MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "65536"}
_SET_BACK: Final = "5"


@dataclass(frozen=True)
class Gauge:
    """Reads the memory of one process."""

    pid: int | str = "self"

    def growth(self, act: Callable[[], object]) -> int:
        """Return the bytes by which the process grew at most while ``act`` was under way."""
        (self._folder / "clear_refs").write_text(_SET_BACK)
        before = self._field("VmRSS")
        act()
        return max(0, self._field("VmHWM") - before)

    @property
    def works(self) -> bool:
        """Tell whether this machine keeps such marks."""
        return (self._folder / "clear_refs").exists()

    @property
    def _folder(self) -> Path:
        return Path(f"/proc/{self.pid}")

    def _field(self, name: str) -> int:
        for line in (self._folder / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(name)
