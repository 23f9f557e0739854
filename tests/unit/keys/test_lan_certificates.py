"""The authority of a local network: for local addresses and names, and for nothing else."""

import ipaddress

import pytest
from cryptography import x509

from portadoc.errors import Misconfigured
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.certificates import parse_certificate
from portadoc.keys.lan_certificates import (
    SERVER_DAYS,
    certifies,
    issue_server_certificate,
    local_address,
    make_lan_authority,
)
from portadoc.randomness import system_random_bytes

NOW = 1_795_000_000


@pytest.fixture(scope="module")
def authority():
    return make_lan_authority(now=NOW, random_bytes=system_random_bytes)


def certificate(authority, address="192.168.1.5", host_name="desk"):
    return issue_server_certificate(
        new_private_key("ES256", system_random_bytes),
        address=address,
        host_name=host_name,
        authority=authority,
        now=NOW,
        random_bytes=system_random_bytes,
    )


@pytest.mark.parametrize(
    "address", ["192.168.1.5", "10.1.2.3", "172.31.0.1", "127.0.0.1", "::1", "fd00::7", "fe80::1"]
)
def test_addresses_of_local_networks_are_taken(address):
    assert str(local_address(address)) == address


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "172.32.0.1", "2001:4860:4860::8888", "", "localhost", "192.168.1.300", "0.0.0.0"]
)
def test_other_addresses_are_refused(address):
    with pytest.raises(Misconfigured, match="lan_address_unusable"):
        local_address(address)


def test_the_server_certificate_names_the_address_the_host_and_this_machine(authority):
    read = parse_certificate(certificate(authority))
    names = read.extension(x509.SubjectAlternativeName)
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "desk.local"]
    assert {str(each) for each in names.get_values_for_type(x509.IPAddress)} == {"192.168.1.5", "127.0.0.1", "::1"}
    assert certifies(read, "192.168.1.5")
    assert not certifies(read, "192.168.1.6")
    assert read.not_after - read.not_before < SERVER_DAYS * 86_400 <= 398 * 86_400


def test_the_authority_vouches_for_one_step_and_for_local_names_only(authority):
    read = parse_certificate(authority.der)
    constraints = read.extension(x509.BasicConstraints)
    assert (constraints.ca, constraints.path_length) == (True, 0)
    extension = read.extensions.get_extension_for_class(x509.NameConstraints)
    assert extension.critical
    networks = [each.value for each in extension.value.permitted_subtrees if isinstance(each, x509.IPAddress)]
    for public in ("8.8.8.8", "1.1.1.1", "2606:4700::1111"):
        address = ipaddress.ip_address(public)
        assert not any(address in network for network in networks if network.version == address.version)
    dns = {each.value for each in extension.value.permitted_subtrees if isinstance(each, x509.DNSName)}
    assert dns == {"localhost", "local", "home.arpa", "internal"}


def test_two_authorities_can_be_told_apart(authority):
    other = make_lan_authority(now=NOW, random_bytes=system_random_bytes)
    assert other.certificate.subject != authority.certificate.subject
    assert other.der != authority.der
