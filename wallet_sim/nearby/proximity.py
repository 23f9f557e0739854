"""Show a credential to a person nearby where there is no network: an animated QR code, bound to a challenge.

A way of our own beside OpenID4VP, described in docs/proximity.md: nothing is sent, the holder alone chooses what
is shown, and the reader's challenge makes it fresh.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from portadoc.errors import Error, Malformed, Misconfigured, Refused
from portadoc.formats.animated_qr.frames import make_frames, read_frames
from portadoc.formats.animated_qr.proximity import AUDIENCE, UNSOLICITED
from portadoc.formats.jws import unverified_claims
from portadoc.formats.sd_jwt import bind, parse, process, select
from portadoc.keys.private_jwk import signer_from_private_jwk
from portadoc.schemas.claims import ClaimPath
from portadoc.wallet_sim.peers import Means
from portadoc.wallet_sim.store import HeldCredential, WalletStore

SPEC: Final = "Proximity"
CHALLENGE_PREFIX: Final = "PXN1:"
_CHALLENGE: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{16}", re.ASCII)
_KEPT_BACK: Final = frozenset({"personal_administrative_number", "pin", "personal_number"})
"""Claims that no holder shows without a second thought."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a screen shows: the presentation, and its frames as texts of QR codes."""

    credential: HeldCredential
    text: str = field(repr=False)
    frames: tuple[str, ...] = field(repr=False)


def read_challenge(entered: str) -> str:
    """Return the reader's challenge as typed or scanned; spaces and dashes only help the eye, nothing is none.

    Raises Malformed[challenge_malformed].
    """
    plain = re.sub(r"[\s-]", "", entered.strip().upper()).removeprefix(CHALLENGE_PREFIX)
    if not plain:
        return UNSOLICITED
    if not _CHALLENGE.fullmatch(plain):
        raise Malformed("challenge_malformed", spec=SPEC)
    return plain


def choices(credential: HeldCredential) -> tuple[tuple[ClaimPath, bool], ...]:
    """Return what the holder may show or keep back, and whether it is shown unless the holder says otherwise."""
    held = parse(credential.sd_jwt)
    disclosed = process(unverified_claims(held.jws_text), held.disclosures).disclosed
    return tuple((path, _KEPT_BACK.isdisjoint(map(str, path))) for path in disclosed)


def show(
    credential_id: str,
    *,
    challenge: str,
    chosen: Collection[ClaimPath] | None = None,
    means: Means,
    store: WalletStore,
) -> Shown:
    """Bind what the holder chose to the challenge and cut it into frames.

    ``challenge`` is as ``read_challenge`` returns it; ``chosen`` None takes what is shown unless kept back.
    The showing is counted before anything is signed. Raises Refused[credential_not_held], [frames_too_many],
    Malformed[claim_missing], Misconfigured[frames_differ] when our own frames do not read back.
    Spec: RFC 9901 §7.2.
    """
    held = {each.id: each for each in store.credentials()}
    if credential_id not in held:
        raise Refused("credential_not_held")
    credential = held[credential_id]
    paths = [path for path, usual in choices(credential) if usual] if chosen is None else list(chosen)
    unbound = select(credential.sd_jwt, paths)
    store.mark_presented(credential_id)
    text = bind(
        unbound,
        audience=AUDIENCE,
        nonce=challenge,
        now=means.clock.now(),
        signer=signer_from_private_jwk(credential.holder_key),
    )
    frames = make_frames(text)
    _require_readable(frames, text)
    return Shown(credential, text, frames)


def _require_readable(frames: tuple[str, ...], text: str) -> None:
    """Read our own frames as a reader would. Raises Misconfigured[frames_differ]."""
    try:
        read = read_frames(frames)
    except Error as exc:
        raise Misconfigured("frames_differ", spec=SPEC, reason=exc.code) from exc
    if read != text:
        raise Misconfigured("frames_differ", spec=SPEC, reason="text")
