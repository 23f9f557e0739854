"""A wallet that its provider vouches for, at a real server: requests over HTTP, the holder's yes in process."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.cli.installation import installation
from portadoc.clock import Clock
from portadoc.formats import strict_json
from portadoc.formats.key_proof import make_key_proof
from portadoc.issuer.service import Issuer
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.serve.development.wallet_provider import WALLET_PROVIDER
from portadoc.wallet_sim.transport import Transport, TransportResponse
from tests.soak.client import ISSUER
from tests.soak.server import Server, loopback
from tests.unit.issuer.wallets import AttestedWallet

HAIP: Final = 'profile = "haip-1.0"\n'


@dataclass
class Rooted:
    """A transport to which paths may be given."""

    plain: Transport
    origin: str

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> TransportResponse:
        """Send a request to a path of the server."""
        return self.plain.request(method, f"{self.origin}{path}", headers=headers, body=body)

    def post_json(self, path: str, value: object, *, headers: Mapping[str, str]) -> TransportResponse:
        """POST a JSON value to a path of the server."""
        sent = {"content-type": "application/json", **headers}
        return self.request("POST", path, headers=sent, body=strict_json.dumps(value))


@dataclass
class ServedRig:
    """What ``AttestedWallet`` asks of the issuer under test, here a server with processes of its own."""

    issuer: Issuer
    key_ring: KeyRing
    clock: Clock
    transport: Rooted

    def new_key(self) -> LocalSigner:
        """Return a fresh P-256 key."""
        return LocalSigner(new_private_key("ES256", system_random_bytes))

    def record(self, *, institution: str = ISSUER) -> str:
        """Return the id of a new example record."""
        return self.issuer.upload(institution, example("posted-worker-fr-de"))

    def proof(self, *, institution: str, payload: Mapping[str, str]) -> str:
        """Return a proof of a fresh key under a fresh challenge; ``payload`` holds the ``iss``."""
        nonce = self.transport.request("POST", f"/issuer/{institution}/nonce").json()["c_nonce"]
        return make_key_proof(
            audience=f"{self.transport.origin}/issuer/{institution}",
            nonce=nonce,
            iat=self.clock.now(),
            signer=self.new_key(),
            client_id=payload["iss"],
        )

    def post(self, path: str, body: bytes, content_type: str, headers: Mapping[str, str]) -> TransportResponse:
        """POST raw bytes."""
        return self.transport.request("POST", path, headers={"content-type": content_type, **headers}, body=body)


@contextlib.contextmanager
def attested_wallet(server: Server) -> Iterator[AttestedWallet]:
    """Yield a wallet at a running server, whose database and keys this process opens too."""
    with installation(str(server.settings_file), str(server.directory)) as house:
        rooted = Rooted(loopback(server.origin), server.origin)
        rig = ServedRig(house.issuer, house.key_ring, house.clock, rooted)
        yield AttestedWallet(rig, institution=ISSUER, provider=WALLET_PROVIDER)
