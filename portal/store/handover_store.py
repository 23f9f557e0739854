"""Offers that were made of certificates, and papers as they were released: statements in a transaction."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from portadoc.portal.store.tables import DOCUMENTS, OFFERS, OFFERS_BEGUN

_LISTED: Final = 100


class ForWhom(StrEnum):
    """In whose wallet an offered certificate will lie."""

    WORKER = "worker"
    EMPLOYER = "employer"


class DocumentKind(StrEnum):
    """What kind of paper it is."""

    PAPER = "paper"
    PROOF = "proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade:
    """An offer that was made. What opens it is not kept."""

    institution: str
    offer_id: str
    application_id: str
    for_whom: ForWhom
    made_by: str
    made_at: int
    expires_at: int
    closed_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A paper as it was released; ``about`` is the record that it shows, or the submission that it proves."""

    institution: str
    application_id: str
    kind: DocumentKind
    language: str
    about: str
    made_at: int
    pdf: bytes = field(repr=False)
    code: str = field(repr=False)
    seal: str = field(repr=False)


def insert_offer(connection: Connection, offer: OfferMade) -> None:
    """Keep that an offer was made."""
    connection.execute(
        insert(OFFERS).values(
            institution=offer.institution,
            offer_id=offer.offer_id,
            application_id=offer.application_id,
            for_whom=offer.for_whom.value,
            made_by=offer.made_by,
            made_at=offer.made_at,
            expires_at=offer.expires_at,
        )
    )


def offers_of(connection: Connection, institution: str, application_id: str) -> tuple[OfferMade, ...]:
    """Return the offers of a certificate, the newest first."""
    rows = connection.execute(
        select(OFFERS)
        .where(_offers_of(institution, application_id))
        .order_by(OFFERS.c.made_at.desc(), OFFERS.c.closed_at.is_not(None), OFFERS.c.offer_id)
        .limit(_LISTED)
    )
    return tuple(map(_offer, rows))


def offers_since(connection: Connection, institution: str, application_id: str, *, since: int) -> int:
    """Return how many offers of a certificate were made since a time."""
    wanted = _offers_of(institution, application_id) & (OFFERS.c.made_at > since)
    return int(connection.scalar(select(func.count()).select_from(OFFERS).where(wanted)) or 0)


def begin_offer(
    connection: Connection, institution: str, begun_id: str, application_id: str, *, now: int, old_before: int
) -> None:
    """Keep that an offer of a certificate is about to be made, and forget what was never made of it."""
    old = (OFFERS_BEGUN.c.institution == institution) & (OFFERS_BEGUN.c.begun_at <= old_before)
    connection.execute(delete(OFFERS_BEGUN).where(old))
    values = {"institution": institution, "begun_id": begun_id, "application_id": application_id, "begun_at": now}
    connection.execute(insert(OFFERS_BEGUN).values(values))


def offers_begun(connection: Connection, institution: str, application_id: str, *, since: int) -> int:
    """Return how many offers of a certificate are about to be made, of those begun since a time."""
    wanted = (OFFERS_BEGUN.c.institution == institution) & (OFFERS_BEGUN.c.application_id == application_id)
    wanted &= OFFERS_BEGUN.c.begun_at > since
    return int(connection.scalar(select(func.count()).select_from(OFFERS_BEGUN).where(wanted)) or 0)


def end_begun(connection: Connection, institution: str, begun_id: str) -> None:
    """Note that an offer was made, or could not be; again changes nothing."""
    key = (OFFERS_BEGUN.c.institution == institution) & (OFFERS_BEGUN.c.begun_id == begun_id)
    connection.execute(delete(OFFERS_BEGUN).where(key))


def close_offer(connection: Connection, institution: str, offer_id: str, *, now: int) -> bool:
    """Note that an offer was ended; False when it was before."""
    key = (OFFERS.c.institution == institution) & (OFFERS.c.offer_id == offer_id) & OFFERS.c.closed_at.is_(None)
    return connection.execute(update(OFFERS).where(key).values(closed_at=now)).rowcount == 1


def find_document(
    connection: Connection, institution: str, application_id: str, kind: DocumentKind, *, language: str, about: str
) -> Document | None:
    """Return a paper that was released, None where there is none in that language about that."""
    key = (DOCUMENTS.c.institution == institution) & (DOCUMENTS.c.application_id == application_id)
    key &= (DOCUMENTS.c.kind == kind.value) & (DOCUMENTS.c.language == language) & (DOCUMENTS.c.about == about)
    row = connection.execute(select(DOCUMENTS).where(key)).one_or_none()
    return None if row is None else _document(row)


def keep_document(connection: Connection, made: Document) -> Document:
    """Keep a paper and return it, or the one that was kept first: everybody gets the same."""
    first = find_document(
        connection, made.institution, made.application_id, made.kind, language=made.language, about=made.about
    )
    if first is not None:
        return first
    connection.execute(
        insert(DOCUMENTS).values(
            institution=made.institution,
            application_id=made.application_id,
            kind=made.kind.value,
            language=made.language,
            about=made.about,
            made_at=made.made_at,
            pdf=made.pdf,
            code=made.code,
            seal=made.seal,
        )
    )
    return made


def _offers_of(institution: str, application_id: str) -> ColumnElement[bool]:
    return (OFFERS.c.institution == institution) & (OFFERS.c.application_id == application_id)


def _offer(row: Row[Any]) -> OfferMade:
    return OfferMade(
        institution=row.institution,
        offer_id=row.offer_id,
        application_id=row.application_id,
        for_whom=ForWhom(row.for_whom),
        made_by=row.made_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
        closed_at=row.closed_at,
    )


def _document(row: Row[Any]) -> Document:
    return Document(
        institution=row.institution,
        application_id=row.application_id,
        kind=DocumentKind(row.kind),
        language=row.language,
        about=row.about,
        made_at=row.made_at,
        pdf=row.pdf,
        code=row.code,
        seal=row.seal,
    )
