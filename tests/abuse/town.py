"""A whole installation in one process: every role of a house, reached through its own application."""

import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from portadoc import base64url
from portadoc.clock import Clock, SystemClock
from portadoc.fetch import Fetched
from portadoc.formats import strict_json
from portadoc.formats.key_proof import make_key_proof
from portadoc.keys.private_jwk import new_private_jwk, signer_from_private_jwk
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import RandomBytes, system_random_bytes
from portadoc.schemas.examples import example
from portadoc.serve.app import create_app
from portadoc.serve.house import House, open_house
from portadoc.serve.settings import PortadocSettings
from portadoc.verification.presets.presets import preset
from portadoc.verifier.requests import CreatedRequest
from portadoc.verifier.service import build_verifier
from portadoc.wallet_sim.store import HeldCredential, MemoryStore
from portadoc.wallet_sim.transport import AsgiTransport, Transport, TransportResponse
from portadoc.wallet_sim.wallet import Wallet

ISSUER: Final = "fr-demo"
INSPECTION: Final = "de-inspection"
TOUR_COOKIE: Final = "portadoc-tour"
TOUR_ACTS: Final = ("offer", "wallet", "request", "report", "withdrawal", "refusal")
GRANT: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"


@dataclass
class InProcessFetch:
    """Fetch status lists from the application itself."""

    transport: Transport

    def get(self, url: str, **_: Any) -> Fetched:
        answer = self.transport.get(url)
        return Fetched(url, answer.status, answer.content_type, answer.headers, answer.body)


@dataclass
class Town:
    """A house and the one way to speak to it; each method makes what an honest party would have in hand."""

    house: House
    app: FastAPI
    transport: Transport
    tour_stages: list[str] = field(default_factory=list)
    """The cookie of a visitor at each stage of the tour, once ``walk_the_tour`` has gone through it."""

    def now(self) -> int:
        """Return the time that the house has."""
        return self.house.clock.now()

    def record(self) -> str:
        """Return the id of a new record, an example that holds today."""
        day = datetime.fromtimestamp(self.now(), UTC).date()
        return self.house.issuer.upload(ISSUER, example("posted-worker-fr-de", day))

    def offer(self, configuration: str = "pda1", *, tx_code: bool = False, by_reference: bool = False) -> Any:
        """Return a new offer of a record of its own."""
        return self.house.issuer.offer(
            ISSUER, self.record(), [configuration], tx_code=tx_code, by_reference=by_reference
        )

    def code(self) -> str:
        """Return a pre-authorised code that nobody has used."""
        return code_of(self.offer().offer_uri)

    def token(self) -> str:
        """Return a live access token."""
        form = {"grant_type": GRANT, "pre-authorized_code": self.code()}
        answer = self.transport.post_form(f"/issuer/{ISSUER}/token", form)
        return str(answer.json()["access_token"])

    def nonce(self) -> str:
        """Return a fresh challenge."""
        return self.house.issuer.new_nonce(ISSUER)

    def proof(self, holder: LocalSigner, nonce: str | None = None) -> str:
        """Return a key proof under a fresh challenge."""
        return make_key_proof(
            audience=f"{self.house.settings.base_url}/issuer/{ISSUER}",
            nonce=nonce or self.nonce(),
            iat=self.now(),
            signer=holder,
            client_id=None,
        )

    def walk_the_tour(self) -> None:
        """Keep what a browser carries at each stage of the tour, and with a question that is still open."""
        self.tour_stages = [*self._walk(TOUR_ACTS), *self._walk(TOUR_ACTS[:3])]

    def _walk(self, acts: Sequence[str]) -> Iterator[str]:
        headers = {"sec-fetch-site": "same-origin"}
        form: dict[str, str] = {"answer": "share"}
        for act in acts:
            answer = self.transport.post_form(f"/tour/a1/{act}", form, headers=headers)
            assert answer.status == 303, answer.body
            cookie = answer.headers["set-cookie"].partition(";")[0].removeprefix(f"{TOUR_COOKIE}=")
            headers["cookie"] = f"{TOUR_COOKIE}={cookie}"
            form["tx_code"] = str(json.loads(base64url.decode(cookie, what="cookie"))["tx_code"])
            yield cookie

    def ask(self, question: str = "inspector-quick") -> CreatedRequest:
        """Return an open request of the verifier."""
        return self.house.verifier.create_request(INSPECTION, preset(question))


def new_holder() -> LocalSigner:
    """Return a key of a holder."""
    return signer_from_private_jwk(new_private_jwk("ES256", random_bytes=system_random_bytes))


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Return method and path template of every route, in a fixed order."""
    return sorted(
        (method, context.path or "")
        for context in iter_route_contexts(app.routes)
        for method in context.methods or ()
    )


def code_of(offer_uri: str) -> str:
    """Return the code that stands in an offer by value."""
    offer = json.loads(parse_qs(urlsplit(offer_uri).query)["credential_offer"][0])
    return str(offer["grants"][GRANT]["pre-authorized_code"])


def path_of(url: str) -> str:
    """Return the path of a URL."""
    return urlsplit(url).path


@contextmanager
def open_town(
    directory: Path,
    *,
    clock: Clock | None = None,
    random_bytes: RandomBytes = system_random_bytes,
    base_url: str = "http://127.0.0.1:8700",
) -> Iterator[Town]:
    """Yield a town whose parties meet in this process only."""
    # Short, so that a wallet with a bearer token may wait for what is not decided.
    settings = PortadocSettings(base_url=base_url, data_dir=directory, issuer={"deferred_interval_s": 60})
    with open_house(settings, clock=clock or SystemClock(), random_bytes=random_bytes, environment={}) as opened:
        apps: list[FastAPI] = []

        async def serve(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            await apps[0](scope, receive, send)

        transport = AsgiTransport(serve, base_url)
        house = rewired(opened, transport)
        apps.append(create_app(house))
        yield Town(house, apps[0], transport)


def rewired(house: House, transport: Transport) -> House:
    """Return the house with its verifier and its wallet speaking through ``transport``."""
    verifier = build_verifier(
        house.settings.verifier_settings(),
        house.database,
        house.key_ring,
        house.trust,
        InProcessFetch(transport),
        house.clock,
        house.random_bytes,
    )
    return replace(house, verifier=verifier, wallet=new_wallet(house, transport))


def new_wallet(house: House, transport: Transport, held: Sequence[HeldCredential] = ()) -> Wallet:
    """Return a wallet that trusts what the house trusts and holds ``held``."""
    store = MemoryStore()
    store.add(held)
    return Wallet(
        store,
        transport=transport,
        trust=house.trust,
        clock=house.clock,
        random_bytes=house.random_bytes,
        profile=house.wallet.means.profile,
    )


@dataclass
class WatchedTransport(Transport):
    """Hand on every request and let ``see`` look at it and at its answer."""

    inner: Transport
    see: Callable[[str, str, Mapping[str, str], bytes, TransportResponse], TransportResponse]

    @property
    def loopback_origins(self) -> frozenset[str]:
        return self.inner.loopback_origins

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", **bounds: Any
    ) -> TransportResponse:
        answer = self.inner.request(method, url, headers=headers, body=body, **bounds)
        return self.see(method, url, headers or {}, body, answer)


def quoted(value: str) -> str:
    """Return a text as one segment of a path; what UTF-8 cannot carry as a broken byte."""
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def dumped(value: Any) -> bytes:
    """Return compact JSON."""
    return strict_json.dumps(value)
