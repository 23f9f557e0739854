"""A credential shown nearby: bound to the reader's challenge, with what the holder chose and nothing else."""

from typing import Any

import pytest

from portadoc.errors import Conflict, Error, Malformed, Misconfigured, Refused
from portadoc.formats.animated_qr.frames import make_frames, read_frames
from portadoc.formats.animated_qr.proximity import AUDIENCE, UNSOLICITED
from portadoc.formats.jws import unverified_claims
from portadoc.formats.sd_jwt import parse, process, verify_key_binding
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.wallet_sim.nearby import proximity
from portadoc.wallet_sim.nearby.proximity import choices, read_challenge
from portadoc.wallet_sim.wallet import Wallet

from .conftest import NOW

CHALLENGE = "0123456789ABCDEF"


@pytest.fixture
def holder(wallet: Any, issuer: Any) -> Wallet:
    """A wallet that holds a PDA1."""
    wallet.accept(issuer.offer("pda1"))
    assert isinstance(wallet, Wallet)
    return wallet


def shown_claims(text: str) -> dict[str, Any]:
    shown = parse(text)
    claims: dict[str, Any] = process(unverified_claims(shown.jws_text), shown.disclosures).claims
    return claims


def binding(text: str, nonce: str) -> dict[str, Any]:
    """The claims of the key binding, if it is for this reader."""
    shown = parse(text)
    assert shown.key_binding_jwt is not None
    key = public_key_from_jwk(unverified_claims(shown.jws_text)["cnf"]["jwk"], allowed_algs=ALL_ALGORITHMS)
    payload: dict[str, Any] = verify_key_binding(
        shown.key_binding_jwt,
        presented_text=text[: text.rindex("~") + 1],
        holder_key=key,
        audience=AUDIENCE,
        nonce=nonce,
        now=NOW,
        max_age_s=120,
        skew_s=60,
        hash_alg="sha-256",
    )
    return payload


def test_the_frames_hold_a_presentation_bound_to_the_challenge(holder: Wallet) -> None:
    shown = holder.show(holder.credentials()[0].id, challenge=CHALLENGE)
    assert read_frames(shown.frames) == shown.text
    assert binding(shown.text, CHALLENGE)["iat"] == NOW


@pytest.mark.parametrize(
    ("frames", "reason"),
    [((), "frame_malformed"), (make_frames("eyJhbGciOiJFUzI1NiJ9.e30.c2ln~"), "text")],
)
def test_frames_that_do_not_read_back_are_not_shown(
    holder: Wallet, monkeypatch: pytest.MonkeyPatch, frames: tuple[str, ...], reason: str
) -> None:
    monkeypatch.setattr(proximity, "make_frames", lambda _: frames)
    with pytest.raises(Misconfigured) as refused:
        holder.show(holder.credentials()[0].id, challenge=CHALLENGE)
    assert (refused.value.code, refused.value.params["reason"]) == ("frames_differ", reason)


def test_a_presentation_for_one_challenge_is_none_for_another(holder: Wallet) -> None:
    shown = holder.show(holder.credentials()[0].id, challenge=CHALLENGE)
    with pytest.raises(Error) as found:
        binding(shown.text, CHALLENGE[::-1])
    assert found.value.params["reason"] == "nonce"


def test_the_personal_number_stays_back_unless_the_holder_chooses_it(holder: Wallet) -> None:
    credential = holder.credentials()[0]
    usual = dict(choices(credential))
    assert usual == {("personal_administrative_number",): False, ("document_number",): True}
    first = shown_claims(holder.show(credential.id, challenge=CHALLENGE).text)
    assert "document_number" in first
    assert "personal_administrative_number" not in first
    chosen = [("personal_administrative_number",)]
    second = shown_claims(holder.show(credential.id, challenge=CHALLENGE, chosen=chosen).text)
    assert "document_number" not in second
    assert "personal_administrative_number" in second


def test_each_showing_is_counted(holder: Wallet) -> None:
    credential = holder.credentials()[0]
    holder.show(credential.id, challenge=UNSOLICITED)
    assert holder.credentials()[0].presented == credential.presented + 1


def test_what_the_wallet_does_not_hold_cannot_be_shown(holder: Wallet) -> None:
    with pytest.raises((Refused, Conflict)) as found:
        holder.show("other", challenge=CHALLENGE)
    assert found.value.code == "credential_not_held"


@pytest.mark.parametrize(
    ("entered", "read"),
    [
        ("0123456789abcdef", CHALLENGE),
        ("PXN1:0123456789ABCDEF", CHALLENGE),
        (" 0123-4567 89AB-CDEF ", CHALLENGE),
        ("", UNSOLICITED),
        ("   ", UNSOLICITED),
    ],
)
def test_a_challenge_is_read_as_typed_or_scanned(entered: str, read: str) -> None:
    assert read_challenge(entered) == read


@pytest.mark.parametrize(
    "entered", ["0123456789ABCDE", "0123456789ABCDEFG", "0123456789ABCDEU", "javascript:alert(1)"]
)
def test_what_is_no_challenge_is_refused(entered: str) -> None:
    with pytest.raises(Malformed) as found:
        read_challenge(entered)
    assert found.value.code == "challenge_malformed"
