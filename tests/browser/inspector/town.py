"""A town of institutions, inspectors and workers: everything is really issued, sealed, withdrawn and published.

TEST DATA: the records are the fictional examples, with other numbers, names and dates.
"""

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from portadoc.clock import SystemClock
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.visible_seal import SealTerms, base45, make_seal
from portadoc.formats.visible_seal.one_spelling import deflated
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.service import Issuer
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.keys.trust.trust_file import TRUST_FILE
from portadoc.randomness import system_random_bytes
from portadoc.schemas.coverage import ApplicationProof
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.seals import seal_content
from portadoc.serve.house import House, open_key_ring
from portadoc.serve.settings import DEMO_INSTITUTIONS, PortadocSettings
from tests.browser.inspector.running import Served, served_house
from tests.filed_applications import sealed_application

DAY = timedelta(days=1)
SECONDS_PER_DAY = 86_400
A1, HEALTH = "fr-demo", "fr-health"
ENDED, ENDING, LATE = "fr-ended", "fr-ending", "fr-late"
_MORE = {
    ENDED: {"id": "FR:TEST04", "name": "Caisse fermée (données de test)", "country": "FR", "issues": ["pda1"]},
    ENDING: {"id": "FR:TEST05", "name": "Caisse qui ferme (données de test)", "country": "FR", "issues": ["pda1"]},
    LATE: {"id": "FR:TEST06", "name": "Caisse nouvelle (données de test)", "country": "FR", "issues": ["pda1"]},
}
_IDS = {slug: str(table["id"]) for slug, table in {**DEMO_INSTITUTIONS, **_MORE}.items()}


def today() -> date:
    """Return the day on which the town lives."""
    return datetime.now(UTC).date()


@contextmanager
def open_town(folder: Path) -> Iterator["Town"]:
    """Yield a town; the entitlement of one institution has ended, that of another ends in two days."""
    with served_house(
        folder,
        before=_end_entitlements,
        institutions={**DEMO_INSTITUTIONS, **_MORE},
        verifier={"trust_pack": {"renew_s": 1}, "status": {"min_ttl_s": 1}},
        issuer={"status_ttl_s": 10},
    ) as served:
        yield Town(served, folder)


def _end_entitlements(settings: PortadocSettings) -> None:
    clock = SystemClock()
    open_key_ring(
        settings, clock=clock, random_bytes=system_random_bytes, environment=dict(os.environ), may_make=True
    )
    file = settings.data_dir / "keys" / TRUST_FILE
    trust = json.loads(file.read_text())
    ends = {_IDS[ENDED]: clock.now() - 60, _IDS[ENDING]: clock.now() + 2 * SECONDS_PER_DAY}
    for each in trust["authorisations"]:
        each["valid_to"] = ends.get(each["institution"], each["valid_to"])
        each["valid_from"] = min(each["valid_from"], clock.now() - 30 * SECONDS_PER_DAY)
    file.write_text(json.dumps(trust))


class Town:
    """What happens in it; every seal is a new one of a new record."""

    def __init__(self, served: Served, folder: Path) -> None:
        self.served, self.folder = served, folder
        self._numbers = 0

    @property
    def house(self) -> House:
        return self.served.house

    @property
    def issuer(self) -> Issuer:
        return self.house.issuer

    def a1(self, slug: str = A1, *, surname: str = "", start: date | None = None, **changes: Any) -> Pda1:
        """Return the decision of the example under a number of its own; ``end`` and ``expiry`` are days."""
        record = example("posted-worker-fr-de", today())
        assert isinstance(record, Pda1)
        self._numbers += 1
        legislation, document = record.legislation, record.document
        own = _IDS[slug]
        return replace(
            record,
            document=replace(
                document,
                number=f"A1-FR-TEST-{self._numbers:05}",
                date_of_expiry=changes.get("expiry", document.date_of_expiry),
            ),
            person=replace(record.person, surnames=surname or record.person.surnames),
            legislation=replace(
                legislation, start=start or legislation.start, end=changes.get("end", legislation.end)
            ),
            institution=replace(record.institution, id=own),
            issuing_authority=replace(record.issuing_authority, id=own),
            authentic_source=record.authentic_source and replace(record.authentic_source, id=own),
        )

    def seal(self, record: Pda1 | Ehic | Prc, slug: str = "") -> tuple[str, str]:
        """Return the id of the record and the text of its seal."""
        home = slug or (A1 if isinstance(record, Pda1) else HEALTH)
        record_id = self.issuer.upload(home, record)
        return record_id, self.issuer.seal(home, record_id, pin="none").text

    def sealed_a1(self, slug: str = A1, **changes: Any) -> str:
        """Return a new printed seal of an A1."""
        return self.seal(self.a1(slug, **changes), slug)[1]

    def sealed_card(self) -> str:
        """Return a new printed seal of a health card."""
        card = example("insured-traveller", today())
        assert isinstance(card, Ehic)
        return self.seal(card)[1]

    def sealed_replacement(self, *, start: date, end: date) -> str:
        """Return a new printed seal of a provisional replacement certificate."""
        paper = example("replacement-certificate", today())
        assert isinstance(paper, Prc)
        return self.seal(replace(paper, valid_from=start, valid_to=end, issued_on=start))[1]

    def application(self, *, decided: bool = False) -> str:
        """Return the seal of a proof that an A1 was applied for; of one that was decided since, it is ended."""
        proof = example("application-fr-de", today())
        assert isinstance(proof, ApplicationProof)
        self._numbers += 1
        made = sealed_application(self.issuer, A1, replace(proof, reference=f"A1-TEST-{self._numbers:05}"))
        if decided:
            self.issuer.withdraw(A1, made.record_id, reason=WithdrawalReason.SUPERSEDED)
        return made.text

    def withdrawn(self, record: Pda1 | Ehic, slug: str, reason: WithdrawalReason, successor: Any = None) -> str:
        """Return the seal of a record that was withdrawn since, perhaps for another one."""
        record_id, text = self.seal(record, slug)
        follows = None if successor is None else self.issuer.upload(slug, successor)
        self.issuer.withdraw(slug, record_id, reason=reason, successor=follows)
        return text

    def signed(self, content: Any, *, signer: Signer | None = None, institution: str = A1) -> str:
        """Return a seal over a content that no issuer of ours would seal, signed by one all the same."""
        own = self.house.key_ring.signer(institution, KeyPurpose.DOCUMENT_SEAL)
        now = self.house.clock.now()
        uri = next(each for each in self.issuer.status_list_uris() if f"/{institution}." in each)
        terms = SealTerms(
            institution=_IDS[institution],
            iat=now - 60,
            exp=now + 30 * SECONDS_PER_DAY,
            status=StatusReference(uri, 5),
        )
        return make_seal(content, terms, signer=signer or own)

    def of_a_stranger(self) -> str:
        """Return a seal that names a known institution, signed under a root that nobody here trusts."""
        keys = create_development_ring(
            self.folder / "stranger",
            [DevelopmentInstitution(A1, _IDS[A1], "FR", "Test", frozenset({Role.ISSUER}))],
            base_url=self.served.origin,
            now=self.house.clock.now() - 60,
            random_bytes=system_random_bytes,
            passphrase=b"test",
        )
        return self.signed(seal_content(self.a1(), pin="none"), signer=keys.signer(A1, KeyPurpose.DOCUMENT_SEAL))

    def publish(self) -> None:
        """Publish every list and let the inspectors' service take note, so that the next pack has it all."""
        self.issuer.publish_status_lists()
        self.house.verifier.refresh_status_lists(everything=True)
        self.house.verifier.refresh_seal_certificates(everything=True)

    def held(self, configuration: str = "pda1") -> Any:
        """Return a credential of a new record that the wallet of the town obtained just now."""
        record_id = self.issuer.upload(A1, self.a1())
        offer = self.issuer.offer(A1, record_id, [configuration])
        return self.house.wallet.accept(offer.offer_uri)[0]


def altered(seal: str, old: bytes, new: bytes) -> str:
    """Return a seal of which a part was written over, its signature left as it was."""
    message = zlib.decompress(base45.decode(seal.removeprefix("PD1:")))
    assert old in message
    assert len(old) == len(new)
    return "PD1:" + base45.encode(deflated(message.replace(old, new)))


def content_with(record: Pda1, old: str, new: str) -> Any:
    """Return the content of a seal with one text written over wherever it stands."""

    def written(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: written(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [written(each) for each in value]
        return new if value == old else value

    return written(seal_content(record, pin="none"))
