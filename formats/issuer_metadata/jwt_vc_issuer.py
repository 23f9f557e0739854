"""JWT VC Issuer Metadata: where an issuer publishes its keys, and the strict reading of what it publishes.

Nothing is fetched here. Spec: draft-ietf-oauth-sd-jwt-vc-19, JWT VC Issuer Metadata.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from portadoc.errors import Untrusted
from portadoc.formats import strict_json
from portadoc.formats.reasons import told_as
from portadoc.keys.trust.web_issuers import SPEC, published_keys

CODE: Final = "issuer_metadata_invalid"
WELL_KNOWN: Final = "/.well-known/jwt-vc-issuer"
MEDIA_TYPES: Final = ("application/json",)
KEY_SET_MEDIA_TYPES: Final = ("application/jwk-set+json", "application/json")
MAX_BYTES: Final = 64 * 1024
MAX_URI_CHARS: Final = 2048


@dataclass(frozen=True, slots=True)
class IssuerMetadata:
    """What an issuer says of its keys: the keys themselves, or (``keys`` None) where they are."""

    issuer: str
    keys: tuple[Mapping[str, Any], ...] | None
    jwks_uri: str | None


def metadata_url(issuer: str) -> str:
    """Return where the metadata of an issuer is: the well-known part stands between host and path.

    Raises Untrusted[issuer_metadata_invalid] (reason ``issuer_url``) for what is no http or https URL of a host
    and a path; whether plain http may be called is for who fetches to say.
    """
    try:
        url = urlsplit(issuer)
        host = url.hostname
    except ValueError as exc:
        raise _invalid("issuer_url") from exc
    if url.scheme not in ("https", "http") or not host or "@" in url.netloc or "?" in issuer or "#" in issuer:
        raise _invalid("issuer_url")
    return urlunsplit((url.scheme, url.netloc, WELL_KNOWN + url.path.removesuffix("/"), "", ""))


def parse_issuer_metadata(document: bytes, *, issuer: str) -> IssuerMetadata:
    """Return the metadata that an issuer publishes about itself; members not known are ignored.

    Raises Untrusted[issuer_metadata_invalid] (reason ``issuer_mismatch``, ``key_source`` for both or none of
    ``jwks`` and ``jwks_uri``, ``jwks_uri``, ``jwks_form``, ``private_member``, ``json_malformed``),
    Malformed[limit_exceeded].
    """
    with told_as(CODE):
        metadata = strict_json.loads_object(document, what="issuer metadata", max_bytes=MAX_BYTES)
        if metadata.get("issuer") != issuer:
            raise _invalid("issuer_mismatch")
        if ("jwks" in metadata) == ("jwks_uri" in metadata):
            raise _invalid("key_source")
        if "jwks" in metadata:
            return IssuerMetadata(issuer, published_keys(metadata["jwks"]), None)
        uri = metadata["jwks_uri"]
        if not isinstance(uri, str) or not 0 < len(uri) <= MAX_URI_CHARS:
            raise _invalid("jwks_uri")
        return IssuerMetadata(issuer, None, uri)


def parse_key_set(document: bytes) -> tuple[Mapping[str, Any], ...]:
    """Return the keys of a JWK Set document. Raises as ``parse_issuer_metadata`` does. Spec: RFC 7517 §5."""
    with told_as(CODE):
        return published_keys(strict_json.loads_object(document, what="key set", max_bytes=MAX_BYTES))


def _invalid(reason: str) -> Untrusted:
    return Untrusted(CODE, spec=SPEC, reason=reason)
