"""What the portal role gets of this installation: its issuer, its registers, a second way to people, sign-in."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from portadoc.clock import Clock
from portadoc.days import kept_day
from portadoc.errors import Refused, Unavailable
from portadoc.formats import jws, strict_json
from portadoc.issuer.authorization.offers import Offer, OfferFlow
from portadoc.issuer.life_cycle.history import RecordView
from portadoc.issuer.life_cycle.reissuing import Terms
from portadoc.issuer.life_cycle.succession import Asked
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.service import Issuer
from portadoc.issuer.store.credential_store import ACCEPTED, CredentialRow
from portadoc.issuer.store.history_store import Act
from portadoc.issuer.store.offer_store import Recipient
from portadoc.keys.key_ring import KeyRing
from portadoc.openid_connect.providers import Outbound
from portadoc.portal.attachments.attachments import Attachments, open_attachments
from portadoc.portal.deployment import Deployment
from portadoc.portal.login.service import Login, build_login
from portadoc.portal.neighbours import (
    Collected,
    Deed,
    HeldRecord,
    OfferLink,
    PaperDocument,
    RecordNews,
    SignedWithdrawals,
)
from portadoc.portal.registers.extracts import KnownFacts
from portadoc.portal.registers.files import open_file_registers
from portadoc.portal.service import Portal, build_portal
from portadoc.portal.settings import PortalSettings
from portadoc.randomness import RandomBytes
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.coverage import ApplicationProof
from portadoc.schemas.profiles import Mode
from portadoc.schemas.records import Record, record_to_json
from portadoc.serve.development.login import PATH as DEVELOPMENT_PATH
from portadoc.serve.development.machine import example_machine
from portadoc.serve.development.people import development_provider
from portadoc.storage.engine import Database

MESSAGES: Final = "messages"
OWN_DOOR: Final = "our:portal"
"""Who asked for what the portal does; no source can be called so."""
_PIN_ON_SEALS: Final = "last4"


class IssuerDesk:
    """Certificates, recorded, signed and withdrawn through the issuer of the installation."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    def upload(self, slug: str, record: Record, *, record_id: str) -> None:
        """Keep a record under an id, once. Raises as ``Issuer.upload``."""
        self._issuer.upload(slug, record, record_id=record_id)

    def held(self, slug: str, record_id: str) -> JsonObject:
        """Return the record as it is held. Raises Refused[record_unknown], Conflict[record_withdrawn]."""
        return record_to_json(self._issuer.seals.live_record(slug, record_id))

    def offer(
        self, slug: str, record_id: str, configuration_ids: Sequence[str], *, tx_code: bool, to_employer: bool
    ) -> OfferLink:
        """Return a new offer. Raises as ``Issuer.offer``."""
        made = self._issuer.offer(
            slug,
            record_id,
            configuration_ids,
            tx_code=tx_code,
            by_reference=True,
            recipient=Recipient.EMPLOYER if to_employer else Recipient.PERSON,
        )
        return _link(made)

    def about(self, slug: str, *, number: str, born: date) -> tuple[HeldRecord, ...]:
        """Return every record about a person."""
        return tuple(map(_held, self._issuer.life_cycle.of_person(slug, number=number, born=born)))

    def story(self, slug: str, record_id: str) -> HeldRecord:
        """Return a record with all that became of it. Raises Refused[record_unknown]."""
        return _held(self._issuer.life_cycle.view(slug, record_id))

    def reissue(
        self, slug: str, record_id: str, configuration_ids: Sequence[str], *, lost: bool, request_key: str
    ) -> OfferLink:
        """Return an offer for another phone. Raises as ``LifeCycle.reissue``."""
        flow = self._issuer.offers.usual_flow
        terms = Terms(
            configuration_ids=tuple(configuration_ids),
            tx_code=flow is OfferFlow.PRE_AUTHORIZED_CODE,
            by_reference=True,
            flow=flow,
        )
        asked = Asked(by=OWN_DOOR, request_key=request_key)
        _, made = self._issuer.life_cycle.reissue(slug, record_id, lost=lost, terms=terms, asked=asked)
        return _link(made)

    def news(self, slug: str, *, after: int, limit: int) -> tuple[RecordNews, ...]:
        """Return what was done to records after a deed, by whatever door."""
        return tuple(
            RecordNews(
                number=done.number,
                deed_id=done.act.act_id,
                content=strict_json.loads_object(done.record.body, what="record"),
                deed=_deed(done.act),
                is_ours=done.act.asked_by == OWN_DOOR,
            )
            for done in self._issuer.life_cycle.acts_after(slug, after, limit=limit)
        )

    def withdrawal_lists(self, slug: str, record_id: str) -> tuple[SignedWithdrawals, ...]:
        """Return the signed lists that say by now that copies of a record are withdrawn."""
        copies = self._issuer.credentials(slug, record_id=record_id)
        ended: dict[str, list[int]] = {}
        for each in copies:
            if each.withdrawn_at is not None and each.issued_at is not None:
                ended.setdefault(each.list_id, []).append(each.idx)
        found = (self._signed(list_id, entries) for list_id, entries in sorted(ended.items()))
        return tuple(each for each in found if each is not None)

    def _signed(self, list_id: str, entries: Sequence[int]) -> SignedWithdrawals | None:
        """Return the published list if it names all these entries: one that was signed before does not."""
        lists = self._issuer.status_lists
        try:
            signed = lists.published_withdrawals(list_id).token.decode("ascii")
        except (Refused, Unavailable):
            return None
        named = {each["idx"] for each in jws.unverified_claims(signed)["withdrawals"]}
        if not named.issuperset(entries):
            return None
        return SignedWithdrawals(status_list=lists.uri(list_id), entries=tuple(sorted(entries)), signed=signed)

    def cancel(self, slug: str, offer_id: str) -> bool:
        """End an offer that nobody has used."""
        return self._issuer.offers.cancel(slug, offer_id)

    def collected(self, slug: str, record_id: str) -> frozenset[str]:
        """Return the offers through which a wallet got the certificate; papers and seals came through none."""
        copies = self._issuer.credentials(slug, record_id=record_id)
        return frozenset(each.grant_id for each in copies if each.grant_id and each.issued_at is not None)

    def codes_tried(self, slug: str, record_id: str, *, since: int) -> int:
        """Return how often a code was tried on the offers of a record that were made since a time."""
        return self._issuer.offers.codes_tried(slug, record_id, since=since)

    def tries_left(self, slug: str, offer_ids: Collection[str]) -> int:
        """Return how often codes can still be tried on those of some offers that are open."""
        return self._issuer.offers.tries_left(slug, offer_ids)

    def most_tries(self) -> int:
        """Return how often a code can be tried on one offer."""
        return self._issuer.offers.most_tries

    def paper(self, slug: str, record_id: str, *, language: str) -> PaperDocument:
        """Return a new sealed paper. Raises as ``Issuer.paper``."""
        record = self._issuer.seals.live_record(slug, record_id)
        is_proof = isinstance(record, ApplicationProof)
        made = self._issuer.paper(
            slug,
            record_id,
            languages=(language,),
            pin="none" if is_proof else _PIN_ON_SEALS,
            until_certificate_ends=True,
        )
        return PaperDocument(pdf=made.pdf, code=made.code, seal=made.seal)

    def withdraw(
        self, slug: str, record_id: str, *, reason: str, effective_from: date, successor: str | None
    ) -> None:
        """Withdraw a record with all its copies. Raises as ``Issuer.withdraw``."""
        self._issuer.withdraw(
            slug,
            record_id,
            reason=WithdrawalReason(reason),
            effective_from=effective_from,
            successor=successor,
            asked_by=OWN_DOOR,
        )


def _link(made: Offer) -> OfferLink:
    assert made.page_uri is not None, "offers here are by reference"
    return OfferLink(
        offer_id=made.offer_id,
        link=made.offer_uri,
        page=made.page_uri,
        tx_code=made.tx_code,
        expires_at=made.expires_at,
    )


def _held(view: RecordView) -> HeldRecord:
    stored = view.record
    return HeldRecord(
        record_id=stored.record_id,
        content=strict_json.loads_object(stored.body, what="record"),
        recorded_at=stored.recorded_at,
        withdrawn_at=stored.withdrawn_at,
        predecessor=view.predecessor,
        successor=view.successor,
        collections=_collections(view.copies),
        deeds=tuple(map(_deed, view.acts)),
    )


def _deed(act: Act) -> Deed:
    return Deed(
        verb=act.verb,
        at=act.begun_at,
        reason=act.reason,
        cause=act.cause,
        effective_from=kept_day(act.effective_from),
        successor=act.successor,
    )


def _collections(copies: Sequence[CredentialRow]) -> tuple[Collected, ...]:
    """Return what wallets got, each answer once: papers and seals went to none."""
    answers: dict[str, list[CredentialRow]] = {}
    for each in copies:
        if each.grant_id and each.issued_at is not None:
            answers.setdefault(each.notification_id, []).append(each)
    told = [
        Collected(
            at=together[0].issued_at or 0,
            configuration_id=together[0].configuration_id,
            copies=len(together),
            valid=sum(each.withdrawn_at is None for each in together),
            grant_id=together[0].grant_id,
            confirmed=any(each.notified == ACCEPTED for each in together),
        )
        for together in answers.values()
    ]
    return tuple(sorted(told, key=lambda each: each.at))


class MessageFolder:
    """The second channel of an installation without one: each message is a file that a person passes on."""

    def __init__(self, folder: Path, clock: Clock, random_bytes: RandomBytes) -> None:
        self._folder = folder
        self._clock = clock
        self._random_bytes = random_bytes

    def send(self, slug: str, to: str, text: str) -> None:
        """Write a message that only the owner can read. Raises Unavailable[second_channel_failed]."""
        name = f"{self._clock.now()}-{slug}-{self._random_bytes(6).hex()}.json"
        content = strict_json.dumps({"to": to, "text": text, "institution": slug, "at": self._clock.now()})
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(place, "wb") as file:
                file.write(content)
        except OSError as exc:
            raise Unavailable("second_channel_failed") from exc


@dataclass(frozen=True, slots=True)
class PortalHouse:
    """The portal with what its doors need."""

    portal: Portal
    login: Login
    attachments: Attachments


def open_portal(
    settings: PortalSettings,
    *,
    data_dir: Path,
    database: Database,
    key_ring: KeyRing,
    issuer: Issuer,
    outbound: Outbound,
    clock: Clock,
    random_bytes: RandomBytes,
    environment: Mapping[str, str],
) -> PortalHouse:
    """Return the portal role of an installation; in development anybody may sign in as an example person.

    Raises Misconfigured[storage_newer], [data_dir_unusable], and as ``build_login``.
    """
    development = settings.mode == Mode.DEVELOPMENT
    if development and not settings.login.providers:
        provider = development_provider(f"{settings.base_url}{DEVELOPMENT_PATH}")
        settings = settings.model_copy(
            update={"login": settings.login.model_copy(update={"providers": (provider,)})}
        )
    if development and not settings.login.machines:
        machine = example_machine(data_dir, now=clock.now(), random_bytes=random_bytes)
        settings = settings.model_copy(
            update={"login": settings.login.model_copy(update={"machines": (machine,)})}
        )
    companies, persons = open_file_registers(data_dir, with_examples=development)
    deployment = Deployment(
        settings=settings,
        database=database,
        key_ring=key_ring,
        clock=clock,
        random_bytes=random_bytes,
        certificates=IssuerDesk(issuer),
        registers=KnownFacts(companies, persons),
        second_channel=MessageFolder(data_dir / MESSAGES, clock, random_bytes),
    )
    return PortalHouse(
        portal=build_portal(deployment),
        login=build_login(deployment, persons=persons, outbound=outbound, environment=environment),
        attachments=open_attachments(deployment, data_dir=data_dir),
    )
