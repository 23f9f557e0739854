"""What the portal role needs of others. Whoever puts an installation together provides it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from portadoc.schemas.claims import JsonObject
from portadoc.schemas.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLink:
    """An offer of a certificate to a wallet, told once: ``link`` is also what the QR code says.

    ``page`` is the address of a page that shows both, for whoever has it.
    """

    offer_id: str
    link: str = field(repr=False)
    page: str = field(repr=False)
    tx_code: str | None = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperDocument:
    """A sealed PDF as it was read back, the code printed on it, and the text of its seal."""

    pdf: bytes = field(repr=False)
    code: str = field(repr=False)
    seal: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a wallet got at once: ``copies`` of one layout, of which ``valid`` have not been withdrawn.

    ``grant_id`` is that of the offer, where it came of one; ``confirmed``: the wallet reported that it has it.
    """

    at: int
    configuration_id: str
    copies: int
    valid: int
    grant_id: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What was done to a record, by a verb of the life cycle; ``cause`` is what the world is told of its end."""

    verb: str
    at: int
    reason: str | None
    cause: str | None
    effective_from: date | None
    successor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRecord:
    """A record with all that became of it: collections and deeds in the order in which they happened."""

    record_id: str
    content: JsonObject = field(repr=False)
    recorded_at: int
    withdrawn_at: int | None
    predecessor: str | None
    successor: str | None
    collections: tuple[Collected, ...]
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedWithdrawals:
    """A signed list that names entries as withdrawn: those of one record in a status list."""

    status_list: str
    entries: tuple[int, ...]
    signed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordNews:
    """Something that was done to a record, with its content; ``is_ours`` says that the portal itself did it.

    ``number`` rises with each deed of an institution.
    """

    number: int
    deed_id: str
    content: JsonObject = field(repr=False)
    deed: Deed
    is_ours: bool


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

    def offer(
        self, slug: str, record_id: str, configuration_ids: Sequence[str], *, tx_code: bool, to_employer: bool
    ) -> OfferLink:
        """Return a new offer, to the person whom it is about or ``to_employer``. Raises as the issuer does."""
        ...

    def about(self, slug: str, *, number: str, born: date) -> tuple[HeldRecord, ...]:
        """Return every record about the person with a personal number who was born on a day."""
        ...

    def story(self, slug: str, record_id: str) -> HeldRecord:
        """Return a record with all that became of it. Raises Refused[record_unknown]."""
        ...

    def reissue(
        self, slug: str, record_id: str, configuration_ids: Sequence[str], *, lost: bool, request_key: str
    ) -> OfferLink:
        """Return an offer for another phone; what the old one holds ends when it is collected, now if it is lost.
        What an employer has of it stays.

        The same ``request_key`` is one act, however often it comes. Raises as the issuer does.
        """
        ...

    def news(self, slug: str, *, after: int, limit: int) -> tuple[RecordNews, ...]:
        """Return what was done to records after a deed, up to a number, in the order in which it was done."""
        ...

    def withdrawal_lists(self, slug: str, record_id: str) -> tuple[SignedWithdrawals, ...]:
        """Return the signed lists that say by now that copies of a record are withdrawn."""
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
