"""Who a verifier says it is: the client identifier with its prefix, and what has to stand behind each prefix.

Four prefixes are known. Everything else, old names and the reserved ``origin`` included, is refused by name.
Spec: OpenID4VP 1.0 §5.9.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from portadoc import base64url
from portadoc.errors import Untrusted
from portadoc.keys.certificates import parse_certificate

SPEC: Final = "OpenID4VP 1.0 §5.9"
MAX_CLIENT_ID_CHARS: Final = 2048
_CLIENT_ID: Final = re.compile(r"[!-~]+")
_RESERVED: Final = "origin"
_OLD: Final = frozenset({"did", "https", "http", "x509_san_uri", "entity_id", "verifier_attestation_jwt"})


class ClientIdPrefix(StrEnum):
    """The prefixes that are spoken here. ``REDIRECT_URI`` proves nothing about who asks."""

    X509_HASH = "x509_hash"
    X509_SAN_DNS = "x509_san_dns"
    VERIFIER_ATTESTATION = "verifier_attestation"
    REDIRECT_URI = "redirect_uri"


@dataclass(frozen=True, slots=True)
class ClientIdentifier:
    """A client identifier in its parts; ``full`` is what travels, and what a presentation is bound to."""

    prefix: ClientIdPrefix
    value: str

    @property
    def full(self) -> str:
        """The identifier with its prefix. Spec: OpenID4VP 1.0 §14.8."""
        return f"{self.prefix}:{self.value}"


def parse_client_identifier(text: str) -> ClientIdentifier:
    """Return the parts of a client identifier as received; nothing is proven by them yet.

    Raises Untrusted[request_object_invalid] with a reason: ``client_id_form``, ``client_id_prefix_reserved`` for
    ``origin``, ``client_id_prefix_old`` for names of earlier drafts, ``client_id_prefix_unknown``.
    Spec: OpenID4VP 1.0 §5.9.2.
    """
    if len(text) > MAX_CLIENT_ID_CHARS or not _CLIENT_ID.fullmatch(text):
        raise _invalid("client_id_form")
    prefix, colon, value = text.partition(":")
    if colon and prefix == _RESERVED:
        raise _invalid("client_id_prefix_reserved")
    if colon and prefix in _OLD:
        raise _invalid("client_id_prefix_old")
    if not colon or prefix not in frozenset(ClientIdPrefix):
        raise _invalid("client_id_prefix_unknown")
    if not value:
        raise _invalid("client_id_form")
    return ClientIdentifier(ClientIdPrefix(prefix), value)


def x509_hash(leaf_der: bytes) -> str:
    """Return the client identifier part for a certificate: base64url of SHA-256 over its DER. Spec: §5.9.3."""
    return base64url.encode(hashlib.sha256(leaf_der).digest())


def x509_hash_identifier(leaf_der: bytes) -> ClientIdentifier:
    """Return the identifier that is the certificate itself. Spec: OpenID4VP 1.0 §5.9.3, HAIP 1.0 §5."""
    return ClientIdentifier(ClientIdPrefix.X509_HASH, x509_hash(leaf_der))


def check_certificate(client: ClientIdentifier, leaf_der: bytes) -> None:
    """Require that the leaf certificate stands behind an ``x509_hash`` or ``x509_san_dns`` identifier.

    A name has to be one of the certificate's DNS names letter by letter: wildcards match nothing.
    Raises Untrusted[request_object_invalid] (``x509_hash_mismatch``, ``x509_san_dns_mismatch``,
    ``client_id_prefix_unfit``), Malformed[malformed_token]. Spec: OpenID4VP 1.0 §5.9.3.
    """
    if client.prefix is ClientIdPrefix.X509_HASH:
        if client.value != x509_hash(leaf_der):
            raise _invalid("x509_hash_mismatch")
    elif client.prefix is ClientIdPrefix.X509_SAN_DNS:
        if "*" in client.value or client.value not in _dns_names(leaf_der):
            raise _invalid("x509_san_dns_mismatch")
    else:
        raise _invalid("client_id_prefix_unfit")


def check_response_uri(client: ClientIdentifier, response_uri: str, *, attested_uris: Sequence[str] = ()) -> None:
    """Require an address for the answer that this client may name.

    ``x509_san_dns``: the address is on the host that the certificate names. ``redirect_uri``: it is that address.
    ``verifier_attestation``: it is one of ``attested_uris``, if the attestation lists any. ``x509_hash`` sets no
    bound. Raises Untrusted[request_object_invalid] (``response_uri_not_allowed``).
    Spec: OpenID4VP 1.0 §5.9.3, §8.2 (``response_uri`` follows the rules of ``redirect_uri``).
    """
    allowed = {
        ClientIdPrefix.X509_HASH: True,
        ClientIdPrefix.X509_SAN_DNS: _host(response_uri) == client.value,
        ClientIdPrefix.VERIFIER_ATTESTATION: not attested_uris or response_uri in attested_uris,
        ClientIdPrefix.REDIRECT_URI: response_uri == client.value,
    }
    if not allowed[client.prefix]:
        raise _invalid("response_uri_not_allowed")


def _dns_names(leaf_der: bytes) -> frozenset[str]:
    names = parse_certificate(leaf_der).extension(x509.SubjectAlternativeName)
    return frozenset(names.get_values_for_type(x509.DNSName)) if names else frozenset()


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _invalid(reason: str) -> Untrusted:
    return Untrusted("request_object_invalid", spec=SPEC, reason=reason)
