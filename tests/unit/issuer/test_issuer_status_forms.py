"""Status lists in both forms, and the document that names all of them."""

import zlib
from typing import Any

import cbor2
import pytest

from portadoc.formats.status_list.aggregation import parse_aggregation
from portadoc.formats.status_list.claims import StatusListLimits, VerifiedStatusList
from portadoc.formats.status_list.cwt_form import read_status_list_cwt
from portadoc.formats.status_list.jwt_form import read_status_list_token
from portadoc.issuer import WithdrawalReason
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.key_ring import KeyPurpose

JWT, CWT = "application/statuslist+jwt", "application/statuslist+cwt"


def uri_of(rig: Any, text: str) -> str:
    return str(rig.claims_of(text)["status"]["status_list"]["uri"])


def read(rig: Any, uri: str, media_type: str) -> VerifiedStatusList:
    answer = rig.transport.get(uri, headers={"accept": media_type})
    assert answer.headers["content-type"] == media_type
    jwk = rig.key_ring.signer("fr-demo", KeyPurpose.STATUS).public_jwk
    key = public_key_from_jwk(jwk, allowed_algs={"ES256"})
    terms = {"key": key, "uri": uri, "now": rig.clock.now(), "skew_s": 0, "limits": StatusListLimits()}
    if media_type == CWT:
        return read_status_list_cwt(answer.body, **terms)
    return read_status_list_token(answer.body.decode(), **terms)


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        (None, JWT),
        ("*/*", JWT),
        (JWT, JWT),
        (CWT, CWT),
        (f"{CWT}, {JWT};q=0.9", CWT),
        (f"{JWT}, {CWT};q=0.9", JWT),
        (f"{CWT};q=0", JWT),
        ("text/html", JWT),
        ("application/StatusList+CWT", CWT),
    ],
)
def test_the_reader_chooses_the_form(rig: Any, accept: str | None, given: str) -> None:
    uri = uri_of(rig, *rig.issued())
    answer = rig.transport.get(uri, headers={} if accept is None else {"accept": accept})
    assert (answer.status, answer.headers["content-type"], answer.headers["vary"]) == (200, given, "Accept")
    assert answer.body.startswith(b"\xd2\x84" if given == CWT else b"ey")


def test_both_forms_say_the_same_at_every_time(rig: Any) -> None:
    (text,) = rig.issued()
    uri, idx = uri_of(rig, text), rig.claims_of(text)["status"]["status_list"]["idx"]
    for withdrawn in (0, 1):
        jwt, cwt = read(rig, uri, JWT), read(rig, uri, CWT)
        assert jwt.statuses == cwt.statuses
        assert (jwt.iat, jwt.exp, jwt.ttl) == (cwt.iat, cwt.exp, cwt.ttl)
        assert (jwt.withdrawals_uri, jwt.aggregation_uri) == (cwt.withdrawals_uri, cwt.aggregation_uri)
        assert cwt.statuses.get(idx) == withdrawn
        rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FRAUD)
        rig.issuer.publish_status_lists()


def test_each_form_has_an_etag_of_its_own(rig: Any) -> None:
    uri = uri_of(rig, *rig.issued())
    etags = {form: rig.transport.get(uri, headers={"accept": form}).headers["etag"] for form in (JWT, CWT)}
    assert etags[JWT] != etags[CWT]
    for form, etag in etags.items():
        answer = rig.transport.get(uri, headers={"accept": form, "if-none-match": etag})
        assert (answer.status, answer.body) == (304, b"")
    crossed = rig.transport.get(uri, headers={"accept": CWT, "if-none-match": etags[JWT]})
    assert crossed.status == 200


def test_a_cwt_is_what_the_specification_says(rig: Any) -> None:
    uri = uri_of(rig, *rig.issued())
    message = cbor2.loads(rig.transport.get(uri, headers={"accept": CWT}).body)
    protected, unprotected, payload, signature = message.value
    header, claims = cbor2.loads(protected), cbor2.loads(payload)
    assert (message.tag, unprotected, len(signature)) == (18, {}, 64)
    assert (header[1], header[16]) == (-7, CWT)
    signer = rig.key_ring.signer("fr-demo", KeyPurpose.STATUS)
    assert header[33] == (signer.chain[0] if len(signer.chain) == 1 else list(signer.chain))
    assert (claims[2], claims[6], claims[65534]) == (uri, rig.clock.now(), 300)
    assert claims[4] > claims[6]
    assert zlib.decompress(claims[65533]["lst"]) == bytes(1024 // 8)
    assert claims[65533]["bits"] == 1


class TestAggregation:
    def test_it_names_every_list_of_the_institution_and_no_other(self, rig: Any) -> None:
        here = {uri_of(rig, *rig.issued()) for _ in range(2)}
        elsewhere = uri_of(rig, *rig.issued(configuration_id="ehic", institution="fr-health"))
        address = read(rig, next(iter(here)), JWT).aggregation_uri
        assert address is not None
        answer = rig.transport.get(address)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert answer.headers["access-control-allow-origin"] == "*"
        named = parse_aggregation(answer.body, uri=address, max_lists=10)
        assert (set(named.status_lists), named.elsewhere) == (here, 0)
        assert elsewhere not in named.status_lists

    def test_both_metadata_documents_lead_to_it(self, rig: Any) -> None:
        uri = uri_of(rig, *rig.issued())
        for document in ("openid-credential-issuer", "oauth-authorization-server"):
            metadata = rig.transport.get(f"/.well-known/{document}/issuer/fr-demo").json()
            address = metadata["status_list_aggregation_endpoint"]
            assert rig.transport.get(address).json() == {"status_lists": [uri]}

    def test_a_list_that_has_run_out_is_not_named(self, rig: Any) -> None:
        uri = uri_of(rig, *rig.issued())
        address = rig.issuer.status_lists.aggregation_uri("fr-demo")
        rig.clock.advance(10**6)
        assert rig.transport.get(address).json() == {"status_lists": []}
        rig.issuer.publish_status_lists()
        assert rig.transport.get(address).json() == {"status_lists": [uri]}

    def test_an_unknown_institution_has_none(self, rig: Any) -> None:
        assert rig.transport.get("/issuer/nobody/status-lists").status == 404


def test_v48_d22_no_list_of_the_past_is_given_in_either_form(rig: Any) -> None:
    uri = uri_of(rig, *rig.issued())
    for form in (JWT, CWT):
        assert rig.transport.get(f"{uri}?time=1795305600", headers={"accept": form}).status == 501
