"""Looking into a visible digital seal: what it says, and what a strict reader minds. Nothing is verified."""

from typing import Final

from portadoc.cli.inspection.finding import Finding, Inspection, Said, Severity, refusal
from portadoc.cli.inspection.moments import said_times, time_findings
from portadoc.errors import Error
from portadoc.formats.visible_seal import SealClaims, UnverifiedSeal, parse_seal
from portadoc.formats.visible_seal.seal import unverified_claims
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.seals import SEAL_LAYOUTS, named_content, seal_kind

_UNKNOWN: Final = "-"


def inspect_seal(text: str, now: int) -> Inspection:
    """Return what a seal says: who sealed, until when, and the record that it holds, by its names."""
    try:
        seal = parse_seal(text, allowed_algs=ALL_ALGORITHMS)
        claims = unverified_claims(seal)
    except Error as error:
        return Inspection(kind="seal", said=(Said("what_seal_unreadable"),), findings=(refusal(error),))
    try:
        kind = seal_kind(claims.content)
    except Error as error:
        return _inspection(seal, claims, _UNKNOWN, {}, (refusal(error),), now)
    content = named_content(claims.content)
    return _inspection(seal, claims, kind, content, _deviations(kind, content), now)


def _inspection(
    seal: UnverifiedSeal,
    claims: SealClaims,
    kind: str,
    content: JsonObject,
    findings: tuple[Finding, ...],
    now: int,
) -> Inspection:
    envelope = claims.envelope
    said = (
        Said("what_seal", {"kind": kind, "institution": str(envelope.get("iss", _UNKNOWN))}),
        *said_times(envelope),
        Said("said_seal_key", {"key_id": seal.key_id.hex(), "alg": seal.unverified_message.alg}),
    )
    return Inspection(
        kind="seal",
        said=said,
        findings=(*findings, *time_findings(envelope, now)),
        content={"claims": envelope, "record": content},
    )


def _deviations(kind: str, content: JsonObject) -> tuple[Finding, ...]:
    found = SEAL_LAYOUTS[kind].restore({"content": content}).deviations
    return tuple(
        Finding(Severity.WARNING, each.code, {"claim": each.claim, "expected": each.expected}) for each in found
    )
