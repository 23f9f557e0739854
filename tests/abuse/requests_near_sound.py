"""For each route that takes something from outside: requests that are almost what it asks for.

A route is named by method and path template, as the application lists it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from hypothesis import strategies as st

from portadoc import base64url
from portadoc.formats import jwe
from portadoc.issuer.records.holders import holder_of
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.examples import example
from portadoc.schemas.records import record_to_json
from portadoc.verification.presets.presets import preset
from portadoc.wallet_sim.presentation import Preview, bind_answer
from tests.abuse.spoiling import (
    Draw,
    spoilt_form,
    spoilt_json,
    spoilt_jws,
    spoilt_sd_jwt,
    spoilt_text,
    texts,
)
from tests.abuse.town import (
    GRANT,
    INSPECTION,
    ISSUER,
    TOUR_ACTS,
    TOUR_COOKIE,
    Town,
    code_of,
    new_holder,
    path_of,
    quoted,
)

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
JWT: Final = "application/jwt"
HOLDER: Final[LocalSigner] = new_holder()


@dataclass
class Sent:
    """A request that is about to be sent."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path


Near = Callable[[Draw, Town], Sent]


def redeem(draw: Draw, town: Town) -> Sent:
    with_tx_code = draw(st.booleans())
    offer = town.offer(tx_code=with_tx_code)
    link = parse_qs(urlsplit(offer.offer_uri).query)["credential_offer"][0]
    form: dict[str, Any] = {
        "grant_type": GRANT,
        "pre-authorized_code": link.rpartition('code":"')[2].split('"')[0],
    }
    if with_tx_code:
        form["tx_code"] = draw(st.one_of(st.just(offer.tx_code), texts))
    if draw(st.booleans()):
        details = [{"type": "openid_credential", "credential_configuration_id": "pda1"}]
        form["authorization_details"] = draw(spoilt_json(details)).decode("utf-8", "surrogateescape")
    return Sent("POST", f"/issuer/{ISSUER}/token", body=draw(spoilt_form(form)), headers={"content-type": FORM})


def ask_nonce(draw: Draw, town: Town) -> Sent:
    return Sent("POST", f"/issuer/{ISSUER}/nonce", body=draw(st.binary(max_size=20)))


def ask_credential(draw: Draw, town: Town) -> Sent:
    proofs = [town.proof(HOLDER)]
    if draw(st.booleans()):
        proofs = [draw(spoilt_jws(proofs[0], HOLDER))]
    request = {"credential_configuration_id": "pda1", "proofs": {"jwt": proofs}}
    return _perhaps_encrypted(draw, town, "credential", request, _bearer(town))


def ask_deferred(draw: Draw, town: Town) -> Sent:
    issuer, record = town.house.issuer, example("posted-worker-fr-de")
    issuer.expect(ISSUER, "expected", holder_of(record), ["pda1"])
    form = {
        "grant_type": GRANT,
        "pre-authorized_code": code_of(issuer.offer(ISSUER, "expected", ["pda1"]).offer_uri),
    }
    token = town.transport.post_form(f"/issuer/{ISSUER}/token", form).json()["access_token"]
    headers = {"content-type": JSON, "authorization": f"Bearer {token}"}
    request = {"credential_configuration_id": "pda1", "proofs": {"jwt": [town.proof(HOLDER)]}}
    waiting = town.transport.post_json(f"/issuer/{ISSUER}/credential", request, headers=headers).json()
    content = {"transaction_id": waiting["transaction_id"]}
    return _perhaps_encrypted(draw, town, "deferred", content, headers)


def _perhaps_encrypted(
    draw: Draw, town: Town, endpoint: str, request: dict[str, Any], headers: dict[str, str]
) -> Sent:
    """Return a request with spoilt content, in clear or encrypted; perhaps the encryption is spoilt as well."""
    path = f"/issuer/{ISSUER}/{endpoint}"
    (key,) = town.house.issuer.encryption.for_requests(ISSUER).jwks.keys
    if draw(st.booleans()):
        return Sent("POST", path, body=draw(spoilt_json(request)), headers=headers)
    request["credential_response_encryption"] = {"jwk": dict(key), "enc": "A128GCM"}
    text = jwe.encrypt(draw(spoilt_json(request)), dict(key), enc="A256GCM", apu=None, apv=None)
    if draw(st.booleans()):
        text = draw(spoilt_jwe(text))
    return Sent("POST", path, body=text.encode(errors="replace"), headers={**headers, "content-type": JWT})


def notify(draw: Draw, town: Town) -> Sent:
    headers = _bearer(town)
    request = {"credential_configuration_id": "pda1", "proofs": {"jwt": [town.proof(HOLDER)]}}
    answer = town.transport.post_json(f"/issuer/{ISSUER}/credential", request, headers=headers).json()
    message = {
        "notification_id": answer["notification_id"],
        "event": "credential_accepted",
        "event_description": "x",
    }
    return Sent("POST", f"/issuer/{ISSUER}/notification", body=draw(spoilt_json(message)), headers=headers)


def fetch_offer(draw: Draw, town: Town) -> Sent:
    uri = parse_qs(urlsplit(town.offer(by_reference=True).offer_uri).query)["credential_offer_uri"][0]
    reference = draw(spoilt_text(uri.rpartition("/")[2]))
    return Sent("GET", f"/issuer/{ISSUER}/offers/{quoted(reference)}")


def fetch_status_list(draw: Draw, town: Town) -> Sent:
    known = town.house.issuer.credentials(ISSUER)[0].list_id
    list_id = draw(st.one_of(st.just(known), spoilt_text(known)))
    query = draw(st.sampled_from(("", "time=1", "time=x&time=y", "Time=1", "%74ime=1")))
    etag = draw(st.sampled_from(('"x"', "*", 'W/"x", "y"', "\xff")))
    return Sent("GET", f"/status/{quoted(list_id)}", query=query, headers={"if-none-match": etag})


def fetch_type(draw: Draw, town: Town) -> Sent:
    vct = draw(st.one_of(st.just("urn:eudi:pda1:1"), spoilt_text("urn:eudi:pda1:1")))
    return Sent("GET", f"/types/{quoted(vct)}")


def fetch_metadata(draw: Draw, town: Town) -> Sent:
    accept = draw(st.one_of(st.just("application/jwt"), st.sampled_from((",", ";", "*/*;q=x", "a" * 9000))))
    return Sent("GET", f"/.well-known/openid-credential-issuer/issuer/{ISSUER}", headers={"accept": accept})


def add_record(draw: Draw, town: Town) -> Sent:
    name = draw(st.sampled_from(("posted-worker-fr-de", "insured-traveller", "pid-posted-worker")))
    record = record_to_json(example(name))
    return _managed(f"/issuer/{ISSUER}/management/records", draw(spoilt_json(record)))


def create_offer(draw: Draw, town: Town) -> Sent:
    record_id = town.record()
    members = {"record_id": record_id, "configuration_ids": ["pda1"], "tx_code": True, "by_reference": False}
    return _managed(f"/issuer/{ISSUER}/management/offers", draw(spoilt_json(members)))


def withdraw(draw: Draw, town: Town) -> Sent:
    members = {"id": town.record(), "reason": "fraud"}
    return _managed(f"/issuer/{ISSUER}/management/withdrawals", draw(spoilt_json(members)))


def fetch_request(draw: Draw, town: Town) -> Sent:
    path = path_of(town.ask().request_uri)
    metadata = draw(spoilt_json({"vp_formats_supported": {"dc+sd-jwt": {}}, "jwks": {"keys": []}}))
    form = {"wallet_nonce": draw(texts), "wallet_metadata": metadata.decode("utf-8", "surrogateescape")}
    return Sent("POST", path, body=draw(spoilt_form(form)), headers={"content-type": FORM})


def answer_request(draw: Draw, town: Town) -> Sent:
    preview = town.house.wallet.preview(town.ask().link)
    headers = {"content-type": FORM}
    path = path_of(preview.request.request.response_uri)
    if draw(st.integers(0, 4)) == 0:
        form: dict[str, Any] = {"error": draw(texts), "state": preview.request.request.state, "response": "x"}
        return Sent("POST", path, body=draw(spoilt_form(form)), headers=headers)
    text = _encrypted(draw, draw(_answer(preview, town)), preview)
    spoilt = draw(st.one_of(st.just(text), st.just(text), spoilt_jwe(text)))
    body = draw(st.one_of(st.just(f"response={quoted(spoilt)}".encode()), spoilt_form({"response": spoilt})))
    return Sent("POST", path, body=body, headers=headers)


@st.composite
def _answer(draw: Draw, preview: Preview, town: Town) -> bytes:
    issuer = town.house.key_ring.signer(ISSUER, KeyPurpose.CREDENTIAL)
    vp_token = bind_answer(preview, means=town.house.wallet.means)
    payload: dict[str, Any] = {"vp_token": vp_token, "state": preview.request.request.state}
    if draw(st.booleans()):
        payload["vp_token"] = {
            query_id: [draw(spoilt_sd_jwt(each, issuer, HOLDER)) for each in presented]
            for query_id, presented in vp_token.items()
        }
        return draw(spoilt_json(payload)) if draw(st.booleans()) else _plain(payload)
    return bytes(draw(spoilt_json(payload)))


def _plain(payload: Any) -> bytes:
    return json.dumps(payload).encode()


@st.composite
def spoilt_jwe(draw: Draw, seed: str) -> str:
    """Return a compact JWE near ``seed``: its header, a segment or a few characters spoilt."""
    segments = seed.split(".")
    place = draw(st.integers(0, 4))
    if place == 0:
        segments[0] = base64url.encode(draw(spoilt_json(json.loads(base64url.decode(segments[0], what="seed")))))
    elif draw(st.booleans()):
        segments[place] = base64url.encode(draw(st.binary(max_size=40)))
    else:
        return str(draw(spoilt_text(seed)))
    return ".".join(segments)


def _encrypted(draw: Draw, plaintext: bytes, preview: Preview) -> str:
    enc = draw(st.sampled_from(("A128GCM", "A256GCM")))
    return jwe.encrypt(plaintext, preview.request.encryption_jwk, enc=enc, apu=None, apv=None)


def create_request(draw: Draw, town: Town) -> Sent:
    own = {"dcql_query": preset("inspector-quick").query, "status_required": True, "same_holder": False}
    named = {"preset": "inspector-quick", "on_date": "2026-11-22", "return_uri": "http://127.0.0.1:8700/done"}
    body = draw(spoilt_json(draw(st.sampled_from((own, named)))))
    return _managed(f"/verifier/{INSPECTION}/management/requests", body)


def read_result(draw: Draw, town: Town) -> Sent:
    asked = town.ask()
    secret = draw(st.one_of(st.just(asked.session_secret), st.just("x"), st.just("\xff")))
    path = f"/verifier/{INSPECTION}/management/results/{asked.transaction_id}"
    query = f"response_code={quoted(draw(texts))}"
    return Sent("GET", path, query=query, headers={"authorization": f"Bearer {secret}"})


def act_on_tour(name: str) -> Near:
    """Return requests for one act of the tour, by a visitor who has come any part of the way."""

    def act(draw: Draw, town: Town) -> Sent:
        form = spoilt_form({"tx_code": "123456", "answer": "share"})
        headers = {"content-type": FORM, "sec-fetch-site": "same-origin", "cookie": _cookie(draw, town)}
        return Sent("POST", f"/tour/a1/{name}", body=draw(form), headers=headers)

    return act


def see_tour(name: str) -> Near:
    """Return requests for one page of the tour."""

    def see(draw: Draw, town: Town) -> Sent:
        query = draw(st.sampled_from(("", "lang=fr", "lang=xx", "lang=%ff", "lang")))
        accept = draw(st.sampled_from(("text/html", "application/json")))
        return Sent(
            "GET", f"/tour/a1/{name}", query=query, headers={"accept": accept, "cookie": _cookie(draw, town)}
        )

    return see


def _cookie(draw: Draw, town: Town) -> str:
    stage = draw(st.sampled_from(town.tour_stages))
    match draw(st.sampled_from(("sound", "sound", "content", "text"))):
        case "content":
            progress = json.loads(base64url.decode(stage, what="cookie"))
            return f"{TOUR_COOKIE}={base64url.encode(draw(spoilt_json(progress)))}"
        case "text":
            spoilt = draw(spoilt_text(stage)).encode("latin-1", "replace").decode("latin-1")
            return f"{TOUR_COOKIE}={spoilt}"
        case _:
            return f"{TOUR_COOKIE}={stage}"


def _managed(path: str, body: bytes) -> Sent:
    return Sent("POST", path, body=body, headers={"content-type": JSON})


def _bearer(town: Town) -> dict[str, str]:
    return {"content-type": JSON, "authorization": f"Bearer {town.token()}"}


NEAR: Final[Mapping[tuple[str, str], Near]] = {
    ("POST", "/issuer/{institution}/token"): redeem,
    ("POST", "/issuer/{institution}/nonce"): ask_nonce,
    ("POST", "/issuer/{institution}/credential"): ask_credential,
    ("POST", "/issuer/{institution}/deferred"): ask_deferred,
    ("POST", "/issuer/{institution}/notification"): notify,
    ("GET", "/issuer/{institution}/offers/{reference}"): fetch_offer,
    ("GET", "/status/{list_id}"): fetch_status_list,
    ("GET", "/types/{vct}"): fetch_type,
    ("GET", "/.well-known/openid-credential-issuer/issuer/{institution}"): fetch_metadata,
    ("POST", "/issuer/{institution}/management/records"): add_record,
    ("POST", "/issuer/{institution}/management/offers"): create_offer,
    ("POST", "/issuer/{institution}/management/withdrawals"): withdraw,
    ("POST", "/verifier/{institution}/requests/{request_id}"): fetch_request,
    ("POST", "/verifier/{institution}/responses/{request_id}"): answer_request,
    ("POST", "/verifier/{institution}/management/requests"): create_request,
    ("GET", "/verifier/{institution}/management/results/{transaction_id}"): read_result,
    **{("POST", f"/tour/{{attestation}}/{name}"): act_on_tour(name) for name in TOUR_ACTS},
    **{
        ("GET", f"/tour/{{attestation}}/{name}"): see_tour(name)
        for name in ("offer", "wallet", "request", "consent", "report", "withdrawal", "refusal")
    },
}
