"""A command line to call, an installation's trust file, and things to verify and inspect, all made here."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portadoc.cli import main
from portadoc.clock import SystemClock
from portadoc.formats.headers import signing_header
from portadoc.formats.sd_jwt import bind, issue
from portadoc.formats.status_list.jwt_form import make_status_list_token
from portadoc.formats.status_list.statuses import StatusList
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.keys.trust.trust_file import TRUST_FILE
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
BASE_URL = "https://issuer.example"
LIST_URI = f"{BASE_URL}/status/1"
AUDIENCE = "x509_hash:example"
NONCE = "nonce-of-this-session"

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Call the command line in an empty folder and an English environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "PORTADOC_TRUST"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: object, stdin: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(main, [str(each) for each in arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@dataclass(frozen=True)
class Desk:
    """Files on an inspector's desk, and the means to make more of them."""

    NOW = NOW
    AUDIENCE = AUDIENCE
    NONCE = NONCE
    LIST_URI = LIST_URI

    folder: Path
    ring: KeyRing
    holder: LocalSigner

    @property
    def trust(self) -> Path:
        return self.folder / TRUST_FILE

    def signer(self, purpose: KeyPurpose, slug: str = "fr-demo") -> Signer:
        return self.ring.signer(slug, purpose)

    def claims(self, **changes: Any) -> dict[str, Any]:
        projection = CREDENTIAL_TYPES["pda1"].projection
        claims = {
            **projection.project(example("posted-worker-fr-de")),
            "vct": projection.vct,
            "iss": f"{BASE_URL}/issuer/fr-demo",
            "iat": NOW - 3600,
            "exp": NOW + 86_400,
            "cnf": {"jwk": dict(self.holder.public_jwk)},
            "status": {"status_list": {"idx": 7, "uri": LIST_URI}},
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def credential(self, *, disclosable: tuple[Any, ...] = (("document_number",),), **changes: Any) -> str:
        header = changes.pop("header", signing_header("dc+sd-jwt", self.signer(KeyPurpose.CREDENTIAL)))
        return issue(
            self.claims(**changes),
            disclosable=disclosable,
            header=header,
            signer=self.signer(KeyPurpose.CREDENTIAL),
            random_bytes=system_random_bytes,
        ).text

    def presentation(self) -> str:
        return bind(self.credential(), audience=AUDIENCE, nonce=NONCE, now=NOW, signer=self.holder)

    def status_list(self, *withdrawn: int, slug: str = "fr-demo", **changes: Any) -> str:
        values = {"uri": LIST_URI, "iat": NOW - 60, "exp": NOW + 3600, "ttl": 300, **changes}
        statuses = StatusList.of(20_000, bits=1).with_status(withdrawn, 1)
        return make_status_list_token(statuses, signer=self.signer(KeyPurpose.STATUS, slug), **values)

    def file(self, text: str, name: str = "file.txt") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A certified institution and a holder; the trust file lies in the desk's folder."""
    folder = tmp_path_factory.mktemp("desk")
    institutions = [
        DevelopmentInstitution(slug, id_, "FR", "Test", frozenset({role}), frozenset({"urn:eudi:pda1:1"}))
        for slug, id_, role in (
            ("fr-demo", "FR:TEST01", Role.ISSUER),
            ("fr-health", "FR:TEST02", Role.ISSUER),
            ("de-inspection", "DE:TEST90", Role.VERIFIER),
        )
    ]
    ring = create_development_ring(
        folder, institutions, base_url=BASE_URL, now=NOW, random_bytes=system_random_bytes, passphrase=b"test"
    )
    return Desk(folder, ring, LocalSigner(new_private_key("ES256", system_random_bytes)))


def told(result: Result) -> Any:
    """Return the JSON object that a command printed."""
    return json.loads(result.stdout)


@dataclass(frozen=True)
class Served:
    """A house on a free port of this machine, and the folder of its installation."""

    house: House
    folder: Path

    @property
    def base_url(self) -> str:
        return self.house.settings.base_url


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("installation")
    listener = listen("127.0.0.1", 0)
    settings = PortadocSettings(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", data_dir=folder)
    with (
        open_house(
            settings,
            clock=SystemClock(),
            random_bytes=system_random_bytes,
            environment=dict(os.environ),
        ) as house,
        serving(house, listener),
    ):
        yield Served(house, folder)


@pytest.fixture
def portadoc(run: Any, served: Served) -> Any:
    """Call a command on the served installation and return its JSON."""

    def call(*arguments: object) -> Any:
        result = run(*arguments, "--data-dir", served.folder, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return call
