"""What clients of a server do over real HTTP: the institution's staff, wallets, and readers of status lists."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from portadoc import base64url
from portadoc.clock import SystemClock
from portadoc.errors import Unavailable
from portadoc.formats import jws, sd_jwt
from portadoc.formats.key_proof import make_key_proof
from portadoc.formats.status_list.statuses import decode_lst, status_reference
from portadoc.keys.private_jwk import new_private_jwk, signer_from_private_jwk
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import random_below, system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.records import record_to_json
from portadoc.wallet_sim.transport import Transport, TransportResponse
from tests.soak.server import loopback

ISSUER: Final = "fr-demo"
INSPECTION: Final = "de-inspection"
GRANT: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
MAX_LIST: Final = 2 * 1024 * 1024


@dataclass(frozen=True)
class Received:
    """A credential that a client has in hand: its status entry and the digest of what was signed."""

    list_id: str
    idx: int
    payload_digest: str


@dataclass
class Client:
    """Speaks to one server. Every call raises Unavailable when there is no answer or the server says 503."""

    origin: str
    holder: LocalSigner
    transport: Transport

    @classmethod
    def of(cls, origin: str) -> "Client":
        """Return a client with a key of its own."""
        holder = signer_from_private_jwk(new_private_jwk("ES256", random_bytes=system_random_bytes))
        return cls(origin, holder, loopback(origin))

    @property
    def issuer(self) -> str:
        """The address of the issuer."""
        return f"{self.origin}/issuer/{ISSUER}"

    def upload(self) -> str:
        """Return the id of a new record."""
        record = record_to_json(example("posted-worker-fr-de"))
        return str(self._post("/management/records", record, 201)["record_id"])

    def offer(self, record_id: str, *, tx_code: bool = False) -> tuple[str, str | None]:
        """Return the code of a new offer, and its transaction code if it has one."""
        wanted = {"record_id": record_id, "configuration_ids": ["pda1"], "tx_code": tx_code, "by_reference": False}
        made = self._post("/management/offers", wanted, 201)
        offer = json.loads(parse_qs(urlsplit(made["offer_uri"]).query)["credential_offer"][0])
        return str(offer["grants"][GRANT]["pre-authorized_code"]), made["tx_code"]

    def token(self, code: str) -> str:
        """Return the access token for a code."""
        form = {"grant_type": GRANT, "pre-authorized_code": code}
        answer = self.transport.post_form(f"{self.issuer}/token", form)
        return str(taken(answer, 200)["access_token"])

    def nonce(self) -> str:
        """Return a fresh challenge."""
        return str(taken(self.transport.request("POST", f"{self.issuer}/nonce"), 200)["c_nonce"])

    def proof(self, nonce: str) -> str:
        """Return a key proof."""
        now = SystemClock().now()
        return make_key_proof(audience=self.issuer, nonce=nonce, iat=now, signer=self.holder, client_id=None)

    def credential(self, token: str, nonce: str) -> Received:
        """Return what was issued for a token."""
        asked = {"credential_configuration_id": "pda1", "proofs": {"jwt": [self.proof(nonce)]}}
        headers = {"authorization": f"Bearer {token}"}
        answer = self.transport.post_json(f"{self.issuer}/credential", asked, headers=headers)
        return received(taken(answer, 200)["credentials"][0]["credential"])

    def issue(self, record_id: str) -> Received:
        """Go the whole way from a record to a credential."""
        code, _ = self.offer(record_id)
        return self.credential(self.token(code), self.nonce())

    def withdraw(self, record_id: str) -> int:
        """Withdraw a record with its copies; return how many copies that were."""
        done = self._post("/management/withdrawals", {"id": record_id, "reason": "facts_changed"}, 200)
        return len(done["credential_ids"])

    def publish(self) -> None:
        """Sign the status lists that have changed."""
        self._post("/management/status-lists/publish", {}, 200)

    def published(self, list_id: str) -> tuple[int, frozenset[int]]:
        """Return when a list was signed, and which of its entries are set."""
        answer = self.transport.get(f"{self.origin}/status/{list_id}")
        if answer.status == 503:
            raise Unavailable("peer_unavailable", endpoint="status", status=503)
        assert answer.status == 200, answer.body
        claims = jws.unverified_claims(answer.body.decode())
        told = claims["status_list"]
        packed = decode_lst(told["lst"], bits=told["bits"], max_inflated=MAX_LIST).packed
        entries = (place * 8 + bit for place, octet in enumerate(packed) if octet for bit in range(8))
        return int(claims["iat"]), frozenset(idx for idx in entries if packed[idx >> 3] >> (idx & 7) & 1)

    def _post(self, path: str, content: dict[str, Any], status: int) -> dict[str, Any]:
        return taken(self.transport.post_json(f"{self.issuer}{path}", content), status)


def taken(answer: TransportResponse, status: int) -> dict[str, Any]:
    """Return the body of an answer that has to be a success. Raises Unavailable for a 503."""
    if answer.status == 503:
        assert answer.headers["retry-after"].isdecimal()
        raise Unavailable("peer_unavailable", endpoint="server", status=503)
    assert answer.status == status, (answer.status, answer.body)
    found: dict[str, Any] = answer.json()
    return found


def received(text: str) -> Received:
    """Return what an auditor would note of a credential."""
    token = sd_jwt.parse(text).jws_text
    reference = status_reference(jws.unverified_claims(token))
    assert reference is not None
    payload = token.split(".")[1]
    return Received(reference.uri.rpartition("/")[2], reference.idx, _digest_of(payload))


def _digest_of(segment: str) -> str:
    return hashlib.sha256(base64url.decode(segment, what="payload")).hexdigest()


def below(limit: int) -> int:
    """Return a random number in ``[0, limit)``."""
    return random_below(limit, system_random_bytes)
