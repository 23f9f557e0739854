"""The key ring on disk: opened with its passphrase, by purpose; retired keys only verify; nothing leaks."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Conflict, Misconfigured, Untrusted
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import parse_chain
from portadoc.keys.development_ring import PURPOSES_OF_ROLE, DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.jwk import PRIVATE_MEMBERS, public_key_from_jwk
from portadoc.keys.key_index import INDEX_FILE, KeyState, read_index
from portadoc.keys.key_ring import KeyMaker, KeyPurpose, KeyRing
from portadoc.keys.purposes import DOMAIN_OF_PURPOSE
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.keys.trust.trust_store import TrustStore

from .conftest import BASE_URL, DAY, EHIC, INSTITUTIONS, NOW, PASSPHRASE, PDA1, make_ring, seeded

OF_AN_ISSUER = PURPOSES_OF_ROLE[Role.ISSUER]
SIGNING = [purpose for purpose in OF_AN_ISSUER if purpose is not KeyPurpose.NONCE]
SEVENTH_DAY = NOW + 7 * DAY


def opened(ring: KeyRing, passphrase: bytes = PASSPHRASE) -> KeyRing:
    return KeyRing.open(ring.directory, passphrase=passphrase)


def rotated(ring: KeyRing, purpose: KeyPurpose = KeyPurpose.CREDENTIAL, alg: str = "ES256") -> KeyRing:
    return ring.new_key("fr-demo", purpose, alg=alg, now=SEVENTH_DAY, random_bytes=seeded(b"rotated"))


def edit_index(ring: KeyRing, change: Callable[[dict[str, Any]], object]) -> None:
    path = ring.directory / INDEX_FILE
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def test_an_issuer_has_a_key_for_each_purpose_and_a_verifier_for_its_own(ring: KeyRing) -> None:
    held = {(key.institution, key.purpose) for key in ring.keys}
    assert {p for slug, p in held if slug == "fr-demo"} == set(OF_AN_ISSUER)
    assert {p for slug, p in held if slug == "de-inspection"} == set(PURPOSES_OF_ROLE[Role.VERIFIER])
    with pytest.raises(Misconfigured, match="key_missing"):
        ring.signer("de-inspection", KeyPurpose.CREDENTIAL)
    with pytest.raises(Misconfigured, match="key_missing"):
        ring.signer("unknown", KeyPurpose.CREDENTIAL)


@pytest.mark.parametrize("purpose", SIGNING)
def test_a_reopened_ring_signs_and_its_public_keys_verify(ring: KeyRing, purpose: KeyPurpose) -> None:
    signer = opened(ring).signer("fr-demo", purpose)
    (key,) = ring.public_keys("fr-demo", purpose)
    key.verify(b"text", signer.sign(b"text"))
    assert key.kid == signer.kid
    assert bool(signer.chain) == (purpose in DOMAIN_OF_PURPOSE)


def test_no_key_serves_two_purposes_or_institutions(ring: KeyRing) -> None:
    assert len({key.kid for key in ring.keys}) == len(ring.keys)


def test_a_signer_is_opened_once_and_kept(ring: KeyRing) -> None:
    assert ring.signer("fr-demo", KeyPurpose.CREDENTIAL) is ring.signer("fr-demo", KeyPurpose.CREDENTIAL)
    assert ring.mac("fr-demo") is ring.mac("fr-demo", KeyPurpose.NONCE)


def test_message_codes_hold_across_openings_and_differ_between_institutions(ring: KeyRing) -> None:
    tag = ring.mac("fr-demo").tag(b"nonce")
    opened(ring).mac("fr-demo").verify(b"nonce", tag)
    with pytest.raises(Untrusted, match="mac_invalid"):
        ring.mac("fr-health").verify(b"nonce", tag)


def test_a_message_code_key_never_signs_and_a_signature_key_makes_no_codes(ring: KeyRing) -> None:
    with pytest.raises(Misconfigured, match="key_mismatch"):
        ring.signer("fr-demo", KeyPurpose.NONCE)
    with pytest.raises(Misconfigured, match="key_mismatch"):
        ring.mac("fr-demo", KeyPurpose.CREDENTIAL)
    assert ring.public_keys("fr-demo", KeyPurpose.NONCE) == ()


def test_a_new_key_retires_the_one_before_which_still_verifies(ring: KeyRing) -> None:
    old = ring.signer("fr-demo", KeyPurpose.CREDENTIAL)
    signature = old.sign(b"text")
    ring = opened(rotated(ring))
    new = ring.signer("fr-demo", KeyPurpose.CREDENTIAL)
    retired, active = ring.public_keys("fr-demo", KeyPurpose.CREDENTIAL)
    assert (retired.kid, active.kid) == (old.kid, new.kid)
    assert old.kid != new.kid
    retired.verify(b"text", signature)
    (entry,) = [key for key in ring.keys if key.kid == old.kid]
    assert (entry.state, entry.retired_at) == (KeyState.RETIRED, SEVENTH_DAY)
    assert ring.signer("fr-health", KeyPurpose.CREDENTIAL).kid in {key.kid for key in make_keys(ring, "fr-health")}


def make_keys(ring: KeyRing, institution: str) -> list[Any]:
    return [key for key in ring.keys if key.institution == institution and key.state is KeyState.ACTIVE]


def test_a_rotated_key_is_trusted_like_the_one_before(ring: KeyRing, trust: TrustStore) -> None:
    signer = rotated(ring).signer("fr-demo", KeyPurpose.CREDENTIAL)
    trusted = trust.resolve(
        signer.chain,
        purpose=KeyPurpose.CREDENTIAL,
        at=SEVENTH_DAY,
        credential_type=PDA1,
        issuer=f"{BASE_URL}/issuer/fr-demo",
        institution="FR:TEST01",
    )
    assert trusted.key.kid == signer.kid


@pytest.mark.parametrize("purpose", OF_AN_ISSUER)
def test_every_purpose_can_be_rotated(ring: KeyRing, purpose: KeyPurpose) -> None:
    before = {key.kid for key in ring.keys}
    after = {key.kid for key in rotated(ring, purpose).keys}
    assert before < after
    assert len(after) == len(before) + 1


@pytest.mark.parametrize("alg", sorted(ALL_ALGORITHMS))
def test_a_new_key_may_use_any_allowed_algorithm(ring: KeyRing, alg: str) -> None:
    assert rotated(ring, KeyPurpose.AUDIT, alg).signer("fr-demo", KeyPurpose.AUDIT).alg == alg


def test_i03_a_retired_key_signs_no_more(ring: KeyRing) -> None:
    edit_index(ring, lambda index: [key.update(state="retired", retired_at=NOW) for key in index["keys"]])
    for use in (ring_signer, ring_mac):
        with pytest.raises(Conflict, match="key_retired"):
            use(opened(ring))
    assert len(opened(ring).public_keys("fr-demo", KeyPurpose.CREDENTIAL)) == 1


def ring_signer(ring: KeyRing) -> object:
    return ring.signer("fr-demo", KeyPurpose.CREDENTIAL)


def ring_mac(ring: KeyRing) -> object:
    return ring.mac("fr-demo")


@given(st.sampled_from([key.slug for key in INSTITUTIONS]), st.sampled_from(OF_AN_ISSUER))
def test_i02_a_published_key_set_never_holds_a_private_member(
    tmp_path_factory: pytest.TempPathFactory, slug: str, purpose: KeyPurpose
) -> None:
    ring = _shared_ring(tmp_path_factory)
    for jwk in ring.public_jwks(slug, purpose)["keys"]:
        assert PRIVATE_MEMBERS.isdisjoint(jwk)
        assert jwk.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}
        assert public_key_from_jwk(jwk, allowed_algs={"ES256"}).kid == jwk["kid"]


_rings: list[KeyRing] = []


def _shared_ring(factory: pytest.TempPathFactory) -> KeyRing:
    if not _rings:
        _rings.append(rotated(make_ring(factory.mktemp("shared") / "ring")))
    return _rings[0]


def test_i02_the_index_and_what_a_ring_shows_hold_no_secret(ring: KeyRing) -> None:
    for key in ring.keys:
        assert key.jwk is None or PRIVATE_MEMBERS.isdisjoint(key.jwk)
    shown = repr(ring) + repr(ring.index) + repr(KeyMaker(ring.directory, PASSPHRASE, NOW, seeded(b"")))
    assert PASSPHRASE.decode() not in shown + (ring.directory / INDEX_FILE).read_text()


def test_files_are_for_their_owner_only(ring: KeyRing) -> None:
    assert ring.directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in ring.directory.iterdir()} == {0o600}


def test_i01_a_ring_with_a_key_file_that_others_can_read_is_not_opened(ring: KeyRing) -> None:
    next(ring.directory.glob("*.key.pem")).chmod(0o644)
    with pytest.raises(Misconfigured, match="key_file_readable_by_others"):
        opened(ring)


def test_a_ring_without_one_of_its_key_files_is_not_opened(ring: KeyRing) -> None:
    next(ring.directory.glob("*.key.pem")).unlink()
    with pytest.raises(Misconfigured, match="key_file_missing"):
        opened(ring)


def test_a_wrong_passphrase_shows_in_the_check_and_at_first_use(ring: KeyRing) -> None:
    opened(ring).check()
    for use in (KeyRing.check, ring_signer, ring_mac):
        with pytest.raises(Misconfigured, match="passphrase_wrong"):
            use(opened(ring, b"wrong"))
        with pytest.raises(Misconfigured, match="passphrase_missing"):
            use(opened(ring, b""))


def test_listing_needs_no_passphrase(ring: KeyRing) -> None:
    rows = [
        (key.institution, key.purpose, key.kid, key.alg, key.state, key.not_after)
        for key in opened(ring, b"").keys
    ]
    assert len(rows) == 26


def swap(first: Path, second: Path) -> None:
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def only(ring: KeyRing, pattern: str) -> Path:
    (path,) = ring.directory.glob(pattern)
    return path


def test_a_swapped_key_file_is_noticed(ring: KeyRing) -> None:
    swap(only(ring, "fr-demo-credential-*.key.pem"), only(ring, "fr-demo-nonce-*.key.pem"))
    for use in (ring_signer, ring_mac, KeyRing.check):
        with pytest.raises(Misconfigured, match="key_mismatch"):
            use(opened(ring))


def test_a_swapped_authority_key_certifies_nothing(ring: KeyRing) -> None:
    swap(only(ring, "fr-demo-access-authority-*.key.pem"), only(ring, "fr-demo-attestation-authority-*.key.pem"))
    with pytest.raises(Misconfigured, match="key_mismatch"):
        rotated(opened(ring))


def test_a_swapped_certificate_is_noticed(ring: KeyRing) -> None:
    (credential,) = ring.directory.glob("fr-demo-credential-*.chain.pem")
    (status,) = ring.directory.glob("fr-demo-status-*.chain.pem")
    credential.write_bytes(status.read_bytes())
    with pytest.raises(Misconfigured, match="key_mismatch"):
        opened(ring).signer("fr-demo", KeyPurpose.CREDENTIAL)


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff"])
def test_a_damaged_certificate_file_is_refused(ring: KeyRing, content: bytes) -> None:
    next(ring.directory.glob("fr-demo-credential-*.chain.pem")).write_bytes(content)
    with pytest.raises(Misconfigured, match="chain_file_malformed"):
        opened(ring).signer("fr-demo", KeyPurpose.CREDENTIAL)


def test_a_directory_without_a_ring_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="key_ring_missing"):
        KeyRing.open(tmp_path, passphrase=PASSPHRASE)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda index: index.update(version=2), id="version"),
        pytest.param(lambda index: index.update(more=1), id="unknown-member"),
        pytest.param(lambda index: index["keys"][0].update(purpose="sign"), id="purpose-unknown"),
        pytest.param(lambda index: index["keys"][0].update(state="lost"), id="state-unknown"),
        pytest.param(lambda index: index["keys"][0].update(created_at="now"), id="time-text"),
        pytest.param(lambda index: index["keys"][0].update(jwk=[]), id="jwk-array"),
        pytest.param(lambda index: index["keys"][0].update(jwk={"x": 1}), id="jwk-number"),
        pytest.param(lambda index: index["keys"][0].pop("uri"), id="uri-missing"),
        pytest.param(lambda index: index["authorities"][0].update(domain="web"), id="domain-unknown"),
        pytest.param(lambda index: index["institutions"][0].update(urls=[1]), id="urls-numbers"),
    ],
)
def test_a_damaged_index_is_refused(ring: KeyRing, change: Callable[[dict[str, Any]], object]) -> None:
    edit_index(ring, change)
    with pytest.raises(Misconfigured, match="key_ring_malformed"):
        opened(ring)


def test_an_index_that_is_no_json_is_refused(ring: KeyRing) -> None:
    (ring.directory / INDEX_FILE).write_text("{")
    with pytest.raises(Misconfigured, match="key_ring_malformed"):
        opened(ring)


@pytest.mark.parametrize("uri", ["file:../other.pem", "file:/etc/hostname", "env:KEY"])
def test_a_key_outside_the_directory_is_refused(ring: KeyRing, uri: str) -> None:
    edit_index(ring, lambda index: index["keys"][0].update(uri=uri))
    with pytest.raises(Misconfigured, match="key_uri_unsupported"):
        opened(ring)


def test_a_new_key_for_an_unknown_institution_or_without_authority_is_refused(ring: KeyRing) -> None:
    with pytest.raises(Misconfigured, match="ring_institution_unknown"):
        ring.new_key("unknown", KeyPurpose.AUDIT, now=NOW, random_bytes=seeded(b""))
    with pytest.raises(Misconfigured, match="authority_missing"):
        ring.new_key("de-inspection", KeyPurpose.CREDENTIAL, now=NOW, random_bytes=seeded(b""))
    with pytest.raises(Misconfigured, match="key_alg_unsupported"):
        ring.new_key("fr-demo", KeyPurpose.AUDIT, alg="RS256", now=NOW, random_bytes=seeded(b""))
    assert read_index(ring.directory) == ring.index


def test_the_same_bytes_and_time_make_the_same_ring(tmp_path: Path) -> None:
    one, two, other = (make_ring(tmp_path / name, seed) for name, seed in (("1", b"a"), ("2", b"a"), ("3", b"b")))
    assert {p.name: p.read_bytes() for p in one.directory.iterdir()} == {
        p.name: p.read_bytes() for p in two.directory.iterdir()
    }
    assert {key.kid for key in one.keys}.isdisjoint(key.kid for key in other.keys)


def test_a_ring_is_never_overwritten(ring: KeyRing) -> None:
    before = {path: path.read_bytes() for path in ring.directory.iterdir()}
    with pytest.raises(Conflict, match="key_ring_exists"):
        make_ring(ring.directory, b"again")
    assert {path: path.read_bytes() for path in ring.directory.iterdir()} == before


def test_an_empty_passphrase_makes_no_ring(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="passphrase_missing"):
        create_development_ring(
            tmp_path, INSTITUTIONS, base_url=BASE_URL, now=NOW, random_bytes=seeded(b""), passphrase=b""
        )
    assert not (tmp_path / INDEX_FILE).exists()


def test_names_of_files_tell_no_secret_and_are_safe_everywhere(ring: KeyRing) -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", path.name) for path in ring.directory.iterdir())


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("slug", ""),
        ("slug", "FR"),
        ("slug", "../up"),
        ("slug", "a" * 41),
        ("id", ""),
        ("country", "fr"),
        ("country", "FRA"),
        ("name", ""),
        ("name", "n" * 65),
        ("roles", frozenset()),
    ],
)
def test_an_institution_that_no_certificate_can_name_is_refused(member: str, value: object) -> None:
    with pytest.raises(Misconfigured, match="institution_invalid"):
        DevelopmentInstitution(
            **{**{f: getattr(INSTITUTIONS[0], f) for f in asdict(INSTITUTIONS[0])}, member: value}
        )


@pytest.mark.parametrize("purpose", sorted(DOMAIN_OF_PURPOSE.keys() & set(OF_AN_ISSUER)))
def test_chains_of_the_ring_are_two_certificates_of_the_shape_that_production_has(
    ring: KeyRing, purpose: KeyPurpose
) -> None:
    leaf, authority = parse_chain(ring.signer("fr-demo", purpose).chain)
    assert not leaf.is_self_issued
    assert not leaf.is_authority
    assert authority.is_authority
    days = 1_461 if purpose is KeyPurpose.DOCUMENT_SEAL else 366  # a printed seal cannot be renewed
    assert (days - 2) * DAY < leaf.not_after - leaf.not_before < days * DAY
    assert leaf.not_before <= NOW - DAY  # issuance times are rounded down to the day
    critical = {extension.oid._name for extension in leaf.extensions if extension.critical}
    assert critical == {"basicConstraints", "keyUsage"}


@pytest.mark.parametrize(
    ("slug", "institution", "credential_type", "role"),
    [("fr-demo", "FR:TEST01", PDA1, "issuer"), ("fr-health", "FR:TEST02", EHIC, "issuer")],
)
def test_the_trust_file_beside_the_ring_trusts_each_issuer_for_its_own_type(
    ring: KeyRing, trust: TrustStore, slug: str, institution: str, credential_type: str, role: str
) -> None:
    for purpose in (KeyPurpose.CREDENTIAL, KeyPurpose.STATUS, KeyPurpose.METADATA, KeyPurpose.REQUEST):
        trusted = trust.resolve(
            ring.signer(slug, purpose).chain,
            purpose=purpose,
            at=NOW,
            credential_type=credential_type,
            issuer=f"{BASE_URL}/{role}/{slug}",
            institution=institution,
        )
        assert trusted.key.kid == ring.signer(slug, purpose).kid


def test_b11_the_trust_file_trusts_no_issuer_for_the_type_of_another(ring: KeyRing, trust: TrustStore) -> None:
    with pytest.raises(Untrusted, match="type_not_authorised"):
        trust.resolve(
            ring.signer("fr-health", KeyPurpose.CREDENTIAL).chain,
            purpose=KeyPurpose.CREDENTIAL,
            at=NOW,
            credential_type=PDA1,
            issuer=None,
            institution=None,
        )


def test_b08_the_access_root_of_verifiers_vouches_for_no_credential(ring: KeyRing, trust: TrustStore) -> None:
    chain = ring.signer("de-inspection", KeyPurpose.REQUEST).chain
    asked: dict[str, Any] = {"at": NOW, "credential_type": PDA1, "issuer": None, "institution": "DE:TEST90"}
    assert trust.resolve(chain, purpose=KeyPurpose.REQUEST, **asked).institution_id == "DE:TEST90"
    with pytest.raises(Untrusted, match="extended_key_usage"):
        trust.resolve(chain, purpose=KeyPurpose.CREDENTIAL, **asked)


def test_a_host_name_in_the_base_url_is_named_in_certificates(tmp_path: Path) -> None:
    ring = create_development_ring(
        tmp_path / "ring",
        INSTITUTIONS[:1],
        base_url="https://portadoc.example.test",
        now=NOW,
        random_bytes=seeded(b""),
        passphrase=PASSPHRASE,
    )
    trust = read_trust_file(ring.directory / TRUST_FILE)
    (validated,) = [
        trust._validate(ring.signer("fr-demo", purpose).chain, purpose, NOW)
        for purpose in (KeyPurpose.CREDENTIAL,)
    ]
    assert validated.host_names == {"portadoc.example.test"}
    assert validated.uris == {"https://portadoc.example.test/issuer/fr-demo"}


def test_a_missing_or_damaged_trust_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="trust_missing"):
        read_trust_file(tmp_path / TRUST_FILE)
    (tmp_path / TRUST_FILE).write_text("[")
    with pytest.raises(Misconfigured, match="trust_malformed"):
        read_trust_file(tmp_path / TRUST_FILE)
