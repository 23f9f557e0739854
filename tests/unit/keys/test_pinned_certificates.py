"""Certificates pinned by hand: whom they let in, and what they never authorise."""

from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Error, Misconfigured
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.pinned_certificates import PinnedCertificates
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.randomness import system_random_bytes

NOW = 1_795_348_800
PACK = KeyPurpose.TRUST_LIST


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[KeyRing, tuple[bytes, ...]]:
    folder = tmp_path_factory.mktemp("pinned")
    verifiers = [
        DevelopmentInstitution(slug, id_, "DE", "Test", frozenset({Role.VERIFIER}))
        for slug, id_ in (("own", "DE:TEST90"), ("other", "DE:TEST91"))
    ]
    ring = create_development_ring(
        folder,
        verifiers,
        base_url="https://verifier.example",
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    return ring, tuple(anchor.certificate for anchor in read_trust_file(folder / TRUST_FILE).anchors)


def refusal(pinned: PinnedCertificates, chain: tuple[bytes, ...], **changes: Any) -> tuple[str, object]:
    asked: dict[str, Any] = {
        "purpose": PACK,
        "at": NOW,
        "credential_type": None,
        "issuer": None,
        "institution": None,
    }
    with pytest.raises(Error) as caught:
        pinned.resolve(chain, **{**asked, **changes})
    return caught.value.code, caught.value.params.get("reason")


def test_a_root_lets_in_everybody_below_it_and_an_authority_its_own_institution(made: Any) -> None:
    ring, roots = made
    own, other = (ring.signer(slug, PACK).chain for slug in ("own", "other"))
    for chain, name in ((own, "DE:TEST90"), (other, "DE:TEST91")):
        assert PinnedCertificates(roots).resolve_chain(chain, purpose=PACK, at=NOW).institution_id == name
    pinned = PinnedCertificates(own[1:])
    assert pinned.resolve_chain(own, purpose=PACK, at=NOW).key.kid == ring.signer("own", PACK).kid
    assert pinned.resolve_chain(own[:1], purpose=PACK, at=NOW).institution_id == "DE:TEST90"
    assert refusal(pinned, other) == ("issuer_untrusted", "anchor_unknown")


def test_the_purpose_the_time_and_the_institution_are_asked_for(made: Any) -> None:
    ring, roots = made
    chain, pinned = ring.signer("own", PACK).chain, PinnedCertificates(roots)
    asked: dict[str, Any] = {"purpose": PACK, "at": NOW, "credential_type": None, "issuer": None}
    assert pinned.resolve(chain, **asked, institution="DE:TEST90").institution_id == "DE:TEST90"
    assert refusal(pinned, chain, institution="DE:TEST91") == ("issuer_untrusted", "institution_mismatch")
    assert refusal(pinned, chain, purpose=KeyPurpose.RECEIPT) == ("chain_invalid", "extended_key_usage")
    assert refusal(pinned, chain, at=NOW + 20 * 365 * 86_400) == ("chain_invalid", "expired")
    assert refusal(pinned, ()) == ("chain_invalid", "chain_missing")
    assert refusal(pinned, roots[:1]) == ("chain_invalid", "chain_missing")


def test_no_credential_and_no_issuer_is_ever_authorised(made: Any) -> None:
    ring, roots = made
    chain, pinned = ring.signer("own", PACK).chain, PinnedCertificates(roots)
    for changes in ({"credential_type": "urn:eudi:pda1:1"}, {"issuer": "https://verifier.example"}):
        assert refusal(pinned, chain, **changes) == ("issuer_untrusted", "purpose_not_authorised")


def test_only_authorities_can_be_pinned(made: Any) -> None:
    ring, _ = made
    for certificates, code in (((), "trust_empty"), (ring.signer("own", PACK).chain, "trust_malformed")):
        with pytest.raises(Misconfigured, match=code):
            PinnedCertificates(certificates)


def test_every_chain_for_a_purpose_can_be_listed(made: Any) -> None:
    ring, _ = made
    assert set(ring.chains(PACK)) == {ring.signer(slug, PACK).chain for slug in ("own", "other")}
    assert ring.chains(KeyPurpose.NONCE) == ()


def test_review_f11_only_an_institution_s_own_authority_says_whose_signature_it_has_to_be(made: Any) -> None:
    ring, roots = made
    own, other = (ring.signer(slug, PACK).chain[1:] for slug in ("own", "other"))
    assert PinnedCertificates(own).only_institution(PACK) == "DE:TEST90"
    assert PinnedCertificates((*own, *own)).only_institution(PACK) == "DE:TEST90"
    for several in (roots, (*own, *other), (*own, *roots)):
        assert PinnedCertificates(several).only_institution(PACK) is None


def test_review_f11_a_trust_file_names_the_only_institution_for_a_purpose(tmp_path: Path) -> None:
    for names, expected in ((("a",), "DE:A"), (("a", "b"), None)):
        folder = tmp_path / "-".join(names)
        verifiers = [
            DevelopmentInstitution(name, f"DE:{name.upper()}", "DE", "Test", frozenset({Role.VERIFIER}))
            for name in names
        ]
        create_development_ring(
            folder,
            verifiers,
            base_url="https://verifier.example",
            now=NOW,
            random_bytes=system_random_bytes,
            passphrase=b"test",
        )
        assert read_trust_file(folder / TRUST_FILE).only_institution(PACK) == expected
