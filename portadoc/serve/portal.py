"""What the portal role gets of this installation: its issuer, its registers, a second way to people, sign-in."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from portadoc.clock import Clock
from portadoc.errors import Unavailable
from portadoc.formats import strict_json
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.service import Issuer
from portadoc.keys.key_ring import KeyRing
from portadoc.openid_connect.providers import Outbound
from portadoc.portal.attachments.attachments import Attachments, open_attachments
from portadoc.portal.deployment import Deployment
from portadoc.portal.login.service import Login, build_login
from portadoc.portal.neighbours import OfferLink, PaperDocument
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

    def offer(self, slug: str, record_id: str, configuration_ids: Sequence[str], *, tx_code: bool) -> OfferLink:
        """Return a new offer. Raises as ``Issuer.offer``."""
        made = self._issuer.offer(slug, record_id, configuration_ids, tx_code=tx_code, by_reference=True)
        return OfferLink(
            offer_id=made.offer_id, link=made.offer_uri, tx_code=made.tx_code, expires_at=made.expires_at
        )

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
            slug, record_id, reason=WithdrawalReason(reason), effective_from=effective_from, successor=successor
        )


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
