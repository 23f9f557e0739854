"""Which authorities stand above a credential, as far as its own certificates say. Spec: OpenID4VP 1.0 §6.1.1."""

from cryptography import x509

from portadoc import base64url
from portadoc.formats.dcql.matching import Authority
from portadoc.keys.certificates import parse_certificate


def authorities_of(chain: tuple[bytes, ...]) -> frozenset[Authority]:
    """Return an ``aki`` entry for each authority key identifier in ``chain`` (DER certificates).

    The chain is not judged here: the entries say what it claims. Raises Malformed[malformed_token].
    Spec: OpenID4VP 1.0 §6.1.1.1, RFC 5280 §4.2.1.1.
    """
    extensions = (parse_certificate(der).extension(x509.AuthorityKeyIdentifier) for der in chain)
    identifiers = (extension.key_identifier for extension in extensions if extension is not None)
    return frozenset(("aki", base64url.encode(each)) for each in identifiers if each is not None)
