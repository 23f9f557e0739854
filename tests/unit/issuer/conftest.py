"""An issuer of two institutions in this process, and a wallet's side of the protocol that can send anything."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Barrier
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI

from portadoc import base64url
from portadoc.clock import FixedClock
from portadoc.formats import jws, sd_jwt, strict_json
from portadoc.issuer import InstitutionSettings, Issuer, IssuerSettings, Offer, build_issuer
from portadoc.issuer.deployment import UNKNOWN
from portadoc.issuer.http.offers import offer_page_router
from portadoc.issuer.http.seals import seal_router
from portadoc.issuer.identification.pid_status import StatusLookup
from portadoc.issuer.management import management_router
from portadoc.issuer.openid4vci import wallet_router
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyPurpose, KeyRing
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.keys.trust.wallet_providers import WalletProviderTrust
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.storage import Database, open_database
from portadoc.wallet_sim.transport import AsgiTransport, TransportResponse
from portadoc.web.app import install_problems, protect

NOW: Final = int(datetime(2026, 11, 22, 10, 30, tzinfo=UTC).timestamp())
BASE_URL: Final = "http://127.0.0.1:8700"
A1, HEALTH = "fr-demo", "fr-health"
WALLET_PROVIDER: Final = "wallet-provider"
PRE_AUTHORIZED: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
PROOF_TYP: Final = "openid4vci-proof+jwt"

EXAMPLES: Final = {
    "pda1": "posted-worker-fr-de",
    "ehic": "insured-traveller",
    "prc": "replacement-certificate",
}

SETTINGS: Final[Mapping[str, Any]] = {
    "base_url": BASE_URL,
    "mode": "development",
    "institutions": (
        InstitutionSettings(
            slug=A1,
            institution_id="FR:TEST01",
            names={"fr": "Institution A1 (test)", "en": "A1 institution (test)"},
            configuration_ids=("pda1", "pda1-rulebook", "pda1-webuild"),
        ),
        InstitutionSettings(
            slug=HEALTH,
            institution_id="FR:TEST02",
            names={"en": "Health institution (test)"},
            configuration_ids=("ehic", "prc", "pda1"),
        ),
    ),
    "status_list_size": 1024,
}


@dataclass
class Rig:
    """The issuer under test, reached through its HTTP application as a wallet reaches it."""

    issuer: Issuer
    clock: FixedClock
    database: Database
    key_ring: KeyRing
    transport: AsgiTransport
    last_record: str = ""

    def record(self, kind: str = "pda1", institution: str = A1) -> str:
        """Upload an example record and return its id."""
        return self.issuer.upload(institution, example(EXAMPLES[kind]))

    def offer(self, *configuration_ids: str, institution: str = A1, **options: bool) -> Offer:
        """Return a new offer of a fresh example record."""
        chosen = configuration_ids or ("pda1",)
        record_id = self.record(chosen[0] if chosen[0] in ("ehic", "prc") else "pda1", institution)
        self.last_record = record_id
        return self.issuer.offer(institution, record_id, chosen, **options)

    def post(
        self, path: str, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
    ) -> TransportResponse:
        """POST raw bytes."""
        return self.transport.request(
            "POST", path, headers={"content-type": content_type, **(headers or {})}, body=body
        )

    def redeem(
        self, code: str, *, institution: str = A1, headers: Mapping[str, str] | None = None, **more: str
    ) -> TransportResponse:
        """Send a token request."""
        form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code, **more}
        return self.transport.post_form(f"/issuer/{institution}/token", form, headers=headers)

    def token(self, offer: Offer | None = None, institution: str = A1, **more: str) -> str:
        """Redeem an offer (a new one by default) and return the access token."""
        offer = offer or self.offer(institution=institution)
        response = self.redeem(self.code_of(offer), institution=institution, **more)
        assert response.status == 200, response.body
        return str(response.json()["access_token"])

    def nonce(self, institution: str = A1) -> str:
        """Fetch a fresh challenge."""
        return str(self.transport.request("POST", f"/issuer/{institution}/nonce").json()["c_nonce"])

    def proof(
        self,
        nonce: str | None = None,
        *,
        key: LocalSigner | None = None,
        institution: str = A1,
        header: Mapping[str, Any] | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> str:
        """Return a key proof; ``header`` and ``payload`` change it, None as a value takes a member out."""
        key = key or self.new_key()
        content = {
            "aud": f"{BASE_URL}/issuer/{institution}",
            "iat": self.clock.now(),
            "nonce": nonce or self.nonce(institution),
            **(payload or {}),
        }
        head = {"typ": PROOF_TYP, "alg": key.alg, "jwk": dict(key.public_jwk), **(header or {})}
        return signed(_without_none(head), _without_none(content), key)

    def request(
        self,
        token: str | None,
        content: Mapping[str, Any],
        *,
        institution: str = A1,
        scheme: str = "Bearer",
        headers: Mapping[str, str] | None = None,
    ) -> TransportResponse:
        """Send a credential request."""
        sent = dict(headers or {}) if token is None else {"authorization": f"{scheme} {token}", **(headers or {})}
        return self.transport.post_json(f"/issuer/{institution}/credential", content, headers=sent)

    def obtain(
        self,
        token: str,
        proofs: Sequence[str] | None = None,
        *,
        configuration_id: str = "pda1",
        institution: str = A1,
    ) -> TransportResponse:
        """Ask for copies of a configuration, one by default."""
        chosen = [self.proof(institution=institution)] if proofs is None else list(proofs)
        content = {"credential_configuration_id": configuration_id, "proofs": {"jwt": chosen}}
        return self.request(token, content, institution=institution)

    def issued(self, *, copies: int = 1, configuration_id: str = "pda1", institution: str = A1) -> list[str]:
        """Return the texts of credentials obtained from a new offer."""
        token = self.token(self.offer(configuration_id, institution=institution), institution)
        nonce = self.nonce(institution)
        proofs = [self.proof(nonce, institution=institution) for _ in range(copies)]
        response = self.obtain(token, proofs, configuration_id=configuration_id, institution=institution)
        assert response.status == 200, response.body
        return [entry["credential"] for entry in response.json()["credentials"]]

    @staticmethod
    def new_key(alg: str = "ES256") -> LocalSigner:
        """Return a holder's key."""
        return LocalSigner(new_private_key(alg, system_random_bytes))

    @staticmethod
    def link_parameters(offer: Offer) -> dict[str, str]:
        """Return the parameters of an offer's link."""
        return {name: values[0] for name, values in parse_qs(urlsplit(offer.offer_uri).query).items()}

    @classmethod
    def offered(cls, offer: Offer) -> dict[str, Any]:
        """Return the content of an offer by value."""
        return strict_json.loads_object(cls.link_parameters(offer)["credential_offer"], what="offer")

    @classmethod
    def code_of(cls, offer: Offer) -> str:
        """Return the pre-authorised code of an offer by value."""
        return str(cls.offered(offer)["grants"][PRE_AUTHORIZED]["pre-authorized_code"])

    @staticmethod
    def claims_of(text: str) -> dict[str, Any]:
        """Return the claims of a credential with everything disclosed."""
        parts = sd_jwt.parse(text)
        return sd_jwt.process(jws.unverified_claims(parts.jws_text), parts.disclosures).claims

    @staticmethod
    def error_of(response: TransportResponse) -> tuple[int, str, str]:
        """Return status, protocol error and our own code of a refusal."""
        content = response.json()
        assert response.headers["cache-control"] == "no-store"
        return response.status, content["error"], content["error_description"]

    @staticmethod
    def at_once(times: int, act: Callable[[], Any]) -> list[Any]:
        """Return what ``act`` returns in that many threads that start together."""
        barrier = Barrier(times)

        def wait_and_act() -> Any:
            barrier.wait()
            return act()

        with ThreadPoolExecutor(times) as threads:
            return [each.result() for each in [threads.submit(wait_and_act) for _ in range(times)]]


def signed(header: Mapping[str, Any], payload: Mapping[str, Any], key: LocalSigner) -> str:
    """Return a compact JWS whose header says what it is told to say."""
    head, body = (base64url.encode(strict_json.dumps(dict(part))) for part in (header, payload))
    return f"{head}.{body}.{base64url.encode(key.sign(f'{head}.{body}'.encode()))}"


def _without_none(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def as_application(issuer: Issuer) -> FastAPI:
    """Return the issuer's routes inside the shared parts, as ``portadoc.serve`` puts them."""
    app = FastAPI(openapi_url=None)
    app.include_router(wallet_router(issuer))
    app.include_router(management_router(issuer))
    app.include_router(offer_page_router(issuer))
    app.include_router(seal_router(issuer))
    install_problems(app)
    protect(app)
    return app


@pytest.fixture(scope="session")
def key_ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """Keys of both institutions, made once: no test changes them."""
    institutions = [
        DevelopmentInstitution(
            slug=each.slug,
            id=each.institution_id,
            country="FR",
            name="Institution (test)",
            roles=frozenset({Role.ISSUER}),
            credential_types=frozenset(
                {"urn:eudi:pda1:1", "urn:eudi:ehic:1", "eu.we-build.pda1.1", "urn:portadoc:prc:1"}
            ),
        )
        for each in SETTINGS["institutions"]
    ]
    wallet_provider = DevelopmentInstitution(
        slug=WALLET_PROVIDER,
        id="FR:TEST98",
        country="FR",
        name="Wallet provider (test)",
        roles=frozenset({Role.WALLET_PROVIDER}),
    )
    return create_development_ring(
        tmp_path_factory.mktemp("ring") / "keys",
        [*institutions, wallet_provider],
        base_url=BASE_URL,
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )


@pytest.fixture
def database() -> Iterator[Database]:
    opened = open_database("sqlite://")
    yield opened
    opened.close()


RigMaker = Callable[..., Rig]


@pytest.fixture
def make_rig(key_ring: KeyRing, database: Database) -> RigMaker:
    """Return a maker of rigs over one database; keyword arguments change the settings."""

    def make(
        *,
        ring: KeyRing | None = None,
        wallet_trust: WalletProviderTrust | None = None,
        wallet_statuses: Callable[[FixedClock], StatusLookup] = lambda _: UNKNOWN,
        **changes: Any,
    ) -> Rig:
        clock = FixedClock(NOW)
        settings = IssuerSettings(**{**SETTINGS, **changes})
        issuer = build_issuer(
            settings,
            database,
            ring or key_ring,
            clock,
            system_random_bytes,
            wallet_trust=wallet_trust or read_trust_file(key_ring.directory / TRUST_FILE),
            wallet_statuses=wallet_statuses(clock),
        )
        return Rig(issuer, clock, database, ring or key_ring, AsgiTransport(as_application(issuer), BASE_URL))

    return make


@pytest.fixture
def rig(make_rig: RigMaker) -> Rig:
    return make_rig()


class FaultySigner:
    """A real signer that fails at its ``fails_at``-th signature, as a key store that goes away does."""

    def __init__(self, signer: Signer, *, fails_at: int, after_signing: bool) -> None:
        self._signer = signer
        self._left = fails_at
        self._after_signing = after_signing
        self.alg, self.kid = signer.alg, signer.kid
        self.public_jwk, self.chain = signer.public_jwk, signer.chain

    def sign(self, data: bytes) -> bytes:
        self._left -= 1
        signature = self._signer.sign(data) if self._after_signing or self._left != 0 else b""
        if self._left == 0:
            raise KeyStoreGone
        return signature


class KeyStoreGone(Exception):
    """The key store does not answer."""


class FaultyRing(KeyRing):
    """A key ring whose signer for one purpose fails once."""

    def __init__(
        self, ring: KeyRing, purpose: KeyPurpose, *, fails_at: int = 1, after_signing: bool = False
    ) -> None:
        super().__init__(ring.directory, ring.index, passphrase=b"test")
        self._purpose = purpose
        self._faulty: dict[str, FaultySigner] = {}
        self._fault = {"fails_at": fails_at, "after_signing": after_signing}

    def signer(self, institution: str, purpose: KeyPurpose) -> Signer:
        signer = super().signer(institution, purpose)
        if purpose is not self._purpose:
            return signer
        return self._faulty.setdefault(institution, FaultySigner(signer, **self._fault))


@pytest.fixture
def make_faulty_ring(key_ring: KeyRing) -> Callable[..., FaultyRing]:
    """Return a maker of key rings that fail when they sign for a purpose."""
    return partial(FaultyRing, key_ring)


@pytest.fixture
def key_store_gone() -> type[Exception]:
    return KeyStoreGone
