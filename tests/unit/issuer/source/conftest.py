"""An issuer with authentic sources, and each source's side of the interface, which can send anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from portadoc.formats import strict_json
from portadoc.issuer import Issuer
from portadoc.issuer.http.authentic_source import authentic_source_router
from portadoc.issuer.openid4vci import wallet_router
from portadoc.issuer.sources.source_settings import SourceVerb
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.records import record_to_json
from portadoc.wallet_sim.transport import AsgiTransport, TransportResponse
from portadoc.web.app import install_problems, protect

BASE_URL: Final = "http://127.0.0.1:8700"
KEYS: Final = {name: ECKey.generate_key("P-256") for name in ("register", "reader", "elsewhere", "stranger")}
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def sources() -> tuple[dict[str, Any], ...]:
    """Return the settings: one that may do all, one that reads, one of another institution."""
    told = (
        ("register", "fr-demo", tuple(SourceVerb)),
        ("reader", "fr-demo", ("read",)),
        ("elsewhere", "fr-health", tuple(SourceVerb)),
    )
    return tuple(
        {
            "client_id": name,
            "institution": slug,
            "jwk": KEYS[name].as_dict(private=False),
            "verbs": verbs,
        }
        for name, slug, verbs in told
    )


def as_application(issuer: Issuer) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.include_router(wallet_router(issuer))
    app.include_router(authentic_source_router(issuer))
    install_problems(app)
    protect(app)
    return app


@dataclass
class Desk:
    """A source at work."""

    rig: Any
    client_id: str = "register"
    institution: str = "fr-demo"
    key: Any = None

    def __post_init__(self) -> None:
        self.key = self.key or KEYS[self.client_id]

    @property
    def base(self) -> str:
        return f"/issuer/{self.institution}/source"

    def assertion(self, **changes: Any) -> str:
        sound = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{BASE_URL}{self.base}/token",
            "jti": system_random_bytes(12).hex(),
            "exp": self.rig.clock.now() + 60,
        }
        told = {name: value for name, value in {**sound, **changes}.items() if value is not None}
        return jwt.encode({"alg": "ES256"}, told, self.key, algorithms=["ES256"])

    def ask_token(self, assertion: str | None = None, **form: str) -> TransportResponse:
        sent = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
            **form,
        }
        return self.rig.transport.post_form(f"{self.base}/token", sent)

    def bearer(self, **form: str) -> dict[str, str]:
        told = self.ask_token(**form)
        assert told.status == 200, told.body
        return {"authorization": f"Bearer {told.json()['access_token']}"}

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        key: str = "",
        version: str = "",
    ) -> TransportResponse:
        """Send a request with a token, bodies as JSON unless they are bytes."""
        content = body if isinstance(body, bytes) or body is None else strict_json.dumps(body)
        sent = {
            **({} if content is None else {"content-type": "application/json"}),
            **({"idempotency-key": key} if key else {}),
            **({"if-match": version} if version else {}),
            **self.bearer(),
            **(headers or {}),
        }
        return self.rig.transport.request(
            method, f"{self.base}/v1/{path}", headers=sent, body=b"" if content is None else content
        )

    def put(self, record_id: str = "case-1", record: Any = None, **headers: str) -> TransportResponse:
        return self.ask("PUT", f"records/{record_id}", RECORD if record is None else record, headers)

    def get(self, path: str = "records/case-1", **headers: str) -> TransportResponse:
        return self.ask("GET", path, headers=headers)

    def post(self, act: str, body: Any, *, record: str = "case-1", key: str = "", version: str = "*") -> Any:
        return self.ask("POST", f"records/{record}/{act}", body, key=key or f"k-{act}", version=version)


RECORD: Final = record_to_json(example("posted-worker-fr-de"))


@pytest.fixture
def make_desk(make_rig: Callable[..., Any]) -> Callable[..., Desk]:
    """Return a maker of sources; all of one test stand before the same issuer."""
    made: list[Any] = []

    def make(client_id: str = "register", institution: str = "fr-demo", **changes: Any) -> Desk:
        if not made:
            rig = make_rig(**{"sources": sources(), **changes})
            rig.transport = AsgiTransport(as_application(rig.issuer), BASE_URL)
            made.append(rig)
        return Desk(made[0], client_id, institution)

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()
