"""Requests that nobody signed: they prove where the answer goes and nothing else, and they say so."""

import json
from dataclasses import replace
from typing import Any

import pytest

from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.formats.openid4vp.request_object import PresentationRequest, ResponseMode
from portadoc.formats.openid4vp.transaction_data import INSPECTION, make_transaction_data
from portadoc.formats.openid4vp.unsigned_request import UnsafeUnsignedRequest, read_unsigned_request

URI = "https://verifier.example/responses/1"
QUERY = {"credentials": [{"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pda1:1"]}}]}
DETAILS = {"site": "Construction site 4", "verifier": "Prüfdienst (Test)", "purpose": "inspection"}
REQUEST = PresentationRequest(
    response_uri=URI,
    nonce="n-1",
    state="s-1",
    dcql_query=QUERY,
    client_metadata={"client_name": "Prüfdienst (Test)"},
    iat=1,
    exp=2,
    response_mode=ResponseMode.DIRECT_POST,
    transaction_data=(make_transaction_data(INSPECTION, DETAILS, credential_id="a1"),),
)


def parameters(**changes: Any) -> dict[str, str]:
    with pytest.warns(UserWarning, match="proves nothing about who asks"):
        made = UnsafeUnsignedRequest(REQUEST).link_parameters()
    return {name: value for name, value in (made | changes).items() if value is not None}


def test_what_is_made_is_understood() -> None:
    request = read_unsigned_request(parameters())
    assert request.client_id == request.audience == f"redirect_uri:{URI}"
    assert (request.response_uri, request.nonce, request.state) == (URI, "n-1", "s-1")
    assert request.query.credentials[0].vct_values == ("urn:eudi:pda1:1",)
    assert request.client_metadata == REQUEST.client_metadata
    assert request.transaction_data[0].details == DETAILS


def test_objects_travel_as_json_text_and_no_time_is_named() -> None:
    sent = parameters()
    assert json.loads(sent["dcql_query"]) == QUERY
    assert sent["response_mode"] == "direct_post"
    assert sent.keys().isdisjoint({"iat", "exp", "aud"})


def test_the_address_need_not_be_named_twice() -> None:
    assert read_unsigned_request(parameters(response_uri=None)).response_uri == URI


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"response_uri": "https://evil.example/r"}, "response_uri_not_allowed"),
        ({"redirect_uri": URI}, "redirect_uri_present"),
        ({"client_id": None}, "client_id_form"),
        ({"client_id": "x509_hash:" + "A" * 43}, "signature_missing"),
        ({"client_id": "origin:https://verifier.example"}, "client_id_prefix_reserved"),
        ({"client_id": URI}, "client_id_prefix_old"),
        ({"nonce": None}, "nonce_form"),
        ({"dcql_query": "{"}, "json_malformed"),
        ({"dcql_query": "[]"}, "query_form"),
        ({"response_mode": "dc_api"}, "response_mode"),
        ({"transaction_data": '["e30"]'}, "transaction_data_invalid"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_w20_each_fault_of_an_unsigned_request_has_its_reason(changes: dict[str, str], reason: str) -> None:
    with pytest.raises(Untrusted) as refusal:
        read_unsigned_request(parameters(**changes))
    assert (refusal.value.code, refusal.value.params["reason"]) == ("request_object_invalid", reason)


def test_a_limit_keeps_its_own_code() -> None:
    with pytest.raises(Malformed, match="limit_exceeded"):
        read_unsigned_request(parameters(dcql_query=json.dumps({"credentials": [QUERY["credentials"][0]] * 33})))


@pytest.mark.parametrize(
    "asking", [replace(REQUEST, response_uri=None), replace(REQUEST, response_mode=ResponseMode.DC_API)]
)
def test_a_request_whose_answer_is_not_posted_cannot_be_named_by_its_address(
    asking: PresentationRequest,
) -> None:
    with pytest.raises(Misconfigured, match="client_id_unfit"):
        UnsafeUnsignedRequest(asking)
