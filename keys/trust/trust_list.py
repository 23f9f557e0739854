"""What trusted lists say, as values; when one edition may follow another; and the trust that follows from them.

A list says which institution a scheme stands behind, by which certificates and since when. It does not say which
credential types: a rule of the operator does, and without a rule nothing of an entity is believed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from portadoc.errors import Conflict, Untrusted
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore, anchor_id


class ListForm(StrEnum):
    """The two forms of trusted lists: ETSI TS 119 602 (JSON) and ETSI TS 119 612 (XML)."""

    LOTE = "lote"
    ETSI_TL = "etsi_tl"


@dataclass(frozen=True, slots=True)
class Approval:
    """A time in which the scheme stands behind a service: from ``since`` to the second before ``until``."""

    since: int
    until: int | None = None


@dataclass(frozen=True, slots=True)
class ListedService:
    """A service of an entity: the certificates (DER) that vouch for one purpose, and when they may."""

    name: str
    purpose: KeyPurpose
    certificates: tuple[bytes, ...]
    approvals: tuple[Approval, ...]


@dataclass(frozen=True, slots=True)
class ListedEntity:
    """A trusted entity: its name, its registration identifiers, its state and its services."""

    name: str
    identifiers: frozenset[str]
    country: str
    services: tuple[ListedService, ...]


@dataclass(frozen=True, slots=True)
class Omission:
    """An entity left out because its entry is not in order: its place in the list (from 1) and the reason."""

    place: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustListSnapshot:
    """One verified edition of a list; times in seconds since the epoch. ``digest``: SHA-256 of its bytes, hex.

    ``signer`` is the SHA-256 of the scheme operator's certificate that signed it, in hex.
    """

    uri: str
    form: ListForm
    operator: str
    territory: str
    sequence: int
    issued_at: int
    next_update: int
    digest: str
    signer: str
    entities: tuple[ListedEntity, ...]
    omitted: tuple[Omission, ...] = ()

    @property
    def anchors(self) -> tuple[TrustAnchor, ...]:
        """The anchors of the list, each for the purpose of its service."""
        return tuple(
            TrustAnchor(f"{entity.name}: {service.name}", der, frozenset({service.purpose}), self.uri)
            for entity in self.entities
            for service in entity.services
            for der in service.certificates
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationRule:
    """What the operator lets an entity of a list do.

    ``entity`` is a registration identifier by which the list names it, ``institution`` the identifier that its
    certificates carry. ``status_providers`` are institutions that may sign status lists for it.
    """

    entity: str
    institution: str
    issuers: frozenset[str]
    credential_types: frozenset[str]
    status_providers: frozenset[str] = frozenset()


def content_digest(signed: bytes) -> str:
    """Return the digest by which editions of a list are compared."""
    return sha256(signed).hexdigest()


class Edition(Protocol):
    """What is remembered of an edition, so that no older one takes its place."""

    @property
    def uri(self) -> str: ...
    @property
    def form(self) -> ListForm: ...
    @property
    def sequence(self) -> int: ...
    @property
    def issued_at(self) -> int: ...
    @property
    def digest(self) -> str: ...


def accept_snapshot(previous: Edition | None, new: TrustListSnapshot, *, now: int) -> TrustListSnapshot:
    """Return ``new`` when it may take the place of ``previous``; both have been verified.

    An edition with the number of the one before has to be the same, byte for byte. Raises
    Untrusted[trust_list_rollback] for an older edition or another text of the same, Conflict[trust_list_stale]
    when its next update is overdue. Spec: ETSI TS 119 602 §6.3.2, §6.3.15, ETSI TS 119 612 §5.3.2.
    """
    if previous is not None:
        if previous.uri != new.uri or previous.form != new.form:
            raise Untrusted("trust_list_rollback", spec="ETSI TS 119 602 §6.3.2", reason="other_list")
        if new.sequence < previous.sequence or new.issued_at < previous.issued_at:
            raise Untrusted("trust_list_rollback", spec="ETSI TS 119 602 §6.3.2", reason="older")
        if new.sequence == previous.sequence and new.digest != previous.digest:
            raise Untrusted("trust_list_rollback", spec="ETSI TS 119 602 §6.3.2", reason="same_sequence")
    check_fresh(new, now=now)
    return new


def check_fresh(snapshot: TrustListSnapshot, *, now: int) -> None:
    """Refuse a list whose next update is overdue. Raises Conflict[trust_list_stale]."""
    if now > snapshot.next_update:
        raise Conflict("trust_list_stale", spec="ETSI TS 119 602 §6.3.15", uri=snapshot.uri)


def combine(
    base: TrustStore, lists: Iterable[tuple[TrustListSnapshot, tuple[AuthorisationRule, ...]]]
) -> TrustStore:
    """Return the trust of the operator's own file and of trusted lists, each list with its rules.

    A list is believed at times up to its next update only: ``resolve`` says ``list_stale`` after it. An anchor of
    a list vouches for the entity that it is listed for and for nobody else.
    """
    anchors, authorisations = list(base.anchors), list(base.authorisations)
    for snapshot, rules in lists:
        anchors += snapshot.anchors
        authorisations += _authorisations(snapshot, rules)
    return TrustStore(tuple(anchors), tuple(authorisations), base.web_issuers)


def _authorisations(snapshot: TrustListSnapshot, rules: tuple[AuthorisationRule, ...]) -> Iterator[Authorisation]:
    for entity in snapshot.entities:
        for rule in rules:
            if rule.entity in entity.identifiers:
                for service in entity.services:
                    yield from _service_authorisations(snapshot, rule, entity, service)


def _service_authorisations(
    snapshot: TrustListSnapshot, rule: AuthorisationRule, entity: ListedEntity, service: ListedService
) -> Iterator[Authorisation]:
    signers = {rule.institution}
    if service.purpose is KeyPurpose.STATUS:  # the entity's anchors for status vouch for its own credentials only
        signers |= rule.status_providers
    for institution in sorted(signers):
        for approval in service.approvals:
            yield Authorisation(
                institution=institution,
                name=entity.name,
                country=entity.country,
                issuers=rule.issuers,
                purposes=frozenset({service.purpose}),
                credential_types=rule.credential_types,
                valid_from=approval.since,
                withdrawn_at=approval.until,
                anchors=frozenset(map(anchor_id, service.certificates)),
                believed_until=snapshot.next_update,
                speaks_for=frozenset({rule.institution}),
            )
