"""The certificate and key with which the server ends TLS by itself, judged before it serves.

Spec: RFC 5280 §6.1, RFC 9525 §6, RFC 8446 §4.4.2.
"""

import ssl
import stat
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from portadoc.errors import Malformed, Misconfigured
from portadoc.keys.certificates import UnverifiedCertificate, from_pem, parse_certificate

_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only. Spec: RFC 9325 §4.2."""
_MAX_BYTES: Final = 256 * 1024
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class ServerTls:
    """Files for TLS: a chain in PEM, leaf first, and its key, encrypted where there is a ``passphrase``."""

    certificate_file: Path
    key_file: Path
    passphrase: bytes | None = field(default=None, repr=False)

    def context(self) -> ssl.SSLContext:
        """Return a server's context: TLS 1.2 or newer. Spec: RFC 9325 §3.1.1, §4.2."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_CIPHERS)
        context.load_cert_chain(self.certificate_file, self.key_file, self.passphrase)
        return context


def open_server_certificate(certificate_file: Path, key_file: Path, *, host: str, now: int) -> ServerTls:
    """Return what serves ``host`` by HTTPS, once certificate and key are found to be fit for it.

    Whether phones believe the certificate is theirs to say: no authority is judged here. Raises Misconfigured
    [tls_file_unusable], [tls_key_exposed], [tls_key_differs], [tls_chain_broken], [tls_certificate_expired],
    [tls_host_not_certified].
    """
    # 1. two files that can be read, the key by its owner only
    chain = _chain(certificate_file)
    key = _key(key_file)
    # 2. that belong together
    if key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != _public_key(chain[0]):
        raise Misconfigured("tls_key_differs", certificate=certificate_file.name, key=key_file.name)
    # 3. each certificate by the next one
    for lower, upper in pairwise(chain):
        _require_issued(lower, upper, certificate_file)
    # 4. all in their time
    for each in chain:
        if not each.not_before <= now <= each.not_after:
            raise Misconfigured("tls_certificate_expired", file=certificate_file.name)
    # 5. for a server of this name
    if not _certifies(chain[0], host):
        raise Misconfigured("tls_host_not_certified", file=certificate_file.name, host=host)
    return ServerTls(certificate_file, key_file)


def _chain(file: Path) -> tuple[UnverifiedCertificate, ...]:
    try:
        return tuple(map(parse_certificate, from_pem(_read(file).decode("ascii", "replace"))))
    except Malformed as exc:
        raise _unusable(file, "not_pem") from exc


def _key(file: Path) -> PrivateKeyTypes:
    try:
        if file.stat().st_mode & _OTHERS:
            raise Misconfigured("tls_key_exposed", file=file.name)
        return load_pem_private_key(_read(file), password=None)
    except TypeError as exc:  # a passphrase would be needed
        raise _unusable(file, "encrypted") from exc
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise _unusable(file, "not_pem") from exc
    except OSError as exc:
        raise _unusable(file, exc.strerror or type(exc).__name__) from exc


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_MAX_BYTES)
    except OSError as exc:
        raise _unusable(file, exc.strerror or type(exc).__name__) from exc


def _public_key(unverified: UnverifiedCertificate) -> bytes:
    return unverified.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _require_issued(lower: UnverifiedCertificate, upper: UnverifiedCertificate, file: Path) -> None:
    try:
        lower.certificate.verify_directly_issued_by(upper.certificate)
    except (ValueError, TypeError, InvalidSignature) as exc:
        raise Misconfigured("tls_chain_broken", file=file.name) from exc


def _certifies(unverified: UnverifiedCertificate, host: str) -> bool:
    """Tell whether a certificate names a host, as browsers compare, and may serve. Spec: RFC 9525 §6.3."""
    usage = unverified.extension(x509.ExtendedKeyUsage)
    names = unverified.extension(x509.SubjectAlternativeName)
    if names is None or (usage is not None and ExtendedKeyUsageOID.SERVER_AUTH not in usage):
        return False
    try:
        return ip_address(host) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        _, _, parent = host.partition(".")
        wanted = {host.lower(), f"*.{parent}".lower()} if parent else {host.lower()}
        return any(each.lower() in wanted for each in names.get_values_for_type(x509.DNSName))


def _unusable(file: Path, reason: str) -> Misconfigured:
    return Misconfigured("tls_file_unusable", file=file.name, reason=reason)
