"""Two issuers, a wallet and browsers in one process: whoever wants a certificate identifies first."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from portadoc.clock import FixedClock
from portadoc.errors import Unavailable
from portadoc.fetch import Fetched
from portadoc.formats.key_proof import make_key_proof
from portadoc.formats.oauth.wallet_facts import WalletFacts
from portadoc.issuer.authorization.offers import OfferFlow
from portadoc.issuer.http.authorize import authorize_router
from portadoc.issuer.http.presentations import presentation_router
from portadoc.issuer.identification.service import Identification
from portadoc.issuer.identification.settings import IdentityProviderSettings
from portadoc.issuer.openid4vci import wallet_router
from portadoc.issuer.pages.authorize_page import Pages
from portadoc.issuer.service import Issuer, build_issuer
from portadoc.issuer.settings import InstitutionSettings, IssuerSettings
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.pid import Pid
from portadoc.schemas.profiles import profile
from portadoc.schemas.records import Record
from portadoc.storage.engine import Database, open_database
from portadoc.wallet_sim.identity import WalletIdentity, WalletProvider
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.transport import AsgiTransport, TransportResponse
from portadoc.wallet_sim.wallet import Wallet
from portadoc.web.app import install_problems, protect

NOW: Final = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
BASE_URL: Final = "http://127.0.0.1:8700"
A1, IDENTITY, HEALTH = "fr-demo", "fr-identity", "fr-health"
VOUCHING: Final = "wallet-provider"
BACK: Final = "test-wallet://back"
CLIENT: Final = "test-wallet"
VERIFIER: Final = "v" * 64
TYPES: Final = {
    A1: {"pda1": "urn:eudi:pda1:1", "pda1-webuild": "eu.we-build.pda1.1"},
    HEALTH: {"ehic": "urn:eudi:ehic:1"},
    IDENTITY: {"pid": "urn:eudi:pid:1"},
}
INSTITUTIONS: Final = {A1: "FR:TEST01", HEALTH: "FR:TEST02", IDENTITY: "FR:TEST03"}
PROVIDER: Final = "https://id.example"
PROVIDER_KEY: Final = ECKey.generate_key("P-256", {"kid": "one"})
FRANCE_CONNECT: Final = IdentityProviderSettings(
    id="france-connect",
    name="FranceConnect (test)",
    issuer=PROVIDER,
    client_id="us",
    acr={"eidas2": "substantial"},
    family_name_claim="preferred_username",
    birth_family_name_claim="family_name",
    town_of_birth_claim="town",
    number_claim="nir",
)


@dataclass
class Web:
    """What is fetched: status lists from the application itself, and an identity provider."""

    transport: AsgiTransport
    claims: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""
    forms: list[dict[str, str]] = field(default_factory=list)
    lists_away: bool = False

    def get(self, url: str, *, accept: tuple[str, ...], **_: Any) -> Fetched:
        if url.startswith(PROVIDER):
            return self._told(url)
        answer = self.transport.get(url, headers={"accept": accept[0]})
        if self.lists_away or answer.status != 200:
            raise Unavailable("fetch_failed", reason="connect")
        return Fetched(url, answer.status, answer.content_type, answer.headers, answer.body)

    def send(self, method: str, url: str, *, body: bytes | None = None, **_: Any) -> Fetched:
        assert method == ("GET" if url.endswith("/userinfo") else "POST")
        self.forms.append(dict(parse_qsl((body or b"").decode())))
        return self._told(url)

    def _told(self, url: str) -> Fetched:
        answers: dict[str, Any] = {
            "/.well-known/openid-configuration": {
                "issuer": PROVIDER,
                "authorization_endpoint": f"{PROVIDER}/authorize",
                "token_endpoint": f"{PROVIDER}/token",
                "jwks_uri": f"{PROVIDER}/keys",
                "userinfo_endpoint": f"{PROVIDER}/userinfo",
                "authorization_response_iss_parameter_supported": True,
            },
            "/keys": {"keys": [PROVIDER_KEY.as_dict(private=False)]},
            "/token": {"id_token": self._token(), "access_token": "at-1"},
            "/userinfo": {"sub": "one", **self.person},
        }
        return Fetched(url, 200, "application/json", {}, json.dumps(answers[urlsplit(url).path]).encode())

    def _token(self) -> str:
        sound = {"iss": PROVIDER, "aud": "us", "sub": "one", "nonce": self.nonce, "iat": NOW, "exp": NOW + 300}
        claims = {**sound, **self.claims}
        return jwt.encode({"alg": "ES256", "kid": "one"}, claims, PROVIDER_KEY, algorithms=["ES256"])


class Browser:
    """A browser without scripts: keeps the cookies of our pages, and follows nothing by itself."""

    def __init__(self, transport: AsgiTransport, language: str = "en") -> None:
        self._transport = transport
        self._language = language
        self.cookies: dict[str, str] = {}
        self.place = ""

    def get(self, url: str, **headers: str) -> TransportResponse:
        sent = {**self._headers(), **headers}
        return self._kept(self._transport.request("GET", url.removeprefix(BASE_URL), headers=sent))

    def post(self, url: str, *, form: str = "", **headers: str) -> TransportResponse:
        sent = {**self._headers(), "content-type": "application/x-www-form-urlencoded"}
        sent |= {"sec-fetch-site": "same-origin", **headers}
        return self._kept(self._transport.request("POST", url, headers=sent, body=form.encode()))

    def approve(self) -> TransportResponse:
        """Press the button on the page as it stands now."""
        return self.post(f"{self.place}/approve", form=f"seen={self.seen()}")

    def seen(self) -> str:
        """Return what the page wants back with a yes; empty where it asks for none."""
        found = re.search(r'name="seen" value="([^"]+)"', self.get(self.place).text)
        return found[1] if found else ""

    def secret(self) -> str:
        """Return the secret of the authorization that stands open."""
        return self.cookies[f"portadoc-authorize-{self.place.rpartition('/')[2]}"]

    def open(self, address: str) -> str:
        """Open the authorization endpoint and return where the pages of the authorization stand."""
        begun = self.get(address)
        assert begun.status == 303, begun.text
        self.place = begun.headers["location"]
        return self.place

    def page(self) -> str:
        """Return the words of the page of the authorization."""
        shown = self.get(self.place)
        assert shown.status == 200, shown.text
        return unescape(shown.text)

    def _headers(self) -> dict[str, str]:
        told = {"accept": "text/html", "accept-language": self._language}
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**told, "cookie": sent} if sent else told

    def _kept(self, response: TransportResponse) -> TransportResponse:
        found = re.match(
            r"((?:__Host-)?portadoc-authorize-[0-9a-f]+)=([^;]+)", response.headers.get("set-cookie", "")
        )
        if found:
            self.cookies[found[1]] = found[2]
        return response


@dataclass
class Town:
    """Issuers of identity and of certificates, the wallet of the posted worker, and the web around them."""

    issuer: Issuer
    identification: Identification
    wallet: Wallet
    make_wallet: Any
    clock: FixedClock
    database: Database
    http: AsgiTransport
    web: Web
    ring: KeyRing

    def browser(self, language: str = "en") -> Browser:
        return Browser(self.http, language)

    def give_pid(self, wallet: Wallet, record: Record | str = "pid-posted-worker") -> str:
        """Put identity data into a wallet."""
        held = example(record, date(2026, 11, 22)) if isinstance(record, str) else record
        record_id = self.issuer.upload(IDENTITY, held)
        wallet.accept(self.issuer.offer(IDENTITY, record_id, ["pid"]).offer_uri)
        return record_id

    def certificate(self, name: str = "posted-worker-fr-de", institution: str = A1) -> str:
        return self.issuer.upload(institution, example(name, date(2026, 11, 22)))

    def offer_state(self, record_id: str, *configurations: str, institution: str = A1) -> str:
        """Return the ``issuer_state`` of a new offer."""
        made = self.issuer.offer(
            institution, record_id, configurations or ("pda1",), flow=OfferFlow.AUTHORIZATION_CODE
        )
        content = json.loads(parse_qs(urlsplit(made.offer_uri).query)["credential_offer"][0])
        return str(content["grants"]["authorization_code"]["issuer_state"])

    def pushed(self, scope: str = "pda1", institution: str = A1, **more: str) -> str:
        """Push a request as a wallet does, and return the address that it opens."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
        form = {
            "client_id": CLIENT,
            "response_type": "code",
            "redirect_uri": BACK,
            "scope": scope,
            "state": "wallets-own",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **more,
        }
        answer = self.http.post_form(f"/issuer/{institution}/par", form)
        assert answer.status == 201, answer.body
        query = urlencode({"client_id": form["client_id"], "request_uri": answer.json()["request_uri"]})
        return f"/issuer/{institution}/authorize?{query}"

    def link(self, browser: Browser) -> str:
        """Press "show my identity data" and return the link that opens the wallet."""
        asked = browser.post(f"{browser.place}/pid")
        assert asked.status == 303, asked.text
        page = browser.get(asked.headers["location"])
        return unescape(re.findall(r'href="(openid4vp:[^"]+)"', page.text)[0])

    def identify(self, browser: Browser, wallet: Wallet | None = None) -> TransportResponse:
        """Show the PID of a wallet, and come back in this browser."""
        outcome = (wallet or self.wallet).present(self.link(browser))
        assert outcome.redirect_uri is not None
        return browser.get(outcome.redirect_uri)

    def token(self, code: str, institution: str = A1) -> TransportResponse:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "client_id": CLIENT,
            "code_verifier": VERIFIER,
        }
        return self.http.post_form(f"/issuer/{institution}/token", form)

    def obtain(
        self,
        token: str,
        content: Mapping[str, Any],
        institution: str = A1,
        *,
        key: LocalSigner | None = None,
        client_id: str | None = CLIENT,
    ) -> TransportResponse:
        """Ask for a credential bound to a key, a new one by default."""
        nonce = self.http.request("POST", f"/issuer/{institution}/nonce").json()["c_nonce"]
        proof = make_key_proof(
            audience=f"{BASE_URL}/issuer/{institution}",
            nonce=nonce,
            iat=self.clock.now(),
            signer=key or LocalSigner(new_private_key("ES256", system_random_bytes)),
            client_id=client_id,
        )
        headers = {"authorization": f"Bearer {token}"}
        asked = {**content, "proofs": {"jwt": [proof]}}
        return self.http.post_json(f"/issuer/{institution}/credential", asked, headers=headers)


def parameters(location: str) -> dict[str, str]:
    """Return the parameters of an address."""
    return dict(parse_qsl(urlsplit(location).query))


def other_pid(**changes: Any) -> Pid:
    """Return the PID of the example worker with other facts."""
    record = example("pid-posted-worker", date(2026, 11, 22))
    assert isinstance(record, Pid)
    return replace(record, **changes)


def identifying_keys(folder: Path) -> KeyRing:
    """Return keys of all institutions, made in a folder; nothing changes them."""
    return create_development_ring(
        folder / "keys",
        [
            DevelopmentInstitution(
                slug, id_, "FR", slug, frozenset({Role.ISSUER}), frozenset(TYPES[slug].values())
            )
            for slug, id_ in INSTITUTIONS.items()
        ]
        + [DevelopmentInstitution(VOUCHING, "FR:TEST98", "FR", VOUCHING, frozenset({Role.WALLET_PROVIDER}))],
        base_url=BASE_URL,
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )


def _vouched_for(ring: KeyRing) -> WalletIdentity:
    """Return who a wallet is, by the word of its provider."""
    provider = WalletProvider(
        client_attestation=ring.signer(VOUCHING, KeyPurpose.CLIENT_ATTESTATION),
        key_attestation=ring.signer(VOUCHING, KeyPurpose.KEY_ATTESTATION),
        issuer=None,
        facts=WalletFacts(name="Wallet (test)"),
        key_storage=("iso_18045_high",),
        user_authentication=("iso_18045_high",),
    )
    instance = LocalSigner(new_private_key("ES256", system_random_bytes))
    return WalletIdentity(client_id=CLIENT, redirect_uri=BACK, instance=instance, provider=provider)


@contextmanager
def identifying_town(ring: KeyRing, **changes: Any) -> Iterator[Town]:
    """Yield a town over keys of ``identifying_keys``; ``changes`` are settings of the issuer."""
    trust = read_trust_file(ring.directory / TRUST_FILE)
    settings: dict[str, Any] = {
        "base_url": BASE_URL,
        "mode": "development",
        "institutions": tuple(
            InstitutionSettings(
                slug=slug, institution_id=id_, names={"en": f"Office {slug}"}, configuration_ids=tuple(TYPES[slug])
            )
            for slug, id_ in INSTITUTIONS.items()
        ),
        "redirect_uris": (BACK,),
        "identity_providers": (FRANCE_CONNECT,),
        **changes,
    }
    clock, database, app = FixedClock(NOW), open_database("sqlite://"), FastAPI(openapi_url=None)
    transport = AsgiTransport(app, BASE_URL)
    issuer = build_issuer(
        IssuerSettings(**settings), database, ring, clock, system_random_bytes, wallet_trust=trust
    )
    web = Web(transport)
    identification = issuer.identifying.by(trust=lambda: trust, lists=web, outbound=web, environment={})
    app.include_router(wallet_router(issuer))
    app.include_router(authorize_router(identification, Pages(issuer.settings)))
    app.include_router(presentation_router(identification))
    install_problems(app)
    protect(app)

    def make_wallet() -> Wallet:
        return Wallet(
            MemoryStore(),
            transport=transport,
            trust=trust,
            clock=clock,
            random_bytes=system_random_bytes,
            profile=profile(issuer.settings.profile),
            identity=_vouched_for(ring),
        )

    issuer.publish_status_lists()
    try:
        yield Town(issuer, identification, make_wallet(), make_wallet, clock, database, transport, web, ring)
    finally:
        database.close()
