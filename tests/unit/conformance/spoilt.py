"""An issuer that is wrong in one way: the real one, with something in between that changes what goes through."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from portadoc import base64url
from portadoc.formats import jws, sd_jwt
from portadoc.keys.signer import Signer
from portadoc.wallet_sim.transport import MAX_RESPONSE_BYTES, Transport, TransportResponse

ASKS_AGAIN: Final = ("use_dpop_nonce", "use_attestation_challenge")
JSON_HEADERS: Final = {"content-type": "application/json", "cache-control": "no-store"}


@dataclass(frozen=True)
class Sent:
    """A request on its way."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def dpop_nonce(self) -> str:
        """The nonce of the DPoP proof."""
        proof = self.headers.get("dpop", "")
        return str(jws.unverified_claims(proof).get("nonce", "")) if proof.count(".") == 2 else ""


Spoil = Callable[[Sent, TransportResponse], TransportResponse]


class Spoilt(Transport):
    """Speak to the issuer through ``spoil``, which may change any answer."""

    def __init__(self, inner: Transport, spoil: Spoil) -> None:
        self._inner = inner
        self._spoil = spoil

    @property
    def loopback_origins(self) -> frozenset[str]:
        return self._inner.loopback_origins

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_bytes: int = MAX_RESPONSE_BYTES,
    ) -> TransportResponse:
        answer = self._inner.request(method, url, headers=headers, body=body, max_bytes=max_bytes)
        return self._spoil(Sent(method, url, dict(headers or {}), body), answer)


def only_refusals(change: Callable[[TransportResponse], TransportResponse]) -> Spoil:
    """Change refusals, but for those that only ask for a nonce or challenge of the server's own."""

    def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
        if answer.status < 400:
            return answer
        word = answer.json().get("error") if answer.content_type == "application/json" else ""
        asked_again = word in ASKS_AGAIN and sent.dpop_nonce != "nobody-gave-this-nonce" and not _replayed(sent)
        return answer if asked_again else change(answer)

    seen: set[str] = set()

    def _replayed(sent: Sent) -> bool:
        proofs = {sent.headers.get("dpop", ""), sent.headers.get("oauth-client-attestation-pop", "")} - {""}
        known = bool(proofs & seen)
        seen.update(proofs)
        return known

    return spoil


def accepting(answer: TransportResponse) -> TransportResponse:
    """Accept what the issuer refuses."""
    return TransportResponse(200, JSON_HEADERS, b"{}")


def other_word(answer: TransportResponse) -> TransportResponse:
    """Refuse by a word that nothing is refused by."""
    headers = {name: value for name, value in answer.headers.items() if name != "www-authenticate"}
    return replace(answer, headers=headers, body=b'{"error":"out_of_order"}')


def with_headers(**headers: str | None) -> Callable[[TransportResponse], TransportResponse]:
    """Return a change of header fields; None takes one out."""

    def change(answer: TransportResponse) -> TransportResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        changed = {**answer.headers, **named}
        return replace(answer, headers={name: value for name, value in changed.items() if value is not None})

    return change


def with_members(**members: Any) -> Callable[[TransportResponse], TransportResponse]:
    """Return a change of the members of a JSON answer; None takes one out."""

    def change(answer: TransportResponse) -> TransportResponse:
        changed = {**answer.json(), **members}
        kept = {name: value for name, value in changed.items() if value is not None}
        return replace(answer, body=json.dumps(kept).encode())

    return change


def at(path: str, change: Callable[[TransportResponse], TransportResponse]) -> Spoil:
    """Change every answer of the places whose address holds ``path``."""

    def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
        return change(answer) if path in sent.url else answer

    return spoil


@dataclass
class Card:
    """A credential that can be changed and is sealed anew by its issuer."""

    header: dict[str, Any]
    payload: dict[str, Any]
    disclosures: list[str]

    def text(self, signer: Signer) -> str:
        """Return the credential, signed."""
        content = f"{_part(self.header)}.{_part(self.payload)}"
        signed = f"{content}.{base64url.encode(signer.sign(content.encode()))}"
        return "~".join([signed, *self.disclosures, ""])


def cards(change: Callable[[list[Card]], None], signer: Signer) -> Spoil:
    """Change the credentials of every credential response that is not encrypted."""

    def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
        if not sent.url.endswith("/credential") or answer.status != 200:
            return answer
        content = answer.json()
        opened = [_card(each["credential"]) for each in content["credentials"]]
        change(opened)
        content["credentials"] = [{"credential": each.text(signer)} for each in opened]
        return replace(answer, body=json.dumps(content).encode())

    return spoil


def _card(text: str) -> Card:
    parts = sd_jwt.parse(text)
    header = json.loads(base64url.decode(parts.jws_text.partition(".")[0], what="header"))
    return Card(header, jws.unverified_claims(parts.jws_text), list(parts.disclosures))


def _part(value: Mapping[str, Any]) -> str:
    return base64url.encode(json.dumps(value, separators=(",", ":")).encode())
