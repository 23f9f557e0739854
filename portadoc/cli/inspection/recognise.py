"""What a thing is, told by its form, and the inspector that knows it."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from portadoc.cli.inputs import MAX_INPUT_BYTES
from portadoc.cli.inspection.certificates import inspect_chain, inspect_pem, inspect_trust, inspect_trust_pack
from portadoc.cli.inspection.finding import Finding, Inspection, Severity, masked, objects, unknown_input
from portadoc.cli.inspection.keys import inspect_jwk, inspect_jwks
from portadoc.cli.inspection.links import inspect_link, inspect_offer
from portadoc.cli.inspection.metadata import (
    inspect_issuer_metadata,
    inspect_server_metadata,
    inspect_signed_metadata,
    inspect_type_metadata,
    inspect_web_keys,
)
from portadoc.cli.inspection.printed.exports import inspect_visit_export, is_visit_export
from portadoc.cli.inspection.printed.pictures import inspect_picture, is_picture
from portadoc.cli.inspection.printed.seals import inspect_seal
from portadoc.cli.inspection.requests import (
    inspect_old_query,
    inspect_query,
    inspect_request,
    inspect_request_object,
)
from portadoc.cli.inspection.sd_jwts import inspect_json_form, inspect_sd_jwt
from portadoc.cli.inspection.status_lists import (
    inspect_aggregation,
    inspect_status_list,
    inspect_status_list_cwt,
    inspect_withdrawal_list,
)
from portadoc.cli.inspection.tokens import inspect_jwe, inspect_token, open_token, read_json
from portadoc.errors import Malformed, Untrusted
from portadoc.formats.trust_pack import parse_trust_pack
from portadoc.formats.visible_seal import PREFIX as SEAL_PREFIX
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.schemas.claims import JsonObject

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(//|\?)")
_TOKEN: Final = re.compile(r"e[A-Za-z0-9_=+/-]+(\.[A-Za-z0-9_=+/-]*)+")
"""Segments in base64, the first of them a JSON object: an opening brace always becomes an ``e``."""
_BASE64_DER: Final = re.compile(r"MI[A-Za-z0-9+/]+={0,2}")

_COSE_SIGN1: Final = b"\xd2\x84"
"""Tag 18 and an array of four; never the beginning of UTF-8 text."""

_Shape = tuple[Callable[[JsonObject], bool], Callable[[JsonObject, int], Inspection]]


def _has(*names: str) -> Callable[[JsonObject], bool]:
    return lambda members: all(name in members for name in names)


def _any(*names: str) -> Callable[[JsonObject], bool]:
    return lambda members: any(name in members for name in names)


def _is_query(members: JsonObject) -> bool:
    credentials = objects(members.get("credentials"))
    return any("format" in each or "meta" in each for each in credentials)


def _is_type(members: JsonObject) -> bool:
    return "vct" in members and _any("claims", "display", "name", "description", "extends")(members)


_SHAPES: Final[tuple[_Shape, ...]] = (
    (_has("anchors", "authorisations"), inspect_trust),
    (_has("kty"), lambda members, now: inspect_jwk(members)),
    (
        lambda members: any("kty" in each for each in objects(members.get("keys"))),
        lambda members, now: inspect_jwks(members),
    ),
    (
        _any("credential_configurations_supported", "credentials_supported", "credential_endpoint"),
        lambda members, now: inspect_issuer_metadata(members),
    ),
    (_any("credential_configuration_ids", "credential_issuer"), lambda members, now: inspect_offer(members)),
    (_has("client_id"), lambda members, now: inspect_request(members)),
    (_is_query, lambda members, now: inspect_query(members)),
    (_has("status_lists"), lambda members, now: inspect_aggregation(members)),
    (_has("input_descriptors"), lambda members, now: inspect_old_query(members)),
    (_any("token_endpoint", "grant_types_supported"), lambda members, now: inspect_server_metadata(members)),
    (
        lambda members: "issuer" in members and _any("jwks", "jwks_uri")(members),
        lambda m, now: inspect_web_keys(m),
    ),
    (_is_type, lambda members, now: inspect_type_metadata(members)),
)


def inspect_input(raw: bytes, *, now: int) -> Inspection:
    """Return what something says, secret parts of keys masked. Nothing is verified, nothing is fetched.

    Raises Malformed[input_unknown], [input_empty], [input_is_address], [limit_exceeded], and [malformed_token],
    [cbor_malformed] for a token that cannot even be shown; Misconfigured[extra_missing] for a picture.
    """
    if is_picture(raw):
        return _without_secrets(inspect_picture(raw, lambda text: _recognised(text, now)))
    if is_visit_export(raw):
        return inspect_visit_export(raw)
    if len(raw) > MAX_INPUT_BYTES:
        raise Malformed("limit_exceeded", what="input", limit=MAX_INPUT_BYTES)
    return _without_secrets(_recognised(raw, now))


def _recognised(raw: bytes, now: int) -> Inspection:
    if raw[:1] == b"0" and raw[1:2] >= b"\x80":  # a DER sequence; text never has such a second byte
        return inspect_chain([raw], now)
    if raw[:2] == _COSE_SIGN1:
        return _cose(raw, now)
    try:
        text = raw.decode("utf-8").strip()
    except UnicodeDecodeError as exc:
        raise unknown_input() from exc
    if not text:
        raise Malformed("input_empty")
    if text.startswith(SEAL_PREFIX):  # before white space is taken out: a blank counts in base45
        return inspect_seal(text, now)
    if text[0] in "{[":
        return _json(text, now)
    if "-----BEGIN" in text:
        return inspect_pem(text, now)
    if _SCHEME.match(text):
        return inspect_link(text, now)
    joined = "".join(text.split())
    found = _text(joined, now)
    if joined == text:
        return found
    wrapped = Finding(Severity.WARNING, "white_space_inside", clause="RFC 7515 §2")
    return replace(found, findings=(wrapped, *found.findings))


def _cose(message: bytes, now: int) -> Inspection:
    """Return what a COSE_Sign1 is by its type: a trust pack, else a status list."""
    try:
        parse_trust_pack(message, allowed_algs=ALL_ALGORITHMS)
    except (Malformed, Untrusted):
        return inspect_status_list_cwt(message, now)
    return inspect_trust_pack(message, now)


def _text(text: str, now: int) -> Inspection:
    """Return what text without white space is."""
    if _TOKEN.fullmatch(text.partition("~")[0]) and "~" in text:
        return inspect_sd_jwt(text, now)
    if _BASE64_DER.fullmatch(text):
        return inspect_chain([text], now)
    if _TOKEN.fullmatch(text) and text.count(".") == 4:
        return inspect_jwe(text)
    if _TOKEN.fullmatch(text) and text.count(".") == 2:
        return _signed(text, now)
    raise unknown_input()


def _signed(text: str, now: int) -> Inspection:
    """Return what a compact JWS is by its ``typ``."""
    token = open_token(text)
    if token.typ in ("dc+sd-jwt", "vc+sd-jwt"):
        return inspect_sd_jwt(text, now)
    if token.typ == "statuslist+jwt":
        return inspect_status_list(token, now)
    if token.typ == "withdrawals+jwt":
        return inspect_withdrawal_list(token, now)
    if token.typ == "oauth-authz-req+jwt":
        return inspect_request_object(token, now)
    if token.typ == "openidvci-issuer-metadata+jwt":
        return inspect_signed_metadata(token, now)
    return inspect_token(token, now)


def _json(text: str, now: int) -> Inspection:
    try:
        value, findings = read_json(text, "input")
    except Malformed as error:
        if error.code == "limit_exceeded":
            raise
        raise unknown_input() from error
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return inspect_chain(value, now)
    if not isinstance(value, dict):
        raise unknown_input()
    if "payload" in value and ("signature" in value or "signatures" in value):
        return inspect_json_form(value, text, now)
    for fits, inspector in _SHAPES:
        if fits(value):
            found = inspector(value, now)
            return replace(found, findings=(*findings, *found.findings))
    raise unknown_input()


def _without_secrets(inspection: Inspection) -> Inspection:
    """Mask secret parts of keys wherever they stand, and say so."""
    content, any_secret = masked(inspection.content)
    findings = inspection.findings
    if any_secret:
        findings = (Finding(Severity.FAULT, "private_key_shown", clause="RFC 7517 §9.2"), *findings)
    parts = {name: _without_secrets(part) for name, part in inspection.parts.items()}
    return replace(inspection, content=content, findings=findings, parts=parts)
