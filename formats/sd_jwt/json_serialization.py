"""From the JWS JSON serialisations to the compact form; protocol edges refuse them. Spec: RFC 9901 §8."""

from typing import Final

from portadoc.errors import Malformed
from portadoc.formats import strict_json
from portadoc.formats.sd_jwt.parse import MAX_BYTES, UnverifiedSdJwt, parse
from portadoc.schemas.claims import JsonObject

MAX_SIGNATURES: Final = 8
_FLATTENED: Final = frozenset(("signature", "protected", "header"))


def from_json(raw: bytes | str) -> tuple[UnverifiedSdJwt, ...]:
    """Return one compact SD-JWT for each signature of a flattened or general JWS JSON serialisation.

    All share the payload and what the first unprotected header carries. Members that the specification does not
    know are ignored. Input is unverified. Raises Malformed[malformed_token], Malformed[limit_exceeded].
    Spec: RFC 7515 §7.2, RFC 9901 §8.1.
    """
    token = _token(raw)
    payload = _text(token, "payload")
    signatures = _signatures(token)
    carried = _carried(signatures[0])
    return tuple(
        parse(f"{_text(signature, 'protected')}.{payload}.{_text(signature, 'signature')}~{carried}")
        for signature in signatures
    )


def _carried(signature: JsonObject) -> str:
    """Return what follows the signature in the compact form, without the first tilde."""
    header = signature.get("header", {})
    if type(header) is not dict:
        raise _malformed("header")
    disclosures = header.get("disclosures", [])
    if type(disclosures) is not list:
        raise _malformed("disclosures")
    key_binding = _text(header, "kb_jwt") if "kb_jwt" in header else ""
    return "~".join([*(_checked(text, "disclosures") for text in disclosures), key_binding])


def _token(raw: bytes | str) -> JsonObject:
    try:
        return strict_json.loads_object(raw, what="sd_jwt", max_bytes=MAX_BYTES)
    except Malformed as exc:
        if exc.code == "limit_exceeded":
            raise
        raise _malformed(str(exc.params["reason"])) from exc


def _signatures(token: JsonObject) -> list[JsonObject]:
    """Return the members of each signature; a token is flattened or general, never both. Spec: RFC 7515 §7.2."""
    if "signatures" not in token:
        return [token]
    signatures = token["signatures"]
    if type(signatures) is not list or not signatures or not _FLATTENED.isdisjoint(token):
        raise _malformed("signatures")
    if len(signatures) > MAX_SIGNATURES:
        raise Malformed("limit_exceeded", what="signatures", limit=MAX_SIGNATURES)
    for position, signature in enumerate(signatures):
        if type(signature) is not dict or (position and _carries_disclosures(signature)):
            raise _malformed("signatures")
    return signatures


def _carries_disclosures(signature: JsonObject) -> bool:
    header = signature.get("header", {})
    return type(header) is not dict or not {"disclosures", "kb_jwt"}.isdisjoint(header)


def _text(members: JsonObject, name: str) -> str:
    return _checked(members.get(name), name)


def _checked(text: object, name: str) -> str:
    if not isinstance(text, str) or not text or "~" in text:
        raise _malformed(name)
    return text


def _malformed(reason: str) -> Malformed:
    return Malformed("malformed_token", spec="RFC 9901 §8.1", part="sd_jwt", reason=reason)
