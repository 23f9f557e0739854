"""Readers of requests that nobody signed, of the browser's objects, and of whatever a person wants explained."""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from portadoc.cli.inspection.recognise import inspect_input
from portadoc.cli.inspection.show import inspection_as_json, inspection_lines
from portadoc.formats import strict_json
from portadoc.formats.openid4vp.client_identifier import x509_hash_identifier
from portadoc.formats.openid4vp.digital_credentials import (
    parse_browser_request,
    read_browser_answer,
    read_unsigned_browser_request,
    signed_request,
    unsigned_request,
    verify_browser_request,
)
from portadoc.formats.openid4vp.request_object import PresentationRequest, ResponseMode
from portadoc.formats.openid4vp.unsigned_request import read_unsigned_request
from portadoc.keys.purposes import KeyPurpose
from portadoc.verification.presets.presets import PRESETS
from portadoc.web.forms import parse_form
from tests.fuzz.targets import SKEW_S, FuzzTarget, as_object
from tests.fuzz.world import ALGS, NONCE, NOW, World

ORIGIN: Final = "https://verifier.example"
QUERY: Final = next(iter(PRESETS.values())).query
METADATA: Final = {"vp_formats_supported": {"dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"]}}}


def exchange_targets(world: World) -> Mapping[str, FuzzTarget]:
    """Return the readers of requests and answers that come by other ways than a signed request."""
    return {**_browser(world), **_link(), **_inspection(world)}


def _browser(world: World) -> Mapping[str, FuzzTarget]:
    signer = world.signers[KeyPurpose.REQUEST]
    request = PresentationRequest(
        nonce=NONCE,
        dcql_query=QUERY,
        client_metadata=METADATA,
        iat=NOW,
        exp=NOW + 300,
        response_mode=ResponseMode.DC_API,
        expected_origins=(ORIGIN,),
    )
    sound = signed_request(request, signer=signer, client=x509_hash_identifier(signer.chain[0]))

    def read(members: dict[str, Any]) -> object:
        forms = parse_browser_request(str(members.get("protocol")), members.get("data"), allowed_algs=ALGS)
        if not forms:
            return read_unsigned_browser_request(members["data"], origin=ORIGIN)
        terms = {"key": world.key(KeyPurpose.REQUEST), "origin": ORIGIN, "now": NOW, "skew_s": SKEW_S}
        return [verify_browser_request(each, **terms) for each in forms]

    def answered(members: dict[str, Any]) -> object:
        return read_browser_answer(members.get("data"), encrypted=members.get("encrypted") is True)

    return {
        "browser_request": FuzzTarget(
            as_object(read),
            tuple(strict_json.dumps(each.to_json()) for each in (sound, unsigned_request(request))),
        ),
        "browser_answer": FuzzTarget(
            as_object(answered), (b'{"data":{"vp_token":{"a1":["x~"]}}}', b'{"data":{"error":"x"}}')
        ),
    }


def _link() -> Mapping[str, FuzzTarget]:
    uri = f"{ORIGIN}/responses/1"
    parameters = {
        "response_type": "vp_token",
        "response_mode": "direct_post",
        "client_id": f"redirect_uri:{uri}",
        "response_uri": uri,
        "nonce": NONCE,
        "state": "s-1",
        "dcql_query": json.dumps(QUERY),
        "client_metadata": json.dumps(METADATA),
    }
    return {
        "unsigned_request": FuzzTarget(
            lambda raw: read_unsigned_request(parse_form(raw)), (urlencode(parameters).encode(),)
        )
    }


def _inspection(world: World) -> Mapping[str, FuzzTarget]:
    def explained(raw: bytes) -> object:
        found = inspect_input(raw, now=NOW)
        return json.dumps(inspection_as_json(found, "en")), list(inspection_lines(found, "fr"))

    return {
        "inspection": FuzzTarget(
            explained,
            (
                world.presentation().encode(),
                world.signers[KeyPurpose.CREDENTIAL].chain[0],
                strict_json.dumps(QUERY),
                b"openid4vp://?client_id=a&request_uri=https%3A%2F%2Fa.example%2Fb",
                b'{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}',
            ),
        )
    }
