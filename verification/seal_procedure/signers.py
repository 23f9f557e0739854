"""The certificates behind seals: found by the few bytes that a seal says of its own, proven by trust alone."""

from collections.abc import Iterable
from typing import Final, Protocol

from portadoc.errors import Untrusted
from portadoc.formats.visible_seal import key_id_of

Chain = tuple[bytes, ...]
MOST_TRIED: Final = 16
"""Chains of one key id that are tried; in honest hands two already share one by accident only."""


class SealSigners(Protocol):
    """Answer which chains a key id may stand for; fetches nothing."""

    def chains(self, key_id: bytes) -> tuple[Chain, ...]:
        """Return every chain (DER, leaf first, unverified) whose leaf has this key id.

        Raises Untrusted[issuer_untrusted] (reason ``signer_unknown``).
        """


class HeldSigners:
    """Chains that are at hand, by the key id of their leaf."""

    def __init__(self, unverified_chains: Iterable[Chain]) -> None:
        self._chains: dict[bytes, tuple[Chain, ...]] = {}
        for chain in unverified_chains:
            key_id = key_id_of(chain[0])
            self._chains[key_id] = (*self._chains.get(key_id, ()), chain)

    def chains(self, key_id: bytes) -> tuple[Chain, ...]:
        """Return every chain whose leaf has this key id. Raises Untrusted[issuer_untrusted]."""
        found = self._chains.get(key_id, ())
        if not found:
            raise Untrusted("issuer_untrusted", spec="Seal §5", reason="signer_unknown")
        return found[:MOST_TRIED]
