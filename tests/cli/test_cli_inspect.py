"""``portadoc inspect``: what each kind of thing is told to be, what is wrong with it, what is never shown."""

import base64
import json
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from portadoc.formats import jws
from portadoc.formats.cose import cose_sign1
from portadoc.formats.headers import signing_header
from portadoc.formats.jwe import encrypt, new_encryption_key
from portadoc.formats.key_proof import make_key_proof
from portadoc.formats.openid4vp.client_identifier import ClientIdentifier, ClientIdPrefix, x509_hash_identifier
from portadoc.formats.openid4vp.registration_certificate import Registration, make_registration_certificate
from portadoc.formats.openid4vp.request_object import PresentationRequest, ResponseMode, make_request_object
from portadoc.formats.openid4vp.verifier_attestation import make_verifier_attestation
from portadoc.formats.status_list.claims import StatusListTerms
from portadoc.formats.status_list.cwt_form import sign_status_list_cwt
from portadoc.formats.status_list.statuses import StatusList
from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord, make_withdrawal_list
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.private_jwk import new_private_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.type_metadata import type_metadata

ISSUER = "https://issuer.example/issuer/fr-demo"
QUERY = {
    "credentials": [
        {
            "id": "a1",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": ["urn:eudi:pda1:1"]},
            "claims": [{"path": ["employer", "name"]}],
        }
    ]
}
OFFER = {
    "credential_issuer": ISSUER,
    "credential_configuration_ids": ["pda1"],
    "grants": {
        "urn:ietf:params:oauth:grant-type:pre-authorized_code": {
            "pre-authorized_code": "code",
            "tx_code": {"length": 6, "input_mode": "numeric"},
        }
    },
}
ISSUER_METADATA = {
    "credential_issuer": ISSUER,
    "credential_endpoint": f"{ISSUER}/credential",
    "nonce_endpoint": f"{ISSUER}/nonce",
    "credential_configurations_supported": {
        "pda1": {"format": "dc+sd-jwt", "vct": "urn:eudi:pda1:1", "scope": "pda1"}
    },
}


@pytest.fixture
def inspected(run: Any, desk: Any) -> Any:
    """Inspect something given by standard input, at the desk's time, and return the tree."""

    def call(thing: Any) -> Any:
        text = thing if isinstance(thing, str | bytes) else json.dumps(thing)
        result = run("inspect", "-", "--json", "--at", desk.NOW, stdin=text)
        assert result.exit_code == 0, result.stderr
        tree = json.loads(result.stdout)
        assert tree["verified"] is False
        return tree

    return call


def codes(tree: Any, *severities: str) -> list[str]:
    """Return the codes of all findings of a tree, with the old name where one is told."""
    found = [
        each["code"] + (f":{each['params']['old']}" if each["code"] == "old_shape" else "")
        for each in tree["findings"]
        if not severities or each["severity"] in severities
    ]
    return found + [code for part in tree["parts"].values() for code in codes(part, *severities)]


def said(tree: Any) -> list[str]:
    return [each["code"] for each in tree["said"]]


def bad(tree: Any) -> list[str]:
    return codes(tree, "fault", "warning")


def link(scheme: str, **parameters: str) -> str:
    return f"{scheme}://?{urlencode(parameters)}"


def request_object(
    desk: Any,
    *,
    client: ClientIdentifier | None = None,
    verifier_attestation: str | None = None,
    **changes: Any,
) -> str:
    key = new_encryption_key(system_random_bytes)
    values: dict[str, Any] = {
        "response_uri": "https://verifier.example/responses/1",
        "nonce": "nonce",
        "state": "state",
        "dcql_query": QUERY,
        "client_metadata": {"jwks": {"keys": [key.public_jwk]}},
        "iat": 1_795_300_000,
        "exp": 4_000_000_000,
        **changes,
    }
    signer = desk.signer(KeyPurpose.REQUEST, "de-inspection")
    return make_request_object(
        PresentationRequest(**values),
        signer=signer,
        wallet_nonce=None,
        client=client,
        verifier_attestation=verifier_attestation,
    )


def test_the_first_words_for_people_are_that_nothing_is_verified(run: Any, desk: Any) -> None:
    result = run("inspect", desk.credential())
    assert (result.exit_code, result.stdout.startswith("UNVERIFIED")) == (0, True)
    assert "place: document_number" in result.stdout
    assert run("inspect", desk.credential(), "--lang", "fr").stdout.startswith("NON VÉRIFIÉ")


def test_the_argument_may_be_text_a_file_or_standard_input(run: Any, desk: Any) -> None:
    text = desk.credential()
    outputs = {
        run("inspect", text).stdout,
        run("inspect", desk.file(text)).stdout,
        run("inspect", "-", stdin=text + "\n").stdout,
    }
    assert len(outputs) == 1


def test_an_sd_jwt_shows_every_disclosure_and_its_place(inspected: Any, desk: Any) -> None:
    paths = (("employer",), ("employer", "name"), ("nationalities", 1), ("document_number",))
    tree = inspected(desk.credential(disclosable=paths, nationalities=["FR", "DE"], exp=4_000_000_000))
    assert tree["kind"] == "sd_jwt"
    shown = {each["place"]: each["value"] for each in tree["content"]["disclosures"]}
    assert set(shown) == {"employer", "employer.name", "nationalities.1", "document_number"}
    assert (shown["nationalities.1"], shown["document_number"]) == ("DE", "A1-FR-2026-0004271")
    assert all(len(each["digest"]) == 43 for each in tree["content"]["disclosures"])
    expected = ["what_sd_jwt", "said_known_type", "said_issuer", "said_bound_to", "said_status"]
    assert [code for code in said(tree) if code in expected] == expected
    assert "signature_fits" in codes(tree)
    assert bad(tree) == []


def test_closed_digests_and_foreign_disclosures_are_told(inspected: Any, desk: Any) -> None:
    text = desk.credential(exp=4_000_000_000)
    signed, _, rest = text.partition("~")
    (sentence,) = (each for each in inspected(f"{signed}~")["said"] if each["code"] == "said_disclosures")
    assert sentence["text"].startswith("0 hidden claims are opened up here; 1 ")
    tree = inspected(f"{signed}~WyJzYWx0IiwibmFtZSIsInZhbHVlIl0~{rest}")
    assert [each["place"] for each in tree["content"]["disclosures"]] == [None, "document_number"]
    assert bad(tree) == ["disclosure_unreferenced"]


def test_a_key_binding_is_shown_and_held_against_the_presentation(inspected: Any, desk: Any) -> None:
    text = desk.presentation()
    part = inspected(text)["parts"]["key binding"]
    assert said(part) == ["what_key_binding", "said_presented_to"]
    assert desk.AUDIENCE in part["said"][1]["text"]
    assert bad(part) == []
    disclosure = text.split("~")[1]
    stripped = inspected(text.replace(f"{disclosure}~", ""))["parts"]["key binding"]
    assert [each["params"]["reason"] for each in stripped["findings"]] == ["sd_hash"]


def test_faults_of_a_credential_are_told_all_at_once(inspected: Any, desk: Any) -> None:
    header = signing_header("vc+sd-jwt", desk.signer(KeyPurpose.CREDENTIAL))
    status = {"type": "TokenStatusList", "purpose": "revocation", "index": 1, "uri": "https://x.example"}
    tree = inspected(
        desk.credential(header=header, exp=1_795_300_000, vct="urn:eu.europa.ec.eudi:pda1:1", status=status)
    )
    assert bad(tree) == [
        "expired",
        "old_shape:vc+sd-jwt",
        "old_shape:urn:eu.europa.ec.eudi:pda1:1",
        "old_shape:status {type, purpose, index, uri}",
    ]
    bent = desk.credential(exp=4_000_000_000, cnf=None, status=None)
    place = bent.index("~") - 9
    tree = inspected(bent[:place] + ("A" if bent[place] != "A" else "B") + bent[place + 1 :])
    assert bad(tree) == ["signature_invalid"]
    assert "said_bound_to_nobody" in said(tree)


def test_a_hash_that_nobody_knows_and_a_layout_that_is_mixed_are_told(inspected: Any, desk: Any) -> None:
    signer = desk.signer(KeyPurpose.CREDENTIAL)
    claims = {**desk.claims(exp=4_000_000_000), "_sd_alg": "md5"}
    text = jws.sign(signing_header("dc+sd-jwt", signer), claims, signer) + "~bm90IGEgZGlzY2xvc3VyZQ~"
    tree = inspected(text)
    assert bad(tree) == ["hash_alg_unsupported"]
    assert tree["content"]["disclosures"][0]["value"] is None
    assert bad(inspected(desk.credential(work_information={}, exp=4_000_000_000))) == ["layout_unknown"]
    noted = codes(inspected(desk.credential(favourite_colour="blue", exp=4_000_000_000)), "note")
    assert "claim_unknown" in noted


def test_an_sd_jwt_without_its_tilde_and_one_with_line_breaks_are_still_shown(inspected: Any, desk: Any) -> None:
    text = desk.credential(exp=4_000_000_000)
    assert bad(inspected(text.partition("~")[0])) == ["malformed_token"]
    assert bad(inspected(f"{text[:500]}\n {text[500:]}")) == ["white_space_inside"]


def test_the_json_form_of_an_sd_jwt_is_understood(inspected: Any, desk: Any) -> None:
    signed, *disclosures, _ = desk.credential(exp=4_000_000_000).split("~")
    protected, payload, signature = signed.split(".")
    form = {
        "payload": payload,
        "protected": protected,
        "signature": signature,
        "header": {"disclosures": disclosures},
    }
    tree = inspected(form)
    assert (tree["kind"], tree["parts"]["signature 1"]["kind"]) == ("sd_jwt_json", "sd_jwt")
    assert codes(tree)[0] == "json_form"
    assert bad(tree) == []


def test_a_status_list_is_counted(inspected: Any, desk: Any) -> None:
    tree = inspected(desk.status_list(3, 9, 12_345, exp=4_000_000_000, iat=1_700_000_000))
    assert tree["kind"] == "status_list_token"
    assert tree["content"]["statuses"] == {"bits": 1, "capacity": 20_000, "not_valid": {"1": 3}}
    assert "lst" not in tree["content"]["payload"]["status_list"]
    assert "said_refresh" in said(tree)


def test_a_withdrawal_list_is_counted_and_read_strictly(inspected: Any, desk: Any) -> None:
    record = WithdrawalRecord(date(2026, 11, 1), WithdrawalCause.REPLACED, recorded_at=desk.NOW - 90)
    signer, times = desk.signer(KeyPurpose.STATUS), {"iat": desk.NOW - 60, "exp": desk.NOW + 60}
    text = make_withdrawal_list({7: record}, uri=f"{ISSUER}/status/1", signer=signer, **times)
    tree = inspected(text)
    assert (tree["kind"], bad(tree)) == ("withdrawal_list", [])
    assert tree["content"]["payload"]["withdrawals"][0]["idx"] == 7
    assert "signature_fits" in codes(tree)
    assert bad(inspected(text[:-6] + "AAAAAA")) == ["withdrawals_invalid"]
    unnamed = jws.sign({"typ": "withdrawals+jwt"}, {"withdrawals": 1}, desk.holder)
    assert bad(inspected(unnamed)) == []


def test_a_status_list_that_is_not_in_order_says_why(inspected: Any, desk: Any) -> None:
    signer = desk.signer(KeyPurpose.STATUS)
    payload = {"sub": "https://x.example/1", "iat": 1_795_300_000, "status_list": {"bits": 3, "lst": "AA"}}
    tree = inspected(jws.sign(signing_header("statuslist+jwt", signer), payload, signer))
    assert bad(tree) == ["status_invalid", "status_list_without", "status_list_without"]
    small = {**payload, "status_list": {"bits": 2, "lst": base64.urlsafe_b64encode(b"x").decode().rstrip("=")}}
    tree = inspected(jws.sign({"typ": "statuslist+jwt", "kid": "1"}, small, signer))
    assert tree["findings"][0]["params"]["reason"] == "lst_compression"


def cwt(desk: Any, statuses: StatusList, **terms: Any) -> bytes:
    told = {"uri": desk.LIST_URI, "iat": desk.NOW - 60, "exp": desk.NOW + 3600, "ttl": 300, **terms}
    return sign_status_list_cwt(statuses, StatusListTerms(**told), signer=desk.signer(KeyPurpose.STATUS))


def test_a_status_list_in_cbor_is_counted_too(inspected: Any, desk: Any) -> None:
    message = cwt(
        desk, StatusList.of(20_000, bits=1).with_status([3, 9], 1), aggregation_uri="https://x.example/all"
    )
    tree = inspected(message)
    assert (tree["kind"], codes(tree)) == ("status_list_token", ["signature_fits"])
    assert tree["content"]["statuses"] == {"bits": 1, "capacity": 20_000, "not_valid": {"1": 2}}
    assert tree["content"]["payload"]["status_list"] == {"bits": 1, "aggregation_uri": "https://x.example/all"}
    assert tree["parts"]["x5chain"]["kind"] == "certificate_chain"


def test_a_status_list_in_cbor_that_is_not_in_order_says_why(inspected: Any, run: Any, desk: Any) -> None:
    statuses = StatusList.of(20_000, bits=1)
    assert bad(inspected(cwt(desk, statuses)[:-1] + b"\x00")) == ["status_invalid"]
    assert bad(inspected(cwt(desk, statuses, iat=desk.NOW - 7200, exp=desk.NOW - 3600))) == ["status_invalid"]
    bare = cose_sign1.sign(
        {2: 7, 65533: {"bits": 3, "lst": b"x", 9: [b"y"]}, 7: b"z"},
        typ="application/other",
        signer=LocalSigner(new_private_key("ES256", system_random_bytes)),
    )
    tree = inspected(bare)
    assert bad(tree) == ["status_invalid", "status_invalid", "status_list_without", "status_list_without"]
    assert (tree["content"]["payload"]["7"], tree["parts"]) == ("1 bytes", {})
    unsigned = StatusListTerms(uri=desk.LIST_URI, iat=desk.NOW, exp=desk.NOW + 600, ttl=60)
    nameless = sign_status_list_cwt(
        statuses, unsigned, signer=LocalSigner(new_private_key("ES256", system_random_bytes))
    )
    assert bad(inspected(nameless)) == []
    assert run("inspect", "-", stdin=b"\xd2\x84garbage").exit_code != 0


def test_d21_an_address_of_one_credential_alone_and_a_list_of_few_are_told(inspected: Any, desk: Any) -> None:
    for uri in ("https://status.example/lists?of=7", "https://status.example/lists#7"):
        tree = inspected(desk.credential(status={"status_list": {"idx": 7, "uri": uri}}))
        assert "status_uri_of_one" in codes(tree, "warning")
    assert "status_uri_of_one" not in codes(inspected(desk.credential()))
    assert codes(inspected(cwt(desk, StatusList.of(64, bits=1))), "warning") == ["status_list_small"]
    assert "status_list_small" not in codes(inspected(desk.status_list()))


def test_offers_by_value_and_by_reference_are_told_apart(inspected: Any) -> None:
    tree = inspected(link("openid-credential-offer", credential_offer=json.dumps(OFFER)))
    assert (tree["kind"], said(tree["parts"]["offer"])) == (
        "offer_link",
        ["what_offer", "said_pre_authorised", "said_tx_code"],
    )
    assert bad(tree) == []
    reference = inspected(link("haip-vci", credential_offer_uri="https://issuer.example/offers/1"))
    assert said(reference) == ["what_offer_link", "said_offer_reference"]
    web = inspected(f"https://wallet.example/add?credential_offer={quote(json.dumps(OFFER))}")
    assert web["parts"]["offer"]["kind"] == "offer"
    assert inspected(OFFER)["kind"] == "offer"
    login = {**OFFER, "grants": {"authorization_code": {}}}
    assert said(inspected(login)) == ["what_offer", "said_authorisation_code"]


def test_offers_of_old_drafts_and_broken_offers_are_found(inspected: Any) -> None:
    grant = {"pre-authorized_code": "x", "user_pin_required": True}
    old = {
        "credential_issuer": "http://issuer.example",
        "credentials": ["pda1"],
        "grants": {next(iter(OFFER["grants"])): grant},
    }  # type: ignore[call-overload]
    assert bad(inspected(old)) == ["old_shape:credentials", "address_not_https", "old_shape:user_pin_required"]
    both = link("openid-credential-offer", credential_offer="{}", credential_offer_uri="http://x.example")
    assert bad(inspected(both)) == ["link_invalid", "address_not_https", "claim_missing", "claim_missing"]
    assert bad(inspected("openid-credential-offer://?credential_offer=nonsense")) == ["json_malformed"]
    twice = (
        "openid-credential-offer://?credential_offer_uri=https://a.example&credential_offer_uri=https://b.example"
    )
    assert bad(inspected(twice)) == ["link_invalid"]
    assert bad(inspected({"credential_issuer": "https://x.example"})) == ["claim_missing"]


def test_a_request_link_and_the_request_inside_it(inspected: Any, desk: Any) -> None:
    client_id = x509_hash_identifier(desk.signer(KeyPurpose.REQUEST, "de-inspection").chain[0]).full
    tree = inspected(link("openid4vp", client_id=client_id, request_uri="https://verifier.example/1"))
    assert said(tree) == ["what_request_link", "said_client", "said_request_reference"]
    assert bad(tree) == []
    tree = inspected(link("openid4vp", client_id=client_id, request=request_object(desk)))
    request = tree["parts"]["request"]
    assert (request["kind"], request["parts"]["dcql_query"]["kind"]) == ("request_object", "query")
    assert request["parts"]["jwks"]["parts"]["key 1"]["kind"] == "jwk"
    assert request["parts"]["x5c"]["kind"] == "certificate_chain"
    assert "signature_fits" in codes(request)
    assert bad(tree) == []


def attested_request(desk: Any, *, chain: bool = True) -> str:
    """Return a request under an attestation; the credential key of an issuer stands in for a registrar's."""
    signer = desk.signer(KeyPurpose.REQUEST, "de-inspection")
    registrar = desk.signer(KeyPurpose.CREDENTIAL, "fr-demo")
    attestation = make_verifier_attestation(
        issuer="https://registrar.example",
        subject="inspection.example",
        verifier_jwk=dict(signer.public_jwk),
        iat=1_795_300_000,
        exp=4_000_000_000,
        signer=registrar,
    )
    if not chain:
        claims = jws.unverified_claims(attestation)
        attestation = jws.sign({"typ": "verifier-attestation+jwt"}, claims, registrar)
    client = ClientIdentifier(ClientIdPrefix.VERIFIER_ATTESTATION, "inspection.example")
    return request_object(desk, client=client, verifier_attestation=attestation)


def test_a_request_under_an_attestation(inspected: Any, desk: Any) -> None:
    tree = inspected(attested_request(desk))
    assert (bad(tree), "signature_fits" in codes(tree)) == ([], True)
    assert bad(inspected(attested_request(desk, chain=False))) == ["verifier_attestation_invalid"]
    header = attested_request(desk).partition(".")[0]
    attestation = inspected(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["jwt"])
    assert (attestation["kind"], bad(attestation)) == ("verifier_attestation", [])


def test_a_request_through_the_browser(inspected: Any, desk: Any) -> None:
    through = {"response_mode": ResponseMode.DC_API_JWT, "response_uri": None, "state": None}
    tree = inspected(request_object(desk, **through, expected_origins=("https://verifier.example",)))
    assert (bad(tree), "signature_fits" in codes(tree)) == ([], True)
    assert bad(inspected(request_object(desk, **through))) == ["request_object_invalid"]


def test_a_registration_certificate(inspected: Any, desk: Any) -> None:
    registration = Registration(
        sub="DE:TEST90",
        name="Prüfstelle Test",
        country="DE",
        registry_uri="https://registry.example",
        entitlements=(),
        credentials=(),
        purposes={},
        issued_at=1_795_300_000,
        expires_at=1_795_400_000,
    )
    signer = desk.signer(KeyPurpose.CREDENTIAL, "fr-demo")
    tree = inspected(make_registration_certificate(registration, signer=signer))
    assert (tree["kind"], "signature_fits" in codes(tree)) == ("registration_certificate", True)
    assert tree["parts"]["x5c"]["kind"] == "certificate_chain"


def test_requests_of_old_drafts_are_found(inspected: Any, desk: Any) -> None:
    parameters = {
        "client_id": "did:web:verifier.example",
        "client_id_scheme": "did",
        "presentation_definition": json.dumps({"input_descriptors": []}),
        "response_mode": "direct_post",
        "client_metadata": json.dumps({"vp_formats": {}}),
    }
    assert bad(inspected(link("openid4vp", **parameters))) == [
        "request_unsigned",
        "old_shape:presentation_definition",
        "old_shape:client_id_scheme",
        "old_shape:vp_formats",
        "old_shape:client_id did:",
        "response_in_clear",
        "old_shape:presentation_definition",
    ]
    signer = desk.signer(KeyPurpose.REQUEST, "de-inspection")
    payload = {"client_id": "x509_san_uri:https://v.example", "presentation_definition": {"input_descriptors": []}}
    tree = inspected(jws.sign(signing_header("oauth-authz-req+jwt", signer), payload, signer))
    assert bad(tree) == [
        "request_object_invalid",
        "old_shape:presentation_definition",
        "old_shape:client_id x509_san_uri:",
        "old_shape:presentation_definition",
    ]
    both = link("openid4vp", client_id="x", request=request_object(desk), request_uri="https://v.example")
    assert bad(inspected(both)) == ["link_invalid"]
    assert "json_malformed" in bad(inspected(link("openid4vp", client_id="x", client_metadata="[]")))
    assert inspected({"client_id": "x", "dcql_query": QUERY})["parts"]["dcql_query"]["kind"] == "query"


def test_a_query_is_put_in_words(inspected: Any) -> None:
    tree = inspected(QUERY)
    assert tree["said"][1]["text"] == "a1 asks for urn:eudi:pda1:1; claims: employer.name."
    sets = {**QUERY, "credential_sets": [{"options": [["a1"]], "purpose": "x"}]}
    assert (said(inspected(sets))[-1], bad(inspected(sets))) == ("said_query_sets", ["removed_member"])
    old = {"credentials": [{"id": "a1", "format": "vc+sd-jwt"}]}
    assert bad(inspected(old)) == ["query_malformed", "old_shape:vc+sd-jwt"]
    assert bad(inspected({"id": "1", "input_descriptors": []})) == ["old_shape:presentation_definition"]


def test_metadata_of_issuers_servers_and_types(inspected: Any, desk: Any) -> None:
    tree = inspected(ISSUER_METADATA)
    assert (tree["kind"], said(tree), bad(tree)) == (
        "issuer_metadata",
        ["what_issuer_metadata", "said_configuration"],
        [],
    )
    server = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token", "grant_types_supported": ["x"]}
    assert (inspected(server)["kind"], bad(inspected(server))) == ("server_metadata", [])
    keys = {"issuer": ISSUER, "jwks": {"keys": [dict(desk.holder.public_jwk)]}}
    assert (inspected(keys)["kind"], bad(inspected(keys))) == ("web_keys", [])
    assert bad(inspected({**keys, "jwks_uri": "https://x.example"})) == ["claim_invalid"]
    document = type_metadata(CREDENTIAL_TYPES["pda1"].vct)
    tree = inspected(document)
    assert (tree["kind"], bad(tree)) == ("type_metadata", [])
    assert {each["sd"] for each in tree["content"]["claims"]} <= {"always", "never", "allowed"}
    signer = desk.signer(KeyPurpose.METADATA)
    payload = {**ISSUER_METADATA, "sub": ISSUER, "iat": 1_795_300_000}
    signed = inspected(jws.sign(signing_header("openidvci-issuer-metadata+jwt", signer), payload, signer))
    assert (signed["kind"], bad(signed)) == ("signed_issuer_metadata", [])


def test_metadata_of_old_drafts_is_found(inspected: Any) -> None:
    configuration = {
        "format": "vc+sd-jwt",
        "display": [],
        "proof_types_supported": {"ldp_vp": {}},
    }
    old = {
        **{name: value for name, value in ISSUER_METADATA.items() if name != "nonce_endpoint"},
        "credential_configurations_supported": {"a": configuration, "b": 1, "c": {"format": "dc+sd-jwt"}},
        "credentials_supported": [],
        "signed_metadata": "x",
    }
    assert bad(inspected(old)) == [
        "old_shape:credentials_supported",
        "old_shape:signed_metadata",
        "nonce_endpoint_absent",
        "old_shape:vc+sd-jwt",
        "old_shape:display",
        "old_shape:ldp_vp",
        "claim_missing",
        "claim_invalid",
        "claim_missing",
    ]
    kind = {
        "vct": "urn:x",
        "schema": {},
        "display": [{"lang": "en", "name": "X"}],
        "claims": [{"path": ["a"], "display": [{"locale": "en", "name": "A"}]}],
        "extends": "urn:y",
    }
    tree = inspected(kind)
    assert bad(tree) == [
        "type_metadata_invalid",
        "removed_member",
        "old_shape:lang",
        "old_shape:claims.display.name",
    ]
    assert "said_extends" in said(tree)


def test_keys_and_key_sets(inspected: Any, desk: Any) -> None:
    jwk = dict(desk.holder.public_jwk)
    tree = inspected(jwk)
    assert (tree["kind"], said(tree), bad(tree)) == ("jwk", ["what_jwk", "said_thumbprint"], [])
    tree = inspected({"keys": [{**jwk, "kid": "1"}, {**jwk, "kid": "1"}, {"kty": "RSA"}]})
    assert bad(tree) == ["kid_repeated", "holder_key_unsupported"]


def test_certificates_in_every_wrapping(inspected: Any, desk: Any) -> None:
    chain = desk.signer(KeyPurpose.STATUS).chain
    texts = [base64.b64encode(each).decode() for each in chain]
    lines = "\n".join(texts[0][n : n + 64] for n in range(0, len(texts[0]), 64))
    pem = f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
    for thing in (chain[0], pem, texts[0]):
        tree = inspected(thing)
        assert (tree["kind"], bad(tree)) == ("certificate", [])
        assert tree["content"]["purposes"] == ["status"]
        assert tree["content"]["organizationIdentifier"] == ["FR:TEST01"]
        assert tree["content"]["key_usage"] == ["digital_signature"]
    tree = inspected(texts)
    assert (tree["kind"], len(tree["parts"])) == ("certificate_chain", 2)
    assert "said_certificate_authority" in said(tree["parts"]["certificate 2"])
    assert inspected(pem + pem)["kind"] == "certificate_chain"


def test_certificates_out_of_their_time_are_told(run: Any, desk: Any) -> None:
    text = base64.b64encode(desk.signer(KeyPurpose.STATUS).chain[0]).decode()
    for at, reason in (("2030-01-01", "expired"), ("2020-01-01", "not_yet_valid")):
        tree = json.loads(run("inspect", text, "--json", "--at", at).stdout)
        assert [each["params"]["reason"] for each in tree["findings"]] == [reason]


def test_a_chain_in_a_header_is_held_against_the_rules_for_headers(inspected: Any, desk: Any) -> None:
    signer = desk.signer(KeyPurpose.CREDENTIAL)
    trust = json.loads(desk.trust.read_text())
    root = "".join(trust["anchors"][0]["certificate"].split("\n")[1:-2])
    leaf, authority = signing_header("dc+sd-jwt", signer)["x5c"]

    def reasons(*x5c: str) -> list[str]:
        tree = inspected(desk.credential(header={"typ": "dc+sd-jwt", "x5c": list(x5c)}))
        return [str(each["params"].get("reason")) for each in tree["parts"]["x5c"]["findings"]]

    assert reasons(leaf, authority) == []
    assert reasons(leaf, authority, root) == ["anchor_included"]
    assert reasons(root) == ["leaf_self_signed", "leaf_is_authority"]
    assert reasons(leaf, leaf) == ["order_or_signature"]
    assert reasons("AAAA") == ["certificate"]


def test_a_trust_configuration(inspected: Any, desk: Any) -> None:
    trust = json.loads(desk.trust.read_text())
    tree = inspected(trust)
    assert tree["kind"] == "trust"
    assert len(tree["parts"]) == len(trust["anchors"])
    assert said(tree) == ["what_trust", *["said_authorisation"] * 3]
    trust["authorisations"][0]["withdrawn_at"] = 1
    assert "said_withdrawn" in said(inspected(trust))
    assert bad(inspected({"anchors": [], "authorisations": []})) == ["trust_malformed"]


def test_other_tokens(inspected: Any, desk: Any) -> None:
    proof = make_key_proof(audience=ISSUER, nonce="n", iat=1_795_300_000, signer=desk.holder, client_id=None)
    tree = inspected(proof)
    assert (tree["kind"], codes(tree)) == ("key_proof", ["signature_fits"])
    assert "said_audience" in said(tree)
    plain = jws.sign({"typ": "JWT"}, {"iss": "x"}, desk.holder)
    assert (inspected(plain)["kind"], bad(inspected(plain))) == ("jwt", [])
    old = jws.sign({"typ": "keyattestation+jwt"}, {}, desk.holder)
    assert bad(inspected(old)) == ["old_shape:keyattestation+jwt"]


def segment(value: Any) -> str:
    return (
        base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode())
        .decode()
        .rstrip("=")
    )


def test_tokens_that_no_strict_reader_takes_are_shown_all_the_same(inspected: Any) -> None:
    header = segment({"alg": "ES256", "typ": "x"})
    none = inspected(f"{segment({'alg': 'none', 'crit': ['x']})}.{segment({'exp': 'soon'})}.")
    assert bad(none) == ["alg_not_allowed", "typ_absent", "crit_unsupported", "claim_invalid"]
    twice = inspected(".".join((header, segment(b'{"a":1,"a":2}'), "AA")))
    assert (bad(twice), twice["content"]["payload"]) == (["json_malformed"], {"a": 2})
    padded = inspected(f"{header}.eyJhIjoxfQ==.AA")
    assert (bad(padded), padded["content"]["payload"]) == (["base64url_invalid"], {"a": 1})
    assert bad(inspected(f"{header}.{segment(b'[1e400,NaN]')}.AA")) == ["json_malformed"]
    assert bad(inspected(f"{header}.A.AA")) == ["base64url_invalid", "json_malformed"]


def test_an_encrypted_message_shows_its_header_only(inspected: Any) -> None:
    key = new_encryption_key(system_random_bytes)
    tree = inspected(encrypt(b"{}", key.public_jwk, enc="A128GCM", apu=None, apv=None))
    assert (tree["kind"], bad(tree)) == ("jwe", [])
    weak = inspected(f"{segment({'alg': 'RSA1_5', 'enc': 'A128CBC-HS256', 'zip': 'DEF'})}.AA.AA.AA.AA")
    assert [each["params"]["reason"] for each in weak["findings"]] == [
        "alg",
        "enc",
        "header_param_forbidden",
        "epk",
    ]


def test_private_parts_of_keys_are_never_shown(run: Any, desk: Any) -> None:
    private = new_private_jwk("ES256", random_bytes=system_random_bytes)
    secret = private["d"]
    unsigned = f"{segment({'alg': 'ES256', 'typ': 'x', 'jwk': private})}.{segment({'cnf': {'jwk': private}})}.AA"
    for thing in (
        json.dumps(private),
        json.dumps({"keys": [private]}),
        unsigned,
        desk.credential(cnf={"jwk": private}),
        desk.credential(disclosable=(("extra",),), extra={"jwk": private}),
        json.dumps({**OFFER, "more": [private]}),
    ):
        for options in ((), ("--json",)):
            result = run("inspect", "-", *options, stdin=thing)
            assert result.exit_code == 0
            assert secret not in result.stdout
            assert ("private_key_shown" if options else "There is a private key in this.") in result.stdout


def test_private_keys_in_pem_are_named_and_never_shown(inspected: Any, run: Any, desk: Any) -> None:
    file = next(desk.folder.glob("**/*.pem"), None) or next(desk.folder.glob("**/*.key"))
    for path in desk.folder.rglob("*"):
        if path.is_file() and b"ENCRYPTED PRIVATE KEY" in path.read_bytes():
            file = path
    assert inspected(file.read_text())["kind"] == "encrypted_private_key"
    body = "MC4CAQAwBQYDK2VwBCIEI" + "A" * 43
    clear = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
    assert bad(inspected(clear)) == ["private_key_shown"]
    hidden = run("inspect", "-", stdin=json.dumps({**OFFER, "note": clear}))
    assert body not in hidden.stdout


@pytest.mark.parametrize(
    ("thing", "code"),
    [
        ("hello", "input_unknown"),
        ("no-such-file.json", "input_unknown"),
        ("e.mail.txt", "input_unknown"),
        ("~/file", "input_unknown"),
        ("", "input_empty"),
        ("https://issuer.example/", "input_is_address"),
        ("http://[", "input_unknown"),
        ("mailto://x", "input_unknown"),
        ("{}", "input_unknown"),
        ("[]", "input_unknown"),
        ("{broken", "input_unknown"),
        ("[1]", "input_unknown"),
        ("-----BEGIN SOMETHING-----", "input_unknown"),
        ("-----BEGIN CERTIFICATE-----", "malformed_token"),
        ("MIIBnonsense", "malformed_token"),
        ("eA.eA.eA", "malformed_token"),
        ("eA.eA.eA.eA.eA", "malformed_token"),
        ("e30.e30.e30~" + "W10~" * 600, "limit_exceeded"),
        ("[" * 100 + "]" * 100, "limit_exceeded"),
    ],
)
def test_what_cannot_be_inspected_is_exit_code_1_with_advice(run: Any, thing: str, code: str) -> None:
    result = run("inspect", "-", stdin=thing)
    assert (result.exit_code, result.stdout) == (1, "")
    assert code in result.stderr
    assert len(result.stderr.splitlines()) >= 2


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"0\x82\x00", b"A" * (1024 * 1024 + 1)])
def test_bytes_that_are_nothing_are_refused(run: Any, raw: bytes) -> None:
    assert run("inspect", "-", stdin=raw).exit_code == 1


def test_nothing_inside_can_steer_the_terminal(run: Any, desk: Any) -> None:
    text = desk.credential(iss="https://\x1b[2J\nissuer\u202e.example")
    result = run("inspect", text)
    assert "\\u001b[2J\\nissuer\\u202e" in result.stdout
    assert not set("\x1b\u202e") & set(result.stdout)


def test_an_aggregation_of_status_lists_is_told_with_what_to_do_next(inspected: Any) -> None:
    tree = inspected({"status_lists": ["https://issuer.example/status/1", "https://issuer.example/status/2"]})
    assert (tree["kind"], bad(tree)) == ("status_list_aggregation", [])
    assert "status lists of one issuer, 2 in all" in tree["said"][0]["text"]
    assert "verifier.status.aggregations" in tree["said"][0]["next"]
    assert bad(inspected({"status_lists": 1})) == ["status_invalid"]
    assert bad(inspected({"status_lists": [7]})) == ["status_invalid"]


def test_roots_side_by_side_are_no_chain(run: Any, desk: Any) -> None:
    roots = "".join(each["certificate"] for each in json.loads(desk.trust.read_text())["anchors"][:2])
    told = run("inspect", "-", "--json", stdin=roots)
    tree = json.loads(told.stdout)
    assert tree["kind"] == "anchors"
    assert "no chain" in tree["said"][0]["text"]
