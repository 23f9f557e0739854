"""A portal with its sign-in on loopback, example people, and a provider that says whatever a test wants."""

import json
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import httpx
import pytest
import uvicorn
from fastapi import APIRouter, FastAPI, Request
from joserfc import jwt
from joserfc.jwk import ECKey

from portadoc.clock import FixedClock
from portadoc.errors import Refused
from portadoc.fetch import UnsafeLoopbackFetch
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.portal.login.routes import Entrance, login_router, machine_router, tell_problem
from portadoc.portal.login.service import Login, build_login
from portadoc.portal.login.settings import LoginSettings, ProviderSettings
from portadoc.portal.registers.files import open_file_registers
from portadoc.portal.settings import InstitutionSettings, PortalSettings
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import Mode
from portadoc.serve.development.login import DevelopmentLogin, development_login_router
from portadoc.serve.run import listen
from portadoc.storage.engine import open_database
from portadoc.storage.installation import Installation
from portadoc.web.app import install_problems, protect

NOW: Final = 1_795_343_400
OURS: Final = {"sec-fetch-site": "same-origin"}
_PASSPHRASE: Final = b"for tests"


@dataclass
class Portal:
    """The sign-in of a portal that runs on loopback, and a browser in front of it."""

    base_url: str
    login: Login
    clock: FixedClock

    def browser(self) -> httpx.Client:
        """Return a browser that knows nothing yet, no TLS either, and follows no redirect by itself."""
        return httpx.Client(base_url=self.base_url, follow_redirects=False, trust_env=False, verify=False)

    def restarted(self, settings: LoginSettings) -> Login:
        """Return the login of the same installation with other settings."""
        return self.login.__class__(self.login.installation, settings, providers={}, persons=self.login._persons)


@pytest.fixture(scope="session")
def key_ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """Keys of the one institution, made once."""
    folder = tmp_path_factory.mktemp("keys") / "ring"
    institution = DevelopmentInstitution(
        slug="fr-demo",
        id="FR:TEST01",
        country="FR",
        name="Test",
        roles=frozenset({Role.ISSUER}),
        credential_types=frozenset(),
    )
    create_development_ring(
        folder,
        [institution],
        base_url="http://127.0.0.1:8700",
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=_PASSPHRASE,
    )
    return KeyRing.open(folder, passphrase=_PASSPHRASE)


@pytest.fixture
def open_portal(tmp_path: Path, key_ring: KeyRing) -> Callable[..., Any]:
    """Return what runs a portal with given providers and machines; ``providers`` gets its address."""

    @contextmanager
    def opened(
        providers: Callable[[str], tuple[ProviderSettings, ...]],
        *,
        foreign: str = "",
        environment: dict[str, str] | None = None,
        **login: Any,
    ) -> Iterator[Portal]:
        with listen("127.0.0.1", 0) as listener:
            base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            settings = _settings(base_url, LoginSettings(providers=providers(base_url), **login))
            database = open_database(f"sqlite:///{tmp_path / 'portal.sqlite'}")
            installation: Installation[PortalSettings, InstitutionSettings] = Installation(
                settings=settings,
                database=database,
                key_ring=key_ring,
                clock=FixedClock(NOW),
                random_bytes=system_random_bytes,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                outbound = UnsafeLoopbackFetch(frozenset({base_url, *([foreign] if foreign else [])}))
            _, persons = open_file_registers(tmp_path, with_examples=True)
            made = build_login(installation, persons=persons, outbound=outbound, environment=environment or {})
            with _served(_app(made, tmp_path), listener):
                yield Portal(base_url, made, installation.clock)
            database.close()

    return opened


def _settings(base_url: str, login: LoginSettings) -> PortalSettings:
    institution = {
        "slug": "fr-demo",
        "institution_id": "FR:TEST01",
        "names": {"und": "Test"},
        "country": "FR",
        "address": {"town": "Paris"},
    }
    return PortalSettings(base_url=base_url, mode=Mode.DEVELOPMENT, institutions=(institution,), login=login)


def _app(login: Login, folder: Path) -> FastAPI:
    app = FastAPI()
    here = login.installation
    provider = DevelopmentLogin(
        here.settings.base_url,
        mode=Mode.DEVELOPMENT,
        data_dir=folder,
        clock=here.clock,
        random_bytes=here.random_bytes,
    )
    entrance = Entrance(login)
    app.include_router(login_router(login))
    app.include_router(machine_router(login))
    app.include_router(development_login_router(provider))

    @app.api_route("/portal/whoami", methods=["GET", "POST"])
    def whoami(request: Request) -> dict[str, Any]:
        subject = entrance.subject_of(request)
        return {
            "id": subject.id,
            "kind": subject.kind,
            "name": subject.name,
            "roles": sorted(subject.roles),
            "pin": subject.pin,
            "employers": sorted(subject.employers),
            "children": sorted(subject.children),
            "institution": subject.institution,
            "mandates": [each.employer for each in subject.mandates],
        }

    counted = APIRouter(route_class=entrance.counting_route(tell_problem))

    @counted.get("/portal/things/{name}")
    def thing(name: str, request: Request) -> dict[str, str]:
        entrance.subject_of(request)
        if name != "own":
            raise Refused("not_found")
        return {"name": name}

    app.include_router(counted)
    install_problems(app)
    protect(app)
    return app


@contextmanager
def _served(app: FastAPI, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            threading.Event().wait(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Liar:
    """A provider whose every word the test decides; it counts what it was asked."""

    issuer: str
    key: ECKey
    published: list[dict[str, Any]]
    metadata: dict[str, Any] = field(default_factory=dict)
    id_token: str = ""
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    status: int = 200

    def claims(self, asked_nonce: str, /, **changes: Any) -> dict[str, Any]:
        """Return sound claims with changes; a value of None takes a claim out."""
        sound = {
            "iss": self.issuer,
            "aud": "portal",
            "sub": "somebody",
            "nonce": asked_nonce,
            "iat": NOW,
            "exp": NOW + 300,
            "acr": "strong",
            "groups": ["officers"],
            "roles": ["officer"],
            "pin": "TEST185041201",
            **changes,
        }
        return {name: value for name, value in sound.items() if value is not None}

    def sign(self, claims: dict[str, Any], *, key: Any = None, **header: Any) -> str:
        """Return a signed token."""
        used = key or self.key
        return jwt.encode({"alg": "ES256", "kid": used.kid, **header}, claims, used, algorithms=["ES256"])

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            endpoints = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return 200, {
                "issuer": self.issuer,
                **{name: self.issuer + value for name, value in endpoints.items()},
                **self.metadata,
            }
        if path == "/keys":
            return self.status, {"keys": self.published}
        return self.status, {"id_token": self.id_token, "token_type": "Bearer", "access_token": "x"}

    def settings(self, **changes: Any) -> ProviderSettings:
        """Return what the portal is set to make of this provider."""
        sound = {
            "id": "liar",
            "name": "Liar",
            "issuer": self.issuer,
            "client_id": "portal",
            "staff_acr": ("strong",),
            "grants": ({"claim": "groups", "value": "officers", "role": "officer", "institution": "fr-demo"},),
        }
        return ProviderSettings(**{**sound, **changes})


@pytest.fixture
def liar() -> Iterator[Liar]:
    """A provider on loopback whose every word the test decides."""
    key = ECKey.generate_key("P-256", {"kid": "first"})

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            made.forms.append({name: value[0] for name, value in parse_qs(body).items()})
            self._answer()

        def _answer(self) -> None:
            status, document = made.answer(self.path)
            raw = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made = Liar(f"http://127.0.0.1:{server.server_port}", key, [key.as_dict(private=False)])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()
