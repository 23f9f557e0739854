"""Which URLs and which addresses are called at all."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Refused, Unavailable
from portadoc.fetch import Deadline, SafeFetch, Target, parse_target
from portadoc.fetch.addresses import is_loopback, is_public, require_public, resolve

PUBLIC = ("93.184.215.14", "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "2606:4700::1111", "2a00:1450::1")
NOT_PUBLIC = (
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1111%eth0",
    "fec0::1",
    "ff02::1",
    "localhost",
    "",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_leads_elsewhere_may_not(address: str) -> None:
    assert not is_public(address)


def test_one_private_address_among_many_refuses_the_host() -> None:
    require_public(PUBLIC)
    with pytest.raises(Refused) as refusal:
        require_public((*PUBLIC, "10.0.0.1"))
    assert (refusal.value.code, refusal.value.params) == ("fetch_blocked", {"reason": "address"})


def test_loopback_is_told_from_all_else() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.3.2.1", "::1")))
    assert not any(map(is_loopback, ("128.0.0.1", "::2", "::1%lo", "localhost", "10.0.0.1", "")))


def test_a_host_is_asked_for_once_and_its_addresses_are_kept_in_order() -> None:
    asked = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["1.1.1.1", "8.8.8.8", "1.1.1.1"]

    found = resolve("status.example", 443, resolver=resolver, deadline=Deadline(1))
    assert found == ("1.1.1.1", "8.8.8.8")
    assert asked == [("status.example", 443)]


def test_a_host_without_address_cannot_be_had() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    def empty(host: str, port: int) -> list[str]:
        return []

    for resolver in (unknown, empty):
        with pytest.raises(Unavailable) as refusal:
            resolve("status.example", 443, resolver=resolver, deadline=Deadline(1))
        assert refusal.value.params == {"reason": "dns"}


def test_a_resolver_that_hangs_is_left_behind() -> None:
    def hanging(host: str, port: int) -> list[str]:
        time.sleep(1)
        return ["1.1.1.1"]

    began = time.monotonic()
    with pytest.raises(Unavailable) as refusal:
        resolve("status.example", 443, resolver=hanging, deadline=Deadline(0.1))
    assert refusal.value.params == {"reason": "timeout"}
    assert time.monotonic() - began < 0.9


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://status.example", Target("https", "status.example", 443, "/")),
        ("https://status.example/status/1?a=b#c", Target("https", "status.example", 443, "/status/1?a=b")),
        ("https://STATUS.example:8443/", Target("https", "status.example", 8443, "/")),
        ("HTTPS://status.example/", Target("https", "status.example", 443, "/")),
        ("https://[2606:4700::1111]:444/x", Target("https", "2606:4700::1111", 444, "/x")),
        ("https://xn--bcher-kva.example/", Target("https", "xn--bcher-kva.example", 443, "/")),
    ],
)
def test_an_address_is_taken_apart(url: str, target: Target) -> None:
    assert parse_target(url) == target


def test_an_address_is_put_together_again() -> None:
    for url in ("https://status.example/", "https://status.example:8443/a?b=c", "https://[::1]:8443/"):
        assert parse_target(url).url == url
    assert parse_target("http://127.0.0.1:80/", schemes=frozenset({"http"})).origin == "http://127.0.0.1"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://status.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("ftp://status.example/", "scheme"),
        ("data:application/json,{}", "url"),
        ("data:application/json,1", "scheme"),
        ("gopher://status.example/", "scheme"),
        ("//status.example/", "scheme"),
        ("/status/1", "scheme"),
        ("", "url"),
        ("https://user@status.example/", "userinfo"),
        ("https://gov.example:pw@evil.example/", "userinfo"),
        ("https://@status.example/", "userinfo"),
        ("https://status.example:0/", "port"),
        ("https://status.example:/", "port"),
        ("https://status.example:99999/", "url"),
        ("https://status.example:abc/", "url"),
        ("https:///status", "host"),
        ("https://", "host"),
        ("https://.example/", "host"),
        ("https://status..example/", "host"),
        ("https://-a.example/", "host"),
        ("https://status_1.example/", "host"),
        ("https://status.example./", "host"),
        ("https://" + "a" * 64 + ".example/", "host"),
        ("https://" + "a." * 130 + "example/", "host"),
        ("https://[::1/", "url"),
        ("https://[fe80::1%25eth0]/", "host"),
        ("https://[v1.x]/", "host"),
        ("https://bücher.example/", "url"),
        ("https://status.example\\@evil.example/", "url"),
        ("https://status.example/a b", "url"),
        ("https://status.example/\r\nX: 1", "url"),
        ("https://status.example/\x00", "url"),
        (" https://status.example/", "url"),
        ("https://status%2eexample/", "host"),
        ("https://status.example/" + "a" * 5000, "url"),
    ],
)
def test_an_address_with_two_readings_is_refused(url: str, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_target(url)
    assert (refusal.value.code, refusal.value.params) == ("fetch_blocked", {"reason": reason})


@given(st.text(max_size=60))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://status.example{text}"):
        with contextlib.suppress(Refused):
            parse_target(url)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "169.254.169.254"],
)
def test_each_spelling_of_an_inner_address_is_blocked(host: str) -> None:
    with pytest.raises((Refused, Unavailable)) as refusal:
        SafeFetch().get(f"https://{host}/", accept=("application/json",))
    assert refusal.value.params["reason"] in ("address", "dns")


def test_a_port_where_another_protocol_listens_is_blocked() -> None:
    with pytest.raises(Refused) as refusal:
        SafeFetch(resolver=lambda host, port: ["1.1.1.1"]).get("https://mail.example:25/", accept=("text/plain",))
    assert refusal.value.params == {"reason": "port"}
