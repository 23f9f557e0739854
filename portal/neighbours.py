"""What the portal role needs of others. Whoever puts an installation together provides it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from portadoc.schemas.claims import JsonObject
from portadoc.schemas.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLink:
    """An offer of a certificate to a wallet, told once: ``link`` is also what the QR code says."""

    offer_id: str
    link: str = field(repr=False)
    tx_code: str | None = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperDocument:
    """A sealed PDF as it was read back, the code printed on it, and the text of its seal."""

    pdf: bytes = field(repr=False)
    code: str = field(repr=False)
    seal: str = field(repr=False)


class Certificates(Protocol):
    """The issuer of an institution's certificates."""

    def upload(self, slug: str, record: Record, *, record_id: str) -> None:
        """Keep a record under an id; the same record again changes nothing.

        Raises Conflict[record_differs] for another record under the id, and as the issuer does.
        """
        ...

    def held(self, slug: str, record_id: str) -> JsonObject:
        """Return the record as JSON, as it is held. Raises Refused[record_unknown], Conflict[record_withdrawn]."""
        ...

    def offer(self, slug: str, record_id: str, configuration_ids: Sequence[str], *, tx_code: bool) -> OfferLink:
        """Return a new offer. Raises as the issuer does."""
        ...

    def cancel(self, slug: str, offer_id: str) -> bool:
        """End an offer that nobody has used; False when it was used or ended before."""
        ...

    def collected(self, slug: str, record_id: str) -> frozenset[str]:
        """Return the ids of the offers of a record that a wallet has collected."""
        ...

    def codes_tried(self, slug: str, record_id: str, *, since: int) -> int:
        """Return how often a code was tried on the offers of a record that were made since a time."""
        ...

    def tries_left(self, slug: str, offer_ids: Collection[str]) -> int:
        """Return how often codes can still be tried on those of some offers that are open."""
        ...

    def most_tries(self) -> int:
        """Return how often a code can be tried on one offer."""
        ...

    def paper(self, slug: str, record_id: str, *, language: str) -> PaperDocument:
        """Return a new sealed paper of a record. Raises as the issuer does."""
        ...

    def withdraw(
        self, slug: str, record_id: str, *, reason: str, effective_from: date, successor: str | None
    ) -> None:
        """Withdraw a record with all its copies; again changes nothing."""
        ...


class SecondChannel(Protocol):
    """Another way to a person than the screen: what opens an offer goes there."""

    def send(self, slug: str, to: str, text: str) -> None:
        """Send a text to the person behind a personal number. Raises Unavailable[second_channel_failed]."""
        ...


class Registers(Protocol):
    """What is known already and is not asked again."""

    def known(self, slug: str, *, worker_pin: str | None, employer_id: str | None) -> JsonObject:
        """Return ``{"person": ..., "employer": ...}``: extracts, each None where no register has an entry.

        Raises Unavailable[register_unavailable].
        """
        ...
