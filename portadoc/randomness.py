"""Random bytes as an argument: the operating system's, or a seeded stream for vectors."""

import hashlib
import secrets
import warnings
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]


def system_random_bytes(count: int) -> bytes:
    """Return ``count`` bytes from the operating system's generator."""
    return secrets.token_bytes(count)


class UnsafeSeededBytes:
    """A predictable stream: the same seed gives the same bytes. Only for vectors; warns when made."""

    def __init__(self, seed: bytes) -> None:
        warnings.warn("UnsafeSeededBytes makes every salt and nonce predictable", UserWarning, stacklevel=2)
        self._seed = hashlib.sha256(b"portadoc-unsafe-seed" + seed).digest()
        self._block = 0
        self._left = b""

    def __call__(self, count: int) -> bytes:
        while len(self._left) < count:
            self._left += hashlib.sha256(self._seed + self._block.to_bytes(8, "big")).digest()
            self._block += 1
        taken, self._left = self._left[:count], self._left[count:]
        return taken


def random_below(limit: int, random_bytes: RandomBytes) -> int:
    """Return a uniform integer in ``[0, limit)`` by rejection sampling."""
    size = (limit.bit_length() + 7) // 8
    ceiling = (256**size // limit) * limit
    while (drawn := int.from_bytes(random_bytes(size), "big")) >= ceiling:
        pass
    return drawn % limit
