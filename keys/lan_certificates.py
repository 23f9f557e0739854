"""Certificates for HTTPS on a local network: an authority of the installation's own, and its server's certificate.

Whoever installs the authority on a phone trusts it for nothing but local addresses and names: it is constrained to
networks that no stranger can have, so its key is of no use against anybody's other connections.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from portadoc.errors import Misconfigured
from portadoc.keys.algorithms import PrivateKey, PublicKey, new_private_key
from portadoc.keys.certificates import UnverifiedCertificate
from portadoc.keys.development_chain import AUTHORITY_ALG, CertificateAuthority, key_usage, validity_from
from portadoc.randomness import RandomBytes

AUTHORITY_DAYS: Final = 1_825
SERVER_DAYS: Final = 90
_NETWORKS: Final = tuple(
    map(
        ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "100.64.0.0/10"),
            *("fc00::/7", "fe80::/10", "::1/128"),
        ),
    )
)
_LOCAL_NAMES: Final = ("localhost", "local", "home.arpa", "internal")
"""What public authorities certify for nobody. Spec: RFC 6761 §6.3, RFC 6762 §3, RFC 8375."""


def local_address(text: str) -> IPv4Address | IPv6Address:
    """Return an address of a network that is nobody's alone. Raises Misconfigured[lan_address_unusable]."""
    try:
        address = ip_address(text)
    except ValueError as exc:
        raise Misconfigured("lan_address_unusable", address=text) from exc
    if not any(_contains(network, address) for network in _NETWORKS):
        raise Misconfigured("lan_address_unusable", address=text)
    return address


def make_lan_authority(*, now: int, random_bytes: RandomBytes) -> CertificateAuthority:
    """Return a new authority for local addresses: five years. Spec: RFC 5280 §4.2.1.9, §4.2.1.10."""
    key = new_private_key(AUTHORITY_ALG, random_bytes)
    name = _name(f"Portadoc local network authority {random_bytes(3).hex()}")
    names: list[x509.GeneralName] = [
        *(x509.DNSName(each) for each in _LOCAL_NAMES),
        *(x509.IPAddress(network) for network in _NETWORKS),
    ]
    certificate = (
        _builder(name, name, key.public_key(), now, AUTHORITY_DAYS, random_bytes)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(authority=True), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=names, excluded_subtrees=None), critical=True)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return CertificateAuthority(certificate, key)


def issue_server_certificate(
    key: PrivateKey,
    *,
    address: str,
    host_name: str,
    authority: CertificateAuthority,
    now: int,
    random_bytes: RandomBytes,
) -> bytes:
    """Return the DER certificate of a server at ``address``, at ``host_name``.local and on its own machine.

    Valid for 90 days. Raises Misconfigured[lan_address_unusable]. Spec: RFC 5280 §4.2.1.6.
    """
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    if host_name:
        names.append(x509.DNSName(f"{host_name}.local"))
    addresses = {local_address(address), ip_address("127.0.0.1"), ip_address("::1")}
    names += [x509.IPAddress(each) for each in sorted(addresses, key=str)]
    subject = _name(f"Portadoc at {address}")
    issuer = authority.certificate.subject
    certificate = (
        _builder(subject, issuer, key.public_key(), now, SERVER_DAYS, random_bytes)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
        .sign(authority.key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return certificate.public_bytes(serialization.Encoding.DER)


def certifies(certificate: UnverifiedCertificate, address: str) -> bool:
    """Tell whether a certificate names an address."""
    names = certificate.extension(x509.SubjectAlternativeName)
    return names is not None and ip_address(address) in names.get_values_for_type(x509.IPAddress)


def _contains(network: IPv4Network | IPv6Network, address: IPv4Address | IPv6Address) -> bool:
    return network.version == address.version and address in network


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, now: int, days: int, random_bytes: RandomBytes
) -> x509.CertificateBuilder:
    first, last = validity_from(now, days)
    return (
        x509.CertificateBuilder(issuer, subject, key)
        .serial_number(int.from_bytes(random_bytes(16), "big") | 1)
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
