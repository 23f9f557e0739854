"""Whether a seal will fit on paper, found out before anything is recorded or signed."""

from dataclasses import dataclass
from typing import Any

from portadoc.errors import Refused
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.visible_seal import SealTerms, make_seal
from portadoc.formats.visible_seal.seal import LARGEST_PRINTED
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.signer import Signer
from portadoc.randomness import RandomBytes
from portadoc.schemas.seals import SealContent


@dataclass(frozen=True, slots=True)
class _Blank:
    """Stands where a signer does: as many random bytes as its signatures have, which compress as badly."""

    like: Signer
    random_bytes: RandomBytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self.like, name)

    def sign(self, _data: bytes) -> bytes:
        return self.random_bytes(SIGNATURE_ALGORITHMS[self.like.alg].signature_size)


def require_printable(
    content: SealContent, terms: SealTerms, *, signer: Signer, random_bytes: RandomBytes, margin: int = 0
) -> None:
    """Refuse what no printed code could hold; within a few characters, which the seal itself then settles.

    ``terms`` name an entry like the one that the seal will have; ``margin`` characters have to stay free. Raises
    Refused[seal_too_large].
    """
    text = make_seal(content, terms, signer=_Blank(signer, random_bytes))
    if len(text) + margin > LARGEST_PRINTED:
        raise Refused("seal_too_large", spec="Seal §1", characters=len(text) + margin, limit=LARGEST_PRINTED)


def likely_entry(base_uri: str, institution: str, size: int, *, random_bytes: RandomBytes) -> StatusReference:
    """Return a reference that is as long as that of any entry of the institution's lists, and compresses alike."""
    return StatusReference(f"{base_uri}/status/{institution}.{random_bytes(16).hex()}", size - 1)
