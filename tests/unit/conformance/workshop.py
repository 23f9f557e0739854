"""A Portadoc issuer in this process, an operator who gives offers and signs in, and the kit in front of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI

from portadoc.clock import FixedClock
from portadoc.conformance.checks import Outcome, RunReport
from portadoc.conformance.kit import Kit, open_kit
from portadoc.conformance.programs import GivenOffer, Want
from portadoc.conformance.run import run
from portadoc.conformance.trial import Setting, Trial
from portadoc.conformance.wire import Wire
from portadoc.errors import Unavailable
from portadoc.fetch import Fetched
from portadoc.formats.openid4vp.registration_certificate import Registration, make_registration_certificate
from portadoc.issuer import InstitutionSettings, Issuer, IssuerSettings, build_issuer
from portadoc.issuer.authorization.offers import OfferFlow
from portadoc.issuer.entitlements import entitlement
from portadoc.issuer.http.authorize import authorize_router
from portadoc.issuer.http.offers import offer_page_router
from portadoc.issuer.openid4vci import wallet_router
from portadoc.issuer.pages.authorize_page import Pages
from portadoc.issuer.records.holders import holder_of
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyPurpose, KeyRing
from portadoc.keys.signer import Signer
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.profiles import profile
from portadoc.storage import open_database
from portadoc.wallet_sim.transport import AsgiTransport, Transport
from portadoc.web.app import install_problems, protect

NOW: Final = int(datetime(2026, 11, 22, 10, 30, 17, tzinfo=UTC).timestamp())
BASE_URL: Final = "http://127.0.0.1:8700"
SLUG: Final = "fr-demo"
URL: Final = f"{BASE_URL}/issuer/{SLUG}"
BACK: Final = "portadoc-conformance://back"
_RECORD: Final = "posted-worker-fr-de"


class Operator:
    """Gives offers of example records, and agrees for whoever signs in, as a person at the pages would."""

    def __init__(self, issuer: Issuer, profile_id: str) -> None:
        self._issuer = issuer
        self._by_code = "pre-authorized" not in "".join(profile(profile_id).grants)
        self._waiting = ""
        self._cases = 0
        self._offered: list[str] = []

    def take(self, want: Want) -> GivenOffer | None:
        """Return an offer of a fresh record."""
        if want is Want.DEFERRED_READY:
            self._issuer.decided(SLUG, self._waiting, example(_RECORD))
            return None
        if self._by_code and want in (Want.PRE_AUTHORIZED, Want.PRE_AUTHORIZED_WITH_TX_CODE):
            return None
        by_code = self._by_code or want is Want.AUTHORIZATION_CODE
        made = self._issuer.offer_records(
            SLUG,
            {each: ["pda1"] for each in self._records(want)},
            tx_code=want is Want.PRE_AUTHORIZED_WITH_TX_CODE,
            flow=OfferFlow.AUTHORIZATION_CODE if by_code else OfferFlow.PRE_AUTHORIZED_CODE,
        )
        return GivenOffer(made.offer_uri, made.tx_code)

    def sign_in(self, address: str) -> str:
        """Return the address that the browser goes to once its person has agreed."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        authorizations = self._issuer.authorizations
        begun = authorizations.begin(
            SLUG, client_id=asked["client_id"], request_uri=asked["request_uri"], browser_secret="secret"
        )
        known = authorizations.identified(begun, {"family_name": "Test"})
        records = self._offered or [self._issuer.upload(SLUG, example(_RECORD))]
        self._offered = []
        return authorizations.approve(
            authorizations.entitle(known, [entitlement(each, "pda1") for each in records])
        )

    def _records(self, want: Want) -> list[str]:
        if want is Want.DEFERRED:
            self._cases += 1
            self._waiting = f"case-{self._cases}"
            self._issuer.expect(SLUG, self._waiting, holder_of(example(_RECORD)), ["pda1"])
            records = [self._waiting]
        elif want is Want.SEVERAL:
            other = _other_certificate()
            records = [self._issuer.upload(SLUG, example(_RECORD)), self._issuer.upload(SLUG, other)]
        else:
            records = [self._issuer.upload(SLUG, example(_RECORD))]
        self._offered = records
        return records


def _other_certificate() -> Pda1:
    record = example(_RECORD)
    assert isinstance(record, Pda1)
    return replace(record, document=replace(record.document, number="A1-FR-2026-0009999"))


@dataclass
class Bench:
    """An issuer under a profile, with the kit that tests it; ``transport`` is what the kit speaks through."""

    issuer: Issuer
    profile_id: str
    transport: Transport
    kit: Kit
    operator: Operator
    keys: KeyRing

    def trial(
        self, transport: Transport | None = None, *, url: str = URL, attested: bool = True, **more: Any
    ) -> Trial:
        """Return a new trial, through another transport where one is given."""
        setting = Setting(
            url=url,
            attested=attested,
            profile=profile(self.profile_id),
            configuration_ids=("pda1",),
            client_id="https://conformance-kit.invalid/wallet",
            redirect_uri=BACK,
        )
        wire = Wire(transport or self.transport, max_requests=5_000, max_seconds=600)
        means: dict[str, Any] = {"offers": self.operator, "sign_in": self.operator.sign_in, **more}
        return Trial(setting, wire=wire, kit=self.kit, **means)

    def carried_out(self, trial: Trial, *chosen: str) -> RunReport:
        """Return what modules of a trial find."""
        return run(trial, chosen=chosen)

    def issuer_signer(self, purpose: KeyPurpose) -> Signer:
        """Return a signer of the issuer's, to make what it did not."""
        return self.keys.signer(SLUG, purpose)

    def run(self, *chosen: str, transport: Transport | None = None, **more: Any) -> RunReport:
        """Return what modules find, all of the profile's by default."""
        return run(self.trial(transport, **more), chosen=chosen)


def kit_keys(folder: Path) -> Kit:
    """Return a kit at the time of the workshop."""
    return open_kit(folder, clock=FixedClock(NOW), random_bytes=system_random_bytes)


def issuer_keys(folder: Path) -> KeyRing:
    """Return keys of one issuer."""
    made = DevelopmentInstitution(
        SLUG, "FR:TEST01", "FR", "Test", frozenset({Role.ISSUER}), frozenset({"urn:eudi:pda1:1"})
    )
    return create_development_ring(
        folder, [made], base_url=BASE_URL, now=NOW - 86_400, random_bytes=system_random_bytes, passphrase=b"test"
    )


def _registration(keys: KeyRing) -> str:
    """Write a registration certificate of the issuer, by itself in a registrar's place; return the file."""
    said = Registration(
        sub="FR:TEST01",
        name="Test",
        country="FR",
        registry_uri="https://registrar.example",
        entitlements=("https://uri.etsi.org/19475/Entitlement/PUB_EAA_Provider",),
        credentials=(),
        purposes={},
        issued_at=NOW,
        expires_at=NOW + 86_400,
    )
    file = keys.directory / "registration.jwt"
    signer = keys.signer(SLUG, KeyPurpose.METADATA)
    file.write_text(make_registration_certificate(said, signer=signer), encoding="ascii")
    return str(file)


class NoWeb:
    """A web on which nothing is."""

    def get(self, url: str, **_: Any) -> Fetched:
        raise Unavailable("fetch_failed", reason="connect")

    def send(self, method: str, url: str, **_: Any) -> Fetched:
        raise Unavailable("fetch_failed", reason="connect")


@contextmanager
def opened_bench(profile_id: str, keys: KeyRing, kit: Kit, **changes: Any) -> Iterator[Bench]:
    """Yield an issuer under a profile that trusts the kit."""
    registered = {"registration_certificate": _registration(keys)} if profile_id == "eudi-2026" else {}
    settings: dict[str, Any] = {
        "base_url": BASE_URL,
        "mode": "development",
        "profile": profile_id,
        "institutions": (
            InstitutionSettings(
                slug=SLUG,
                institution_id="FR:TEST01",
                names={"en": "Test"},
                configuration_ids=("pda1",),
                **registered,
            ),
        ),
        "status_list_size": 4096,
        "copies_per_grant": 500,
        "token_misses_per_hour": 100_000,
        "redirect_uris": (BACK,),
        **changes,
    }
    database, app = open_database("sqlite://"), FastAPI(openapi_url=None)
    issuer = build_issuer(
        IssuerSettings(**settings), database, keys, FixedClock(NOW), system_random_bytes, wallet_trust=kit.trust
    )
    trust = read_trust_file(keys.directory / TRUST_FILE)
    nobody = NoWeb()
    identification = issuer.identifying.by(trust=lambda: trust, lists=nobody, outbound=nobody, environment={})
    app.include_router(wallet_router(issuer))
    app.include_router(authorize_router(identification, Pages(issuer.settings)))
    app.include_router(offer_page_router(issuer))
    install_problems(app)
    protect(app)
    issuer.publish_status_lists()
    try:
        yield Bench(issuer, profile_id, AsgiTransport(app, BASE_URL), kit, Operator(issuer, profile_id), keys)
    finally:
        database.close()


def failures(report: RunReport) -> dict[str, list[str]]:
    """Return the checks that failed by module, with their reasons."""
    return {
        each.module.name: [
            f"{found.check.id}: {found.reason} ({found.arrived})"
            for found in each.findings
            if found.outcome is Outcome.FAILED
        ]
        for each in report.modules
        if each.outcome is Outcome.FAILED
    }
