"""Which authorities stand above a credential, as far as its own certificates say. Spec: OpenID4VP 1.0 §6.1.1."""

from cryptography import x509

from portadoc import base64url
from portadoc.formats.dcql.matching import Authority
from portadoc.keys.certificates import parse_certificate


def authorities_of(chain: tuple[bytes, ...], *, trust_lists: frozenset[str] = frozenset()) -> frozenset[Authority]:
    """Return an ``aki`` entry for each authority key identifier in ``chain`` (DER certificates).

    The chain is not judged here: the entries say what it claims. ``trust_lists`` are the URIs of the trusted lists
    that its anchor is on, from who judged the chain (``TrustedKey.trust_lists``): each becomes an ``etsi_tl``
    entry. Raises Malformed[malformed_token]. Spec: OpenID4VP 1.0 §6.1.1.1, §6.1.1.2, RFC 5280 §4.2.1.1.
    """
    extensions = (parse_certificate(der).extension(x509.AuthorityKeyIdentifier) for der in chain)
    identifiers = (extension.key_identifier for extension in extensions if extension is not None)
    by_key = {("aki", base64url.encode(each)) for each in identifiers if each is not None}
    return frozenset(by_key | {("etsi_tl", uri) for uri in trust_lists})
