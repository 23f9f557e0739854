"""The trust pack as bytes: the round trip, every bound, and every form that is refused."""

import random  # noqa: TID251 - a list that is the same in every run
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from portadoc.errors import Error, Malformed, Untrusted
from portadoc.formats import strict_json, trust_pack
from portadoc.formats.cose import cose_sign1, strict_cbor
from portadoc.formats.cose.cose_sign1 import CoseRole
from portadoc.formats.status_list.claims import StatusListTerms
from portadoc.formats.status_list.cwt_form import sign_status_list_cwt
from portadoc.formats.status_list.jwt_form import sign_status_list_jwt
from portadoc.formats.status_list.statuses import StatusList
from portadoc.formats.trust_pack import (
    PackedList,
    TrustPack,
    make_trust_pack,
    parse_trust_pack,
    unverified_content,
    verify_trust_pack,
)
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.keys.trust.trust_store import TrustedKey, TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.type_metadata import type_metadata

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
OPERATOR = "DE:TEST90"


@dataclass(frozen=True)
class House:
    ring: KeyRing
    trust: TrustStore

    @property
    def signer(self) -> Any:
        return self.ring.signer("de-inspection", KeyPurpose.TRUST_LIST)

    @property
    def trusted(self) -> TrustedKey:
        return self.trust.resolve_chain(self.signer.chain, purpose=KeyPurpose.TRUST_LIST, at=NOW)

    def pack(self, **changes: Any) -> TrustPack:
        values: dict[str, Any] = {
            "operator": OPERATOR,
            "sequence": 1,
            "as_of": NOW,
            "exp": NOW + 86_400,
            "trust": self.trust,
            "signer_chains": self.ring.chains(KeyPurpose.DOCUMENT_SEAL),
            "type_metadata": {"urn:eudi:ehic:1": type_metadata("urn:eudi:ehic:1").decode()},
            "status_lists": (
                PackedList("https://issuer.example/status/1", "header.payload.signature", NOW - 30),
                PackedList("https://issuer.example/status/2", b"\xd2\x84", NOW - 30),
            ),
            "withdrawal_lists": (PackedList("https://issuer.example/status/1", "a.b.c", NOW - 30),),
        }
        return TrustPack(**{**values, **changes})

    def open(self, message: bytes) -> TrustPack:
        return verify_trust_pack(parse_trust_pack(message, allowed_algs=ALL_ALGORITHMS), trusted=self.trusted)

    def content(self, pack: TrustPack | None = None) -> tuple[dict[str, Any], list[bytes]]:
        """The JSON and the tokens of a pack, to be bent and signed again."""
        message = parse_trust_pack(
            make_trust_pack(pack or self.pack(), signer=self.signer), allowed_algs=ALL_ALGORITHMS
        )
        content = strict_cbor.loads_map(
            zlib.decompress(message.unverified_message.payload), what="pack", max_bytes=2**24
        )
        return strict_json.loads_object(content["pack"], what="pack"), list(content["tokens"])

    def signed(self, content: Any) -> bytes:
        return self.signed_bytes(zlib.compress(strict_cbor.dumps(content)))

    def signed_bytes(self, payload: bytes) -> bytes:
        return cose_sign1.sign_payload(payload, typ=trust_pack.MEDIA_TYPE, signer=self.signer)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("pack-keys")
    vct = frozenset({"urn:eudi:pda1:1"})
    institutions = [
        DevelopmentInstitution("fr-demo", "FR:TEST01", "FR", "Test issuer", frozenset({Role.ISSUER}), vct),
        DevelopmentInstitution("de-inspection", OPERATOR, "DE", "Test", frozenset({Role.VERIFIER})),
        DevelopmentInstitution("de-other", "DE:TEST91", "DE", "Test", frozenset({Role.VERIFIER})),
    ]
    ring = create_development_ring(
        folder,
        institutions,
        base_url="https://issuer.example",
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    return House(ring, read_trust_file(folder / TRUST_FILE))


def refusal(call: Callable[[], object]) -> tuple[type[Error], str, object]:
    with pytest.raises(Error) as caught:
        call()
    return type(caught.value), caught.value.code, caught.value.params.get("reason")


def invalid(reason: str) -> tuple[type[Error], str, object]:
    return Untrusted, "trust_pack_invalid", reason


def test_a_pack_is_read_as_it_was_made(house: House) -> None:
    pack = house.pack()
    message = make_trust_pack(pack, signer=house.signer)
    assert house.open(message) == pack
    assert parse_trust_pack(message, allowed_algs=ALL_ALGORITHMS).unverified_chain == house.signer.chain
    assert [each.form for each in pack.status_lists] == ["jwt", "cwt"]
    assert house.open(make_trust_pack(house.pack(status_lists=(), withdrawal_lists=()), signer=house.signer))


def test_the_json_of_a_pack_can_be_shown(house: House) -> None:
    shown = parse_trust_pack(make_trust_pack(house.pack(), signer=house.signer), allowed_algs=ALL_ALGORITHMS)
    assert unverified_content(shown) == house.content()[0]
    broken = parse_trust_pack(house.signed_bytes(b"not zlib"), allowed_algs=ALL_ALGORITHMS)
    assert refusal(lambda: unverified_content(broken)) == invalid("compression")


def test_tokens_do_not_show_where_a_pack_is_printed(house: House) -> None:
    assert "header.payload" not in repr(house.pack())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sequence": 0}, "sequence"),
        ({"sequence": 2**53}, "sequence"),
        ({"exp": NOW}, "times"),
        ({"as_of": -1}, "times"),
        ({"status_lists": (PackedList("u", "a", 1), PackedList("u", "b", 1))}, "list_twice"),
        ({"withdrawal_lists": (PackedList("u", "a", NOW + 1),)}, "resolved_later"),
    ],
)
def test_values_that_no_pack_may_have(house: House, changes: dict[str, Any], reason: str) -> None:
    assert refusal(lambda: house.pack(**changes)) == invalid(reason)


def test_a_pack_is_not_made_larger_than_it_may_be_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_pack, "ROLE", CoseRole("trust_pack", trust_pack.MEDIA_TYPE, max_bytes=2000))
    too_large = (Malformed, "limit_exceeded", None)
    assert refusal(lambda: make_trust_pack(house.pack(), signer=house.signer)) == too_large
    monkeypatch.setattr(trust_pack, "MAX_INFLATED", 2000)
    assert refusal(lambda: make_trust_pack(house.pack(), signer=house.signer)) == too_large


def test_a_flipped_bit_anywhere_is_noticed(house: House) -> None:
    message = make_trust_pack(house.pack(), signer=house.signer)
    for place in range(0, len(message), 97):
        flipped = bytearray(message)
        flipped[place] ^= 1
        with pytest.raises(Error):
            house.open(bytes(flipped))


def test_the_signature_is_judged_before_anything_is_inflated(house: House) -> None:
    bomb = zlib.compress(bytes(64 * 1024 * 1024), 9)
    other = replace(
        house.trusted,
        key=house.trust.resolve_chain(
            house.ring.signer("fr-demo", KeyPurpose.STATUS).chain, purpose=KeyPurpose.STATUS, at=NOW
        ).key,
    )
    message = parse_trust_pack(house.signed_bytes(bomb), allowed_algs=ALL_ALGORITHMS)
    assert refusal(lambda: verify_trust_pack(message, trusted=other)) == invalid("signature_invalid")
    assert refusal(lambda: house.open(house.signed_bytes(bomb)))[:2] == (Malformed, "limit_exceeded")


def test_a_pack_of_another_type_or_algorithm_is_none(house: House) -> None:
    message = cose_sign1.sign_payload(b"", typ="application/statuslist+cwt", signer=house.signer)
    assert refusal(lambda: house.open(message)) == invalid("typ_mismatch")
    good = make_trust_pack(house.pack(), signer=house.signer)
    assert refusal(lambda: parse_trust_pack(good, allowed_algs=frozenset({"ES384"}))) == invalid("alg_not_allowed")
    assert refusal(lambda: house.open(b"\x80")) == invalid("cbor_malformed")
    assert refusal(lambda: house.open(bytes(9 * 1024 * 1024)))[1] == "limit_exceeded"


@pytest.mark.parametrize(
    "payload",
    [b"", b"not zlib", zlib.compress(b"\xa0")[:-3], zlib.compress(b"\xa0") + b"more"],
    ids=["empty", "other", "cut", "followed"],
)
def test_what_is_no_single_zlib_stream(house: House, payload: bytes) -> None:
    assert refusal(lambda: house.open(house.signed_bytes(payload))) == invalid("compression")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "cbor_malformed"),
        ({"pack": b"{}"}, "content"),
        ({"pack": "{}", "tokens": []}, "content"),
        ({"pack": b"{}", "tokens": []}, "members"),
        ({"pack": b'{"a":1,"a":1}', "tokens": []}, "json_malformed"),
    ],
)
def test_content_of_another_form(house: House, content: Any, reason: str) -> None:
    assert refusal(lambda: house.open(house.signed(content))) == invalid(reason)


BENT: list[tuple[dict[str, Any], str]] = [
    ({"iss": 1}, "iss"),
    ({"iss": ""}, "iss"),
    ({"iss": "DE:TEST91"}, "operator_mismatch"),
    ({"sequence": True}, "sequence"),
    ({"sequence": "1"}, "sequence"),
    ({"as_of": "now"}, "claim_invalid"),
    ({"exp": None}, "claim_invalid"),
    ({"more": 1}, "members"),
    ({"trust": {}}, "trust"),
    ({"trust": {"version": 1, "anchors": [], "authorisations": []}}, "trust"),
    ({"signer_certificates": {}}, "signers"),
    ({"signer_certificates": [[]]}, "signers"),
    ({"signer_certificates": [[1]]}, "signers"),
    ({"signer_certificates": [["=A"]]}, "signers"),
    ({"signer_certificates": [["é"]]}, "signers"),
    ({"signer_certificates": [["QQ=="], ["QR=="]]}, "signers"),
    ({"type_metadata": []}, "type_metadata"),
    ({"type_metadata": {"vct": {}}}, "type_metadata"),
    ({"type_metadata": {str(n): "{}" for n in range(65)}}, "type_metadata"),
    ({"status_lists": None}, "status_lists"),
    ({"withdrawal_lists": None}, "withdrawal_lists"),
    ({"status_lists": [{}, {}]}, "list_members"),
    ({"status_lists": []}, "tokens"),
    ({"status_lists": [{"uri": "u", "form": "xml", "resolved_at": 1}] * 2}, "list_form"),
    ({"status_lists": [{"uri": "", "form": "jwt", "resolved_at": 1}] * 2}, "list_uri"),
    ({"status_lists": [{"uri": "u", "form": "cwt", "resolved_at": 1}] * 2}, "list_twice"),
    ({"status_lists": [{"uri": "u", "form": "jwt", "resolved_at": 1.5}] * 2}, "list_form"),
    ({"status_lists": [{"uri": "u", "form": "cwt", "resolved_at": 1.5}] * 2}, "claim_invalid"),
]


@pytest.mark.parametrize(
    ("changes", "reason"), BENT, ids=[f"{next(iter(c))}-{r}-{n}" for n, (c, r) in enumerate(BENT)]
)
def test_a_signed_pack_of_another_form_is_refused(house: House, changes: dict[str, Any], reason: str) -> None:
    members, tokens = house.content()
    tokens[0] = b"\xff" if reason == "list_form" else tokens[0]
    bent = {"pack": strict_json.dumps({**members, **changes}), "tokens": tokens}
    assert refusal(lambda: house.open(house.signed(bent))) == invalid(reason)


@pytest.mark.parametrize("tokens", [None, {}, [b"1", b"2"], [b"1", b"2", b"3", b"4"], ["1", "2", "3"], [1, 2, 3]])
def test_tokens_of_another_form_or_number_are_refused(house: House, tokens: Any) -> None:
    members, _ = house.content()
    content = {"pack": strict_json.dumps(members), "tokens": tokens}
    assert refusal(lambda: house.open(house.signed(content)))[1] == "trust_pack_invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"status_lists": [{}] * 513},
        {"signer_certificates": [["QQ=="]] * 1025},
        {"signer_certificates": [["QQ=="] * 5]},
    ],
)
def test_no_more_of_anything_than_a_pack_may_hold(house: House, changes: dict[str, Any]) -> None:
    members, tokens = house.content()
    content = {"pack": strict_json.dumps({**members, **changes}), "tokens": tokens}
    assert refusal(lambda: house.open(house.signed(content)))[:2] == (Malformed, "limit_exceeded")


@pytest.mark.parametrize("form", ["jwt", "cwt"])
def test_the_statuses_of_eleven_million_documents_fit_in_250_kilobytes(house: House, form: str) -> None:
    pick, lists = random.Random(47), []
    signer = house.ring.signer("fr-demo", KeyPurpose.STATUS)
    for number in range(11):
        size = 2**20
        packed = bytearray(size // 8)
        for idx in pick.sample(range(size), size // 100):
            packed[idx >> 3] |= 1 << (idx & 7)
        uri = f"https://issuer.example/status/{number}"
        terms = StatusListTerms(uri=uri, iat=NOW - 60, exp=NOW + 86_400, ttl=900)
        sign: Any = sign_status_list_cwt if form == "cwt" else sign_status_list_jwt
        lists.append(PackedList(uri, sign(StatusList(1, bytes(packed)), terms, signer=signer), NOW - 30))
    documents = {each.vct: type_metadata(each.vct).decode() for each in CREDENTIAL_TYPES.values()}
    pack = house.pack(status_lists=tuple(lists), type_metadata=documents)
    message = make_trust_pack(pack, signer=house.signer)
    assert len(message) <= 250_000
    assert house.open(message) == pack
