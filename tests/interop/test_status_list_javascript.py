"""Status lists of all four widths, written and read crosswise with npm ``@sd-jwt/jwt-status-list`` 0.19.0."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from portadoc.errors import Untrusted
from portadoc.formats.status_list.jwt_form import (
    StatusListLimits,
    VerifiedStatusList,
    make_status_list_token,
    read_status_list_token,
)
from portadoc.formats.status_list.statuses import StatusList
from tests.interop.sd_jwt_peers import ISSUER, ISSUER_JWK, ISSUER_KEY, NOW

pytestmark = pytest.mark.node

URI = "https://issuer.example/status/1"
WIDTHS = (1, 2, 4, 8)
SIZE = 1024
CLAIMS = {"sub": URI, "iat": NOW - 60, "exp": NOW + 3600, "ttl": 300}


def statuses(bits: int) -> list[int]:
    """Return every value of a width, in an order that repeats at no power of two."""
    return [(index * index + index // 7) % 2**bits for index in range(SIZE)]


def written_here(bits: int, **changes: int) -> str:
    listed = StatusList.of(SIZE, bits=bits).set(dict(enumerate(statuses(bits))))
    times = {"iat": NOW - 60, "exp": NOW + 3600, "ttl": 300, **changes}
    return make_status_list_token(listed, uri=URI, signer=ISSUER, **times)


def read_here(token: str) -> VerifiedStatusList:
    return read_status_list_token(token, key=ISSUER_KEY, uri=URI, now=NOW, skew_s=5, limits=StatusListLimits())


def flipped(token: str) -> str:
    """Return the token with one letter of its signature changed."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


@dataclass(frozen=True)
class Exchange:
    """Lists that the library wrote, and what it found in those that it was given; by name."""

    written: dict[str, str]
    found: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def exchange(run_script: Callable[[str, object], Any]) -> Exchange:
    everywhere = list(range(SIZE))
    read = {str(bits): {"token": written_here(bits), "at": everywhere} for bits in WIDTHS}
    read["beyond"] = {"token": written_here(1), "at": [SIZE]}
    read["flipped"] = {"token": flipped(written_here(1)), "at": [0]}
    read["expired"] = {"token": written_here(1, iat=NOW - 7200, exp=NOW - 3600), "at": [0]}
    write = {str(bits): {"statuses": statuses(bits), "bits": bits, "claims": CLAIMS} for bits in WIDTHS}
    write["expired"] = write["1"] | {"claims": {**CLAIMS, "iat": NOW - 7200, "exp": NOW - 3600}}
    write["odd"] = write["1"] | {"statuses": [1, 0, 1]}
    write["too large"] = write["2"] | {"statuses": [4, 0, 0, 0]}
    return Exchange(**run_script("status_list.mjs", {"key": ISSUER_JWK, "write": write, "read": read}))


@pytest.mark.parametrize("bits", WIDTHS)
def test_what_is_written_here_is_read_there(exchange: Exchange, bits: int) -> None:
    assert exchange.found[str(bits)] == {"ok": True, "value": statuses(bits)}


@pytest.mark.parametrize("bits", WIDTHS)
def test_what_is_written_there_is_read_here(exchange: Exchange, bits: int) -> None:
    verified = read_here(exchange.written[str(bits)])
    assert (verified.uri, verified.exp, verified.ttl) == (URI, NOW + 3600, 300)
    assert [verified.statuses.get(index) for index in range(SIZE)] == statuses(bits)


def test_both_pack_a_list_into_the_same_bytes(exchange: Exchange) -> None:
    for bits in WIDTHS:
        assert read_here(exchange.written[str(bits)]).statuses == read_here(written_here(bits)).statuses


def test_a_list_that_ends_within_a_byte_is_filled_up_with_valid_entries(exchange: Exchange) -> None:
    odd = read_here(exchange.written["odd"]).statuses
    assert [odd.get(index) for index in range(odd.capacity)] == [1, 0, 1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "list_name", "change", "index"),
    [("beyond", "1", str, SIZE), ("flipped", "1", flipped, 0), ("expired", "expired", str, 0)],
)
def test_both_refuse_a_spoilt_list(
    exchange: Exchange, name: str, list_name: str, change: Callable[[str], str], index: int
) -> None:
    assert not exchange.found[name]["ok"]
    with pytest.raises(Untrusted):
        read_here(change(exchange.written[list_name])).statuses.get(index)


def test_the_library_packs_a_value_one_too_large_into_the_entries_beside_it(exchange: Exchange) -> None:
    # Its constructor refuses values above 2**bits but not 2**bits itself; ours refuses both.
    spilt = read_here(exchange.written["too large"]).statuses
    assert [spilt.get(index) for index in range(4)] != [4, 0, 0, 0]
    with pytest.raises(Untrusted):
        StatusList.of(4, bits=2).set({0: 4})
