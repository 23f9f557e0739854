"""How a question travels: in clear or encrypted, under which name, with which papers, through the browser."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from portadoc import base64url
from portadoc.errors import Misconfigured, Refused, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.jwe import encrypt, new_encryption_key
from portadoc.formats.jws import unverified_claims
from portadoc.formats.openid4vp.digital_credentials import parse_browser_request, verify_browser_request
from portadoc.formats.openid4vp.registration_certificate import (
    RegisteredCredential,
    Registration,
    make_registration_certificate,
)
from portadoc.formats.openid4vp.request_object import ResponseMode
from portadoc.formats.openid4vp.transaction_data import INSPECTION, make_transaction_data
from portadoc.formats.openid4vp.unsigned_request import UnsafeUnsignedRequest, read_unsigned_request
from portadoc.formats.openid4vp.verifier_attestation import make_verifier_attestation
from portadoc.formats.sd_jwt import bind
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import certificate_key, parse_certificate
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.verification.presets.presets import Preset, preset
from portadoc.verifier.asking import Asked
from portadoc.verifier.requests import Channel, Phase
from portadoc.verifier.settings import InstitutionSettings

A1 = "urn:eudi:pda1:1"
CLEAR = ResponseMode.DIRECT_POST


def asking(**changes: Any) -> tuple[InstitutionSettings, ...]:
    values = {
        "slug": "de-inspection",
        "institution_id": "DE:TEST90",
        "names": {"en": "Test inspection"},
        "registered_types": (A1, "urn:eudi:pid:1", "urn:eudi:ehic:1", "eu.we-build.pda1.1"),
        **changes,
    }
    return (InstitutionSettings(**values),)


def refused(response: Any, code: str, status: int = 400) -> None:
    assert response.status == status
    assert response.json() == {"error": "invalid_request", "error_description": code}


# --- direct_post in clear


def clear_answer(session: Any, token: Any = None, **changes: Any) -> Any:
    payload = session.payload()
    form = {
        "vp_token": strict_json.dumps(token or payload["vp_token"]).decode(),
        "state": payload["state"],
        **changes,
    }
    return session.post({name: value for name, value in form.items() if value is not None})


def test_an_answer_in_clear_is_taken_where_one_was_asked_for(world: Any) -> None:
    session = world.ask(response_mode=CLEAR)
    assert session.request["response_mode"] == "direct_post"
    assert session.request["client_metadata"].keys() == {"vp_formats_supported"}
    assert clear_answer(session).status == 200
    assert session.code == "accepted"


def test_g02_v50_an_answer_in_clear_needs_the_state_of_its_session(world: Any) -> None:
    session, other = world.ask(response_mode=CLEAR), world.ask(response_mode=CLEAR)
    for state in (None, "x", other.request["state"]):
        refused(clear_answer(session, state=state), "state_mismatch")
    assert session.view().phase is Phase.OPEN


def test_v51_an_answer_in_clear_is_read_as_strictly(world: Any) -> None:
    session = world.ask(response_mode=CLEAR)
    state = session.request["state"]
    for token, code in (("{", "json_malformed"), ('{"a1":[],"a1":[]}', "json_malformed")):
        refused(session.post({"vp_token": token, "state": state}), code)
    assert session.view().phase is Phase.OPEN
    refused(clear_answer(session, token=["x"]), "message_invalid")
    refused(clear_answer(session), "request_answered")


def test_g05_v54_a_session_answers_in_the_form_that_was_asked_for(world: Any) -> None:
    encrypted, clear = world.ask(), world.ask(response_mode=CLEAR)
    refused(clear_answer(encrypted), "response_not_encrypted")
    stranger = new_encryption_key(system_random_bytes).public_jwk
    refused(clear.post({"response": clear.encrypted(clear.payload(), stranger)}), "response_mode_mismatch")
    assert (encrypted.view().phase, clear.view().phase) == (Phase.OPEN, Phase.OPEN)


def test_v54_an_encrypted_answer_may_not_be_compressed_or_name_another_key(world: Any) -> None:
    session, other = world.ask(), world.ask()
    good = session.encrypted(session.payload())
    header, rest = good.split(".", 1)
    for change in ({"zip": "DEF"}, {"kid": "x"}, {"kid": other.encryption_jwk["kid"]}, {"enc": "A128CBC-HS256"}):
        spoilt = {**strict_json.loads_object(base64url.decode(header, what="header"), what="header"), **change}
        text = f"{base64url.encode(strict_json.dumps(spoilt))}.{rest}"
        refused(session.post({"response": text}), "encryption_invalid")
    assert session.view().phase is Phase.OPEN


@pytest.mark.parametrize("profile", ["haip-1.0", "eudi-2026"])
def test_an_answer_in_clear_is_no_choice_under_a_profile_of_high_assurance(make_world: Any, profile: str) -> None:
    with pytest.raises(ValueError, match="response_mode"):
        make_world(profile=profile, response_mode="direct_post")
    with pytest.raises(ValueError, match="client_id_prefix"):
        make_world(profile=profile, institutions=asking(client_id_prefix="x509_san_dns"))
    world = make_world(profile=profile)
    with pytest.raises(Refused) as refusal:
        world.ask(response_mode=CLEAR)
    assert refusal.value.code == "response_mode_refused"
    body = {"preset": "inspector-quick", "response_mode": "direct_post"}
    response = world.http.post_json(f"/verifier/{world.SLUG}/management/requests", body)
    assert (response.status, response.json()["code"]) == (422, "response_mode_refused")


def test_a_mode_of_the_browser_is_none_for_a_system(world: Any) -> None:
    with pytest.raises(Refused):
        world.ask(response_mode=ResponseMode.DC_API)
    with pytest.raises(Refused):
        world.ask(channel=Channel.BROWSER, response_mode=CLEAR)


# --- who asks


def test_an_unsigned_request_says_all_in_its_link_and_warns(make_world: Any) -> None:
    world = make_world(institutions=asking(client_id_prefix="redirect_uri"))
    with pytest.warns(UserWarning, match=UnsafeUnsignedRequest.__name__):
        created = world.verifier.create_request(world.SLUG, preset("inspector-quick"))
    parameters = {name: values[0] for name, values in parse_qs(urlsplit(created.link).query).items()}
    asked = read_unsigned_request(parameters)
    assert asked.client_id == f"redirect_uri:{asked.response_uri}"
    assert world.http.get(created.request_uri).status == 404  # nothing is signed
    presentation = bind(
        world.credential(), audience=asked.client_id, nonce=asked.nonce, now=world.NOW, signer=world.holder
    )
    payload = {"vp_token": {"a1": [presentation]}, "state": asked.state}
    (key,) = asked.client_metadata["jwks"]["keys"]
    text = encrypt(strict_json.dumps(payload), key, enc="A128GCM", apu=None, apv=None)
    assert world.http.post_form(asked.response_uri, {"response": text}).status == 200


def test_an_unsigned_request_is_for_development_only(make_world: Any) -> None:
    with pytest.raises(ValueError, match="redirect_uri is for development only"):
        make_world(
            institutions=asking(client_id_prefix="redirect_uri"),
            base_url="https://verifier.example",
            mode="production",
        )


def test_a_name_that_the_certificate_does_not_bear_stops_the_start(make_world: Any) -> None:
    with pytest.raises(Misconfigured) as fault:
        make_world(institutions=asking(client_id_prefix="x509_san_dns"), base_url="https://verifier.example")
    assert fault.value.code == "client_id_unfit"


def attestation(world: Any, tmp_path: Path, *, of: str = "de-inspection", exp: int | None = None) -> str:
    text = make_verifier_attestation(
        issuer="https://attester.example",
        subject="inspection.example",
        verifier_jwk=dict(world.signer(of, KeyPurpose.REQUEST).public_jwk),
        iat=world.NOW - 60,
        exp=exp or world.NOW + 86_400,
        signer=world.signer("fr-demo"),
    )
    file = tmp_path / "attestation.jwt"
    file.write_text(f"{text}\n", encoding="ascii")
    return str(file)


def test_a_verifier_with_an_attestation_names_itself_by_it(world: Any, make_world: Any, tmp_path: Path) -> None:
    papers = asking(client_id_prefix="verifier_attestation", verifier_attestation=attestation(world, tmp_path))
    session = make_world(institutions=papers).ask()
    assert session.request["client_id"] == "verifier_attestation:inspection.example"
    assert session.answer().status == 200


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"of": "de-other"}, "key_mismatch"), ({"exp": 1}, "expired")],
    ids=["another key", "expired"],
)
def test_an_attestation_that_does_not_hold_stops_the_start(
    world: Any, make_world: Any, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    file = attestation(world, tmp_path, **change)
    with pytest.raises(Misconfigured) as fault:
        make_world(institutions=asking(client_id_prefix="verifier_attestation", verifier_attestation=file))
    assert fault.value.code == "paper_unusable"
    assert fault.value.params["reason"] in (reason, "lifetime")
    with pytest.raises(Misconfigured):
        make_world(institutions=asking(client_id_prefix="verifier_attestation"))


# --- the registration certificate


def registration(world: Any, tmp_path: Path, **changes: Any) -> str:
    values: dict[str, Any] = {
        "sub": "DE:TEST90",
        "name": "Test inspection",
        "country": "DE",
        "registry_uri": "https://registry.example",
        "entitlements": ("https://uri.etsi.org/19475/Entitlement/Service_Provider",),
        "credentials": (RegisteredCredential("dc+sd-jwt", (A1,), (("legislation_country",), ("employer",))),),
        "purposes": {"en": "Labour inspection"},
        "issued_at": world.NOW - 86_400,
        "expires_at": world.NOW + 86_400,
        **changes,
    }
    file = tmp_path / "registration.jwt"
    text = make_registration_certificate(Registration(**values), signer=world.signer("fr-demo"))
    file.write_text(text, encoding="ascii")
    return str(file)


def asking_for(*paths: list[str], vct: str = A1) -> Preset:
    claims = [{"path": path} for path in paths]
    credential = {"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, "claims": claims}
    return Preset(id="test", query={"credentials": [credential]})


def test_a_request_carries_the_registration_certificate(world: Any, make_world: Any, tmp_path: Path) -> None:
    file = registration(world, tmp_path)
    session = make_world(institutions=asking(registration_certificate=file)).ask(asking_for(["employer", "name"]))
    (entry,) = session.request["verifier_info"]
    assert entry == {"format": "registration_cert", "data": Path(file).read_text(encoding="ascii")}


@pytest.mark.parametrize(
    "question",
    [asking_for(["employer"], ["document_number"]), asking_for(["employer"], vct="urn:eudi:ehic:1")],
    ids=["a claim", "a type"],
)
def test_g19_asking_for_more_than_is_registered_is_refused_at_creation(
    world: Any, make_world: Any, tmp_path: Path, question: Preset
) -> None:
    bound = make_world(institutions=asking(registration_certificate=registration(world, tmp_path)))
    with pytest.raises(Refused) as refusal:
        bound.ask(question)
    assert refusal.value.code == "query_not_registered"
    path = f"/verifier/{world.SLUG}/management/requests"
    assert bound.http.post_json(path, {"dcql_query": question.query}).status == 403


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sub": "DE:TEST91"}, "institution_mismatch"),
        ({"issued_at": 1, "expires_at": 2}, "expired"),
    ],
    ids=["another's", "expired"],
)
def test_a_registration_certificate_that_does_not_hold_stops_the_start(
    world: Any, make_world: Any, tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    file = registration(world, tmp_path, **changes)
    with pytest.raises(Misconfigured) as fault:
        make_world(institutions=asking(registration_certificate=file))
    assert (fault.value.code, fault.value.params["reason"]) == ("paper_unusable", reason)
    Path(file).write_text("no token", encoding="ascii")
    with pytest.raises(Misconfigured):
        make_world(institutions=asking(registration_certificate=file))
    with pytest.raises(Misconfigured) as fault:
        make_world(institutions=asking(registration_certificate=str(tmp_path / "absent")))
    assert fault.value.params["reason"] == "unreadable"


# --- transaction data


def acknowledgement(credential_id: str = "a1") -> str:
    details = {"site": "Hamburg", "verifier": "Test inspection", "purpose": "Test of transaction data"}
    return make_transaction_data(INSPECTION, details, credential_id=credential_id)


def test_a_transaction_is_acknowledged_with_the_holders_signature(world: Any) -> None:
    text = acknowledgement()
    session = world.ask(transaction_data=(text,))
    assert session.request["transaction_data"] == [text]
    assert session.answer(session.present(transaction_data=(text,))).status == 200
    assert session.code == "accepted"


def test_v57_a_transaction_that_is_not_acknowledged_or_never_was_asked_for_is_refused(world: Any) -> None:
    asked, unasked = world.ask(transaction_data=(acknowledgement(),)), world.ask()
    refused(asked.answer(), "kb_invalid")
    assert asked.code == "kb_invalid.txdata"
    refused(unasked.answer(unasked.present(transaction_data=(acknowledgement(),))), "kb_invalid")
    other = world.ask(transaction_data=(acknowledgement(),))
    changed = acknowledgement().replace(acknowledgement()[10:14], "AAAA")
    refused(other.answer(other.present(transaction_data=(changed,))), "kb_invalid")


def test_g10_a_transaction_whose_credential_is_not_presented_is_refused(world: Any) -> None:
    session = world.ask(several(), transaction_data=(acknowledgement(),))
    refused(session.answer("x", vp_token={"other": [session.present()]}), "transaction_data_invalid")
    assert session.code == "transaction_data_invalid.credential_not_presented"


def test_a_transaction_of_an_unknown_kind_cannot_be_asked_for(world: Any) -> None:
    with pytest.raises(Untrusted):
        world.ask(transaction_data=("e30",))
    path = f"/verifier/{world.SLUG}/management/requests"
    good = {"type": INSPECTION, "credential_id": "a1"}
    details = {"site": "Hamburg", "verifier": "Test", "purpose": "Test"}
    for items, status in (
        ([{**good, "details": details}], 201),
        ([{**good, "details": {}}], 422),
        ([{**good, "details": "x"}], 422),
        ([{**good, "credential_id": "other", "details": details}], 422),
        ("x", 422),
    ):
        body = {"preset": "inspector-quick", "transaction_data": items}
        assert world.http.post_json(path, body).status == status, items


def test_the_work_in_question_can_be_asked_about(world: Any) -> None:
    path = f"/verifier/{world.SLUG}/management/requests"
    work = {"state": "DE", "employers": ["x"], "first": "2026-11-01", "last": "2026-11-30"}
    assert world.http.post_json(path, {"preset": "inspector-quick", "work": work}).status == 201
    for wrong in ("x", {"employers": "x"}, {"first": "soon"}, {"other": 1}):
        assert world.http.post_json(path, {"preset": "inspector-quick", "work": wrong}).status == 422


# --- several credentials for one query


def several(**members: Any) -> Preset:
    claims = [{"path": ["legislation_country"]}]
    credential = {"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": [A1]}, "claims": claims, **members}
    return Preset(id="several", query={"credentials": [credential]})


def test_v51_g01_several_credentials_come_where_several_may_and_each_counts_once(world: Any) -> None:
    one, other = world.credential(), world.credential(claims=world.claims(document_number="TEST-OTHER"))
    session = world.ask(several(multiple=True))
    texts = [session.present(one), session.present(one), session.present(other)]
    assert session.answer("x", vp_token={"a1": texts}).status == 200
    assert len(session.view().result.presentations) == 2
    assert len(unverified_claims(session.view().receipt)["credentials"]) == 2


def test_v51_a_bent_signature_makes_no_second_credential(world: Any) -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    credential = world.credential()
    jwt, _, rest = credential.partition("~")
    head, _, signature = jwt.rpartition(".")
    raw = base64url.decode(signature, what="signature")
    bent = raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32)
    twin = f"{head}.{base64url.encode(bent)}~{rest}"
    session = world.ask(several(multiple=True))
    assert session.answer("x", vp_token={"a1": [session.present(credential), session.present(twin)]}).status == 200
    assert len(session.view().result.presentations) == 1


# --- whom the question trusts

LIST = "https://lists.example/pub-eaa"


@pytest.mark.parametrize("asked", [LIST, "https://lists.example/other"])
def test_g09_a_trusted_list_that_was_not_asked_for_does_not_satisfy(world: Any, asked: str) -> None:
    trust = world.keys.trust
    listed = tuple(replace(each, trust_list=LIST) for each in trust.anchors)
    twin = world.another_process(trust=TrustStore((*trust.anchors, *listed), trust.authorisations))
    authorities = [{"type": "etsi_tl", "values": [asked]}]
    session = world.ask(several(trusted_authorities=authorities))
    form = {"response": session.encrypted(session.payload())}
    found = twin.receive_response(world.SLUG, session.created.request_uri.rpartition("/")[2], form).result
    code = found.problem.full_code if found.problem else "accepted"
    assert code == ("accepted" if asked == LIST else "issuer_untrusted.authority_not_asked_for")


# --- the Digital Credentials API


class BrowserSession:
    """A page that asks through its browser's own interface."""

    def __init__(self, world: Any, **asked: Any) -> None:
        self.world = world
        self.created = world.verifier.create_request(
            world.SLUG, preset("inspector-quick"), asked=Asked(channel=Channel.BROWSER, **asked)
        )
        self.path = f"/verifier/{world.SLUG}/sessions/{self.created.transaction_id}"
        self.headers = {
            "cookie": f"portadoc-session={self.created.session_secret}",
            "sec-fetch-site": "same-origin",
        }

    @property
    def requests(self) -> dict[str, Any]:
        told = self.world.http.get(f"{self.path}/requests", headers=self.headers).json()
        return {each["protocol"]: each["data"] for each in told["requests"]}

    @property
    def asked(self) -> dict[str, Any]:
        return dict(self.requests["openid4vp-v1-unsigned"])

    def data(self, **changes: Any) -> dict[str, Any]:
        asked = self.asked
        values = {
            "audience": f"origin:{self.world.BASE_URL}",
            "nonce": asked["nonce"],
            "now": self.world.NOW,
            "signer": self.world.holder,
            **changes,
        }
        token = {"a1": [bind(self.world.credential(), **values)]}
        if asked["response_mode"] == "dc_api":
            return {"vp_token": token}
        (key,) = asked["client_metadata"]["jwks"]["keys"]
        text = encrypt(strict_json.dumps({"vp_token": token}), key, enc="A128GCM", apu=None, apv=None)
        return {"response": text}

    def answer(self, data: Any = None, **headers: str) -> Any:
        body = {"protocol": "openid4vp-v1-unsigned", "data": self.data() if data is None else data}
        return self.world.http.post_json(f"{self.path}/answers", body, headers={**self.headers, **headers})

    @property
    def code(self) -> str | None:
        result = self.world.verifier.session(
            self.world.SLUG, self.created.transaction_id, self.created.session_secret
        ).result
        assert result is not None
        return result.problem.full_code if result.problem else "accepted"


@pytest.mark.parametrize("mode", [ResponseMode.DC_API, ResponseMode.DC_API_JWT])
def test_a_page_asks_through_its_browser_and_takes_the_answer(world: Any, mode: ResponseMode) -> None:
    page = BrowserSession(world, response_mode=mode)
    assert page.created.link == ""
    assert not page.asked.keys() & {"state", "response_uri", "client_id", "expected_origins"}
    response = page.answer()
    assert (response.status, response.json()) == (200, {})
    assert page.code == "accepted"
    refused(page.answer({"error": "access_denied"}), "request_answered")
    assert page.world.http.get(f"{page.path}/requests", headers=page.headers).status == 409


def test_v59_a_signed_request_names_the_pages_it_may_come_from(world: Any) -> None:
    page = BrowserSession(world)
    data = page.requests["openid4vp-v1-signed"]
    (unverified,) = parse_browser_request("openid4vp-v1-signed", data, allowed_algs=ALL_ALGORITHMS)
    key = certificate_key(parse_certificate(unverified.unverified_chain[0]))
    asked = verify_browser_request(unverified, key=key, origin=world.BASE_URL, now=world.NOW, skew_s=0)
    assert asked.claims["expected_origins"] == [world.BASE_URL]
    assert asked.client_id.startswith("x509_hash:")
    with pytest.raises(Untrusted) as refusal:
        verify_browser_request(unverified, key=key, origin="https://evil.example", now=world.NOW, skew_s=0)
    assert refusal.value.params["reason"] == "origin_mismatch"


@pytest.mark.parametrize(
    "audience", ["origin:https://evil.example", "http://127.0.0.1:8700", "x509_hash:x", "origin:"]
)
def test_v59_a_presentation_that_is_not_bound_to_the_page_is_refused(world: Any, audience: str) -> None:
    page = BrowserSession(world)
    refused(page.answer(page.data(audience=audience)), "kb_invalid")
    assert page.code == "kb_invalid.aud"


def test_v59_a_presentation_for_a_page_is_none_for_the_response_address(world: Any) -> None:
    session = world.ask()
    refused(session.answer(session.present(audience=f"origin:{world.BASE_URL}")), "kb_invalid")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, "browser_answer_invalid"),
        ({"vp_token": {"a1": ["x"]}}, "browser_answer_invalid"),
        ({"response": "x", "vp_token": {}}, "browser_answer_invalid"),
        ({"response": "x"}, "encryption_invalid"),
    ],
)
def test_v54_g05_an_answer_of_the_browser_in_another_form_leaves_the_request_open(
    world: Any, data: Any, code: str
) -> None:
    page = BrowserSession(world)
    refused(page.answer(data), code)
    assert page.answer().status == 200


def test_v57_a_wallet_that_declines_in_the_browser_is_heard(world: Any) -> None:
    page = BrowserSession(world)
    assert page.answer({"error": "access_denied"}).status == 200
    assert page.code == "wallet_refused"


def test_g12_g13_an_answer_comes_from_the_browser_that_asked_and_from_our_page(world: Any) -> None:
    page, other = BrowserSession(world), BrowserSession(world)
    stolen = {"cookie": other.headers["cookie"]}
    assert page.answer(**stolen).status == 400
    assert page.answer(**{"sec-fetch-site": "cross-site"}).status == 403
    for body in ({"protocol": "x", "data": {}}, {"data": {}}, {"protocol": "openid4vp-v1-signed", "data": "x"}):
        response = world.http.post_json(f"{page.path}/answers", body, headers=page.headers)
        assert response.status == 400
    assert page.answer().status == 200


def test_v58_a_session_of_a_browser_has_no_address_for_wallets_to_post_to(world: Any) -> None:
    page = BrowserSession(world)
    assert world.http.get(page.created.request_uri).status == 404
    uri = page.created.request_uri.replace("/requests/", "/responses/")
    refused(world.http.post_form(uri, {"error": "access_denied"}), "request_unknown")
    posted = world.ask()
    path = f"/verifier/{world.SLUG}/sessions/{posted.created.transaction_id}/requests"
    cookie = {"cookie": f"portadoc-session={posted.created.session_secret}", "sec-fetch-site": "same-origin"}
    assert world.http.get(path, headers=cookie).status == 403


def test_v58_nothing_at_the_response_address_is_a_redirect(world: Any) -> None:
    session = world.ask()
    uri = session.request["response_uri"]
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert world.http.request(method, uri).status == 405
    assert world.http.post_form(f"{uri}/", {}).status == 404
    body = urlencode({"response": "x"}).encode()
    assert world.http.request("POST", uri, headers={"content-type": "text/plain"}, body=body).status == 415
