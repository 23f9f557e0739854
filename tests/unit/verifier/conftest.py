"""A world around one verifier: certified institutions, a network of status lists, a holder who can answer."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI

from portadoc.clock import FixedClock
from portadoc.errors import Error, Unavailable
from portadoc.fetch import Fetch, Fetched
from portadoc.formats import strict_json
from portadoc.formats.dcql.query import parse_query
from portadoc.formats.headers import signing_header
from portadoc.formats.jwe import encrypt
from portadoc.formats.jws import unverified_claims
from portadoc.formats.sd_jwt import bind, issue
from portadoc.formats.status_list.jwt_form import make_status_list_token
from portadoc.formats.status_list.statuses import StatusList
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.storage.engine import Database, open_database
from portadoc.verification.presets.presets import Preset, preset
from portadoc.verifier.asking import Asked
from portadoc.verifier.http.browser_api import browser_api_router
from portadoc.verifier.http.management import management_router
from portadoc.verifier.http.openid4vp import wallet_router
from portadoc.verifier.http.pages import page_router
from portadoc.verifier.requests import CreatedRequest
from portadoc.verifier.service import Verifier, build_verifier
from portadoc.verifier.sessions import SessionView
from portadoc.verifier.settings import InstitutionSettings, VerifierSettings
from portadoc.wallet_sim.transport import AsgiTransport, TransportResponse
from portadoc.web.app import install_problems, protect

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
BASE_URL = "http://127.0.0.1:8700"
LIST_URI = "https://status.example/lists/1"
SLUG = "de-inspection"
RECORDS = {
    "pda1": "posted-worker-fr-de",
    "pda1-rulebook": "posted-worker-fr-de",
    "pda1-webuild": "posted-worker-fr-de",
    "ehic": "insured-traveller",
    "pid": "pid-posted-worker",
}
ISSUERS = {"ehic": "fr-health", "pid": "fr-identity"}
CONFIGURATIONS = {"a1": "pda1", "a1-full-form": "pda1-webuild", "ehic": "ehic", "pid": "pid"}
"""What answers the queries of the presets, by query id."""
PDA1_TYPES = frozenset({"urn:eudi:pda1:1", "eu.we-build.pda1.1"})

Answer = Callable[[], Fetched] | Error | bytes


@dataclass
class StatusNetwork:
    """Stands where the network is: serves status lists by address and counts who asks."""

    published: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    gate: threading.Event | None = None

    def get(self, url: str, *, accept: tuple[str, ...], **_: Any) -> Fetched:
        self.asked.append(url)
        if self.gate is not None:
            self.gate.wait(5)
        answer = self.published.get(url, Unavailable("fetch_failed", reason="status", status=404))
        if isinstance(answer, Error):
            raise answer
        if callable(answer):
            return answer()
        return Fetched(url, 200, "application/statuslist+jwt", {}, answer)


@dataclass(frozen=True)
class Keys:
    """What takes long to make and never changes."""

    ring: KeyRing
    trust: TrustStore


@dataclass
class World:
    """One verifier and everybody around it; tests bend one thing."""

    NOW = NOW
    SLUG = SLUG
    LIST_URI = LIST_URI
    BASE_URL = BASE_URL

    keys: Keys
    settings: VerifierSettings
    database: Database
    clock: FixedClock
    network: StatusNetwork
    verifier: Verifier
    http: AsgiTransport
    holder: LocalSigner = field(default_factory=lambda: LocalSigner(new_private_key("ES256", system_random_bytes)))
    statuses: StatusList = field(default_factory=lambda: StatusList.of(1024, bits=1))

    def __post_init__(self) -> None:
        self.publish()

    def another_process(
        self,
        *,
        trust: TrustStore | None = None,
        database: Database | None = None,
        ring: KeyRing | None = None,
    ) -> Verifier:
        return build_verifier(
            self.settings,
            database or self.database,
            ring or self.keys.ring,
            trust or self.keys.trust,
            self.network,
            self.clock,
            system_random_bytes,
        )

    def signer(self, slug: str, purpose: KeyPurpose = KeyPurpose.CREDENTIAL) -> Signer:
        return self.keys.ring.signer(slug, purpose)

    def status_token(self, *, by: str = "fr-demo", **changes: Any) -> str:
        values = {"uri": LIST_URI, "iat": NOW - 60, "exp": NOW + 86_400, "ttl": 300, **changes}
        return make_status_list_token(self.statuses, signer=self.signer(by, KeyPurpose.STATUS), **values)

    def publish(self, token: str | None = None, **changes: Any) -> None:
        self.network.published[LIST_URI] = (token or self.status_token(**changes)).encode()

    def withdraw(self, idx: int, *, iat: int) -> None:
        self.statuses = self.statuses.with_status([idx], 1)
        self.publish(iat=iat, exp=iat + 86_400)

    def claims(self, configuration: str = "pda1", **changes: Any) -> dict[str, Any]:
        projection = CREDENTIAL_TYPES[configuration].projection
        slug = ISSUERS.get(configuration, "fr-demo")
        claims = {
            **projection.project(example(RECORDS[configuration])),
            "vct": projection.vct,
            "iss": f"{BASE_URL}/issuer/{slug}",
            "iat": NOW - 3600,
            "exp": NOW + 86_400,
            "cnf": {"jwk": dict(self.holder.public_jwk)},
            "status": {"status_list": {"idx": 7, "uri": LIST_URI}},
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def credential(
        self, configuration: str = "pda1", *, claims: dict[str, Any] | None = None, by: str | None = None
    ) -> str:
        signer = self.signer(by or ISSUERS.get(configuration, "fr-demo"))
        claims = claims or self.claims(configuration)
        return issue(
            claims,
            disclosable=CREDENTIAL_TYPES[configuration].projection.disclosable(claims),
            header=signing_header("dc+sd-jwt", signer),
            signer=signer,
            random_bytes=system_random_bytes,
        ).text

    def held(self, configuration: str, **changes: Any) -> str:
        """Return a credential whose status stands in a list of its own issuer."""
        slug = ISSUERS.get(configuration, "fr-demo")
        uri = f"https://status.example/lists/{slug}"
        self.network.published[uri] = self.status_token(by=slug, uri=uri).encode()
        status = {"status_list": {"idx": 7, "uri": uri}}
        return self.credential(configuration, claims=self.claims(configuration, status=status, **changes))

    def ask(self, question: Preset | str = "inspector-quick", **options: Any) -> "Session":
        asked = preset(question) if isinstance(question, str) else question
        return Session(self, self.verifier.create_request(SLUG, asked, asked=Asked(**options)))


@dataclass
class Session:
    """One request as the wallet and the asking party see it."""

    world: World
    created: CreatedRequest

    @cached_property
    def request(self) -> dict[str, Any]:
        response = self.fetch()
        assert response.status == 200, response.text
        return unverified_claims(response.text)

    @property
    def client_id(self) -> str:
        return parse_qs(urlsplit(self.created.link).query)["client_id"][0]

    @property
    def encryption_jwk(self) -> dict[str, Any]:
        (key,) = self.request["client_metadata"]["jwks"]["keys"]
        return dict(key)

    def fetch(self) -> TransportResponse:
        return self.world.http.get(self.created.request_uri)

    def present(self, credential: str | None = None, **changes: Any) -> str:
        """Return a credential bound to this session."""
        values = {
            "audience": self.request["client_id"],
            "nonce": self.request["nonce"],
            "now": self.world.clock.now(),
            "signer": self.world.holder,
            **changes,
        }
        return bind(credential or self.world.credential(), **values)

    def payload(self, presentation: str | None = None, **changes: Any) -> dict[str, Any]:
        (asked,) = parse_query(self.request["dcql_query"]).credentials[:1]
        token = {asked.id: [presentation or self.present()]}
        members = {"vp_token": token, "state": self.request["state"], **changes}
        return {name: value for name, value in members.items() if value is not None}

    def encrypted(self, payload: Mapping[str, Any] | bytes, jwk: dict[str, Any] | None = None) -> str:
        plaintext = payload if isinstance(payload, bytes) else strict_json.dumps(dict(payload))
        return encrypt(plaintext, jwk or self.encryption_jwk, enc="A128GCM", apu=None, apv=None)

    def everything(self, *, leave_out: frozenset[str] = frozenset()) -> dict[str, list[str]]:
        """Return a token that answers every required query of a preset."""
        query = parse_query(self.request["dcql_query"])
        ids = [item.options[0][0] for item in query.credential_sets if item.required] or [
            each.id for each in query.credentials
        ]
        wanted = [name for name in ids if name not in leave_out]
        return {name: [self.present(self.world.held(CONFIGURATIONS[name]))] for name in wanted}

    def post(self, form: Mapping[str, str]) -> TransportResponse:
        return self.world.http.post_form(self.request["response_uri"], form)

    def answer(self, presentation: str | None = None, **changes: Any) -> TransportResponse:
        return self.post({"response": self.encrypted(self.payload(presentation, **changes))})

    def view(self, **changes: Any) -> SessionView:
        values = {"session_secret": self.created.session_secret, **changes}
        return self.world.verifier.result(SLUG, self.created.transaction_id, **values)

    @property
    def code(self) -> str | None:
        """The full code of the stored result; "accepted" when there is no problem."""
        result = self.view().result
        assert result is not None
        return result.problem.full_code if result.problem else "accepted"


def institution(
    slug: str, identifier: str, role: Role, types: frozenset[str] = frozenset()
) -> DevelopmentInstitution:
    return DevelopmentInstitution(
        slug=slug,
        id=identifier,
        country=identifier[:2],
        name=f"Test {slug}",
        roles=frozenset({role}),
        credential_types=types,
    )


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    directory: Path = tmp_path_factory.mktemp("verifier-keys")
    ring = create_development_ring(
        directory,
        [
            institution("fr-demo", "FR:TEST01", Role.ISSUER, PDA1_TYPES),
            institution("fr-health", "FR:TEST02", Role.ISSUER, frozenset({"urn:eudi:ehic:1"})),
            institution("fr-identity", "FR:TEST03", Role.ISSUER, frozenset({"urn:eudi:pid:1"})),
            institution(SLUG, "DE:TEST90", Role.VERIFIER),
            institution("de-other", "DE:TEST91", Role.VERIFIER),
        ],
        base_url=BASE_URL,
        now=NOW - 86_400,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    return Keys(ring, trust_from_json(json.loads((directory / TRUST_FILE).read_text(encoding="utf-8"))))


def settings(**changes: Any) -> VerifierSettings:
    asking = InstitutionSettings(
        slug=SLUG,
        institution_id="DE:TEST90",
        names={"en": "Test inspection"},
        registered_types=(*PDA1_TYPES, "urn:eudi:ehic:1", "urn:eudi:pid:1"),
    )
    other = InstitutionSettings(
        slug="de-other",
        institution_id="DE:TEST91",
        names={"en": "Other inspection"},
        registered_types=("urn:eudi:pda1:1",),
    )
    values = {"base_url": BASE_URL, "institutions": (asking, other), "mode": "development", **changes}
    return VerifierSettings(**values)


@pytest.fixture
def make_world(keys: Keys) -> Iterator[Callable[..., World]]:
    """Build worlds with other settings; their databases go when the test ends."""
    databases = []

    def make(
        *,
        fetch: Fetch | None = None,
        database_url: str = "sqlite://",
        lists_at_home: Callable[[], tuple[str, ...]] = tuple,
        **changes: Any,
    ) -> World:
        made = settings(**changes)
        database = open_database(database_url)
        databases.append(database)
        clock, network = FixedClock(NOW), StatusNetwork()
        verifier = build_verifier(
            made,
            database,
            keys.ring,
            keys.trust,
            fetch or network,
            clock,
            system_random_bytes,
            lists_at_home=lists_at_home,
        )
        app = FastAPI(openapi_url=None)
        app.include_router(wallet_router(verifier))
        app.include_router(management_router(verifier))
        app.include_router(page_router(verifier))
        app.include_router(browser_api_router(verifier))
        install_problems(app)
        protect(app)
        return World(keys, made, database, clock, network, verifier, AsgiTransport(app, BASE_URL))

    yield make
    for database in databases:
        database.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """The good world."""
    return make_world()
