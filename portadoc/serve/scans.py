"""What somebody scanned, judged by a trust pack: a seal of paper, or a presentation of a phone without network.

Everything is judged as of the time of the scan, but for the status: a withdrawal that became known later counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from portadoc.errors import Malformed, Refused
from portadoc.formats.animated_qr.proximity import AUDIENCE, MAX_BINDING_AGE_S, UNSOLICITED
from portadoc.formats.jws import unverified_claims
from portadoc.formats.sd_jwt import parse
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.trust_pack import TrustPack
from portadoc.formats.visible_seal import PREFIX
from portadoc.schemas.catalogue import ACCEPTED_VCTS, CREDENTIAL_TYPES, current_type, seal_types_for
from portadoc.schemas.claims import Json
from portadoc.schemas.profiles import profile
from portadoc.schemas.seals import SEAL_TYPES
from portadoc.verification.answers import HeldTypeMetadata, StatusAnswer
from portadoc.verification.pack_answers import PackStatus, packed_signers, packed_types
from portadoc.verification.policy import (
    KeyBindingRefused,
    KeyBindingRequired,
    KeyBindingUnsolicited,
    VerificationPolicy,
    WorkAsked,
)
from portadoc.verification.presets.presets import Preset
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.report import VerificationReport
from portadoc.verification.seal_procedure import verify_sealed

POLICY_ID: Final = "scan"
MAX_STATUS_AGE_S: Final = 86_400
"""As on the devices, whose policy this is."""
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "inspection": frozenset({"pda1", "application", "pid"}),
    "care": frozenset({"ehic", "prc", "pid"}),
}
"""The kinds of document that each purpose of the app may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTerms:
    """When something was scanned (epoch seconds), for which day, after which challenge, by which rules."""

    at: int
    on_date: date
    nonce: str | None = None
    purpose: str | None = None
    work: WorkAsked | None = None
    preset: Preset | None = None


class LaterStatus:
    """Statuses as the pack knows them, also of a time before its lists were signed."""

    def __init__(self, pack: TrustPack) -> None:
        self._pack, self._status = pack, PackStatus(pack)

    def answer(self, reference: StatusReference, *, institution: str, now: int) -> StatusAnswer:
        """Return what the pack says of a status. Raises Untrusted[status_invalid]."""
        return self._status.answer(reference, institution=institution, now=max(now, self._pack.as_of))


class PackJudge:
    """One trust pack, opened once for however many scans: its lists are believed when they are first asked for."""

    def __init__(self, pack: TrustPack, *, profile_id: str) -> None:
        self._pack, self._profile_id = pack, profile_id
        self._status, self._signers, self._types = LaterStatus(pack), packed_signers(pack), packed_types(pack)

    def judge(self, unverified_text: str, terms: ScanTerms) -> VerificationReport:
        """Return the report of what was scanned; nothing in it raises. Raises Refused[purpose_unknown]."""
        policy = scan_policy(unverified_text, terms, types=self._types, profile_id=self._profile_id)
        trust, status, now = self._pack.trust, self._status, terms.at
        if not unverified_text.startswith(PREFIX):
            return verify_presentation(unverified_text, trust=trust, status=status, policy=policy, now=now)
        return verify_sealed(
            unverified_text, trust=trust, signers=self._signers, status=status, policy=policy, now=now
        )


def scan_policy(
    unverified_text: str, terms: ScanTerms, *, types: HeldTypeMetadata, profile_id: str
) -> VerificationPolicy:
    """Return the rules for a scan; a holder's signature is asked for exactly where one came along.

    Without one it is a copy, as a printed code is: whose it is, nobody knows, and no copy is ever green.
    """
    question, bound = terms.preset, not unverified_text.endswith("~") and not unverified_text.startswith(PREFIX)
    return VerificationPolicy(
        policy_id=POLICY_ID if question is None else question.id,
        policy_version="" if question is None else question.version,
        accepted_types=types_for(terms.purpose) if question is None else accepted_types(question),
        key_binding=_nearby(unverified_text, terms.nonce) if bound else KeyBindingRefused(shown=True),
        status_required=question is None or question.status_required,
        work=terms.work,
        max_status_age_s=MAX_STATUS_AGE_S if question is None else question.max_status_age_s,
        profile=profile(profile_id),
        on_date=terms.on_date,
        type_metadata=types,
    )


def _nearby(unverified_text: str, challenge: str | None) -> KeyBindingRequired | KeyBindingUnsolicited:
    """Return the rule for a presentation shown nearby: the challenge, or none where its holder signed none.

    Its nonce is read unverified, to choose between two rules that both demand a fresh signature of the holder; the
    one without a challenge never proves the holder.
    """
    if challenge is None or _unverified_nonce(unverified_text) == UNSOLICITED:
        return KeyBindingUnsolicited(audience=AUDIENCE, max_age_s=MAX_BINDING_AGE_S)
    return KeyBindingRequired(audience=AUDIENCE, nonce=challenge, max_age_s=MAX_BINDING_AGE_S)


def _unverified_nonce(unverified_text: str) -> Json:
    try:
        return unverified_claims(parse(unverified_text).key_binding_jwt or "").get("nonce")
    except Malformed:
        return None


def types_for(purpose: str | None) -> frozenset[str]:
    """Return the types that count for a purpose of the app; those of all purposes where none is said.

    Raises Refused[purpose_unknown].
    """
    if purpose is not None and purpose not in _KINDS:
        raise Refused("purpose_unknown", known=", ".join(_KINDS))
    kinds = frozenset().union(*_KINDS.values()) if purpose is None else _KINDS[purpose]
    types = {vct for vct in ACCEPTED_VCTS if _kind_of(vct) in kinds}
    return frozenset(types | {SEAL_TYPES[kind] for kind in SEAL_TYPES if kind in kinds})


def _kind_of(vct: str) -> str:
    current = current_type(vct)
    return next((each.projection.kind for each in CREDENTIAL_TYPES.values() if each.vct == current), "")


def accepted_types(question: Preset) -> frozenset[str]:
    """Return the types of attestation that answer a question, and the seals of papers that stand for them."""
    asked = frozenset(question.types)
    return asked | seal_types_for(asked)
