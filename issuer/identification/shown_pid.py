"""What is asked of a PID, and what a presentation of one proves: a person, or nobody.

Spec: OpenID4VP 1.0 §6, §8.6; EUDI PID rulebook 1.7.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

from portadoc.days import read_day
from portadoc.errors import Refused, Untrusted
from portadoc.formats.dcql.matching import CredentialView, check_answer
from portadoc.formats.dcql.query import SD_JWT_VC, DcqlQuery
from portadoc.formats.status_list.statuses import status_reference
from portadoc.issuer.identification.identity import (
    Assurance,
    Identity,
    IdentityNumber,
    IdentitySource,
    Numbering,
)
from portadoc.issuer.identification.pid_status import StatusLookup
from portadoc.keys.jwk import thumbprint
from portadoc.schemas.catalogue import EVERY_LAYOUT
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.pid import Pid
from portadoc.verification.answers import HeldStatusLists, TrustAnswers
from portadoc.verification.checks import KEY_BINDING, STATUS, Outcome
from portadoc.verification.policy import VerificationPolicy
from portadoc.verification.procedure import verify_presentation, with_status
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import Verdict

PID_QUERY: Final = "pid"
_NEEDED: Final = ("family_name", "given_name", "birthdate", "date_of_expiry")
_WHERE_THERE: Final[dict[str, list[str]]] = {
    "birth_family_name": ["birth_family_name"],
    "town_of_birth": ["place_of_birth", "locality"],
    "number": ["personal_administrative_number"],
}
"""What tells people of one name and one date of birth apart; asked for only where it is there."""


def pid_query(types: Sequence[str]) -> JsonObject:
    """Return the query: names, date of birth, the end of the document, and what else tells people apart."""
    claims = [{"id": name, "path": [name]} for name in _NEEDED]
    claims += [{"id": name, "path": path} for name, path in _WHERE_THERE.items()]
    sets = [
        [*_NEEDED, *chosen]
        for count in range(len(_WHERE_THERE), -1, -1)
        for chosen in combinations(_WHERE_THERE, count)
    ]
    meta = {"vct_values": list(types)}
    asked = {"id": PID_QUERY, "format": SD_JWT_VC, "meta": meta, "claims": claims, "claim_sets": sets}
    return {"credentials": [asked]}


def judged_pid(
    unverified_text: str,
    *,
    query: DcqlQuery,
    policy: VerificationPolicy,
    trust: TrustAnswers,
    statuses: StatusLookup,
    now: int,
) -> Identity:
    """Return the person whom a presentation proves, by the one procedure for presentations.

    Raises Untrusted[pid_not_accepted] with the code that decides as its reason, Refused[query_unsatisfied].
    """
    # 1. everything but the status: signer trusted for PID, signature, holder's key for this audience and nonce
    report = verify_presentation(unverified_text, trust=trust, status=HeldStatusLists(), policy=policy, now=now)
    # 2. the status, fetched only when all else holds
    reference = None if report.institution_id is None else status_reference(report.claims)
    if reference is not None and report.verdict is Verdict.STATUS_NOT_KNOWN:
        report = with_status(report, status=statuses.answers(reference.uri), policy=policy, now=now)
    if not report.valid or report.check(KEY_BINDING).outcome is not Outcome.PASS:
        decided = report.deciding_check
        raise Untrusted("pid_not_accepted", reason="unknown" if decided is None else decided.full_code)
    assert report.check(STATUS).outcome is not Outcome.UNKNOWN, "a valid report has a known status"
    # 3. what was asked, whatever the wallet made of it
    _require_answered(query, report)
    # 4. a person
    return _identity(report)


def _require_answered(query: DcqlQuery, report: VerificationReport) -> None:
    view = CredentialView(
        format=SD_JWT_VC,
        vct=report.credential_type or "",
        claims=report.claims,
        disclosed=report.disclosed,
        holder_bound=True,
        issued_positions=report.issued_positions,
    )
    for problem in check_answer(query, {PID_QUERY: (view,)}):
        raise Refused(
            "query_unsatisfied",
            spec="OpenID4VP 1.0 §8.6",
            query=problem.query,
            reason=problem.reason,
            path=problem.path,
        )


def _identity(report: VerificationReport) -> Identity:
    """Return the person of verified claims, read in the canonical vocabulary."""
    if report.layout is None or EVERY_LAYOUT[report.layout].kind != Pid.KIND:
        raise Untrusted("pid_not_accepted", reason="layout_unknown")
    record = report.record
    place = record.get("place_of_birth")
    number = _text(record.get("personal_number"))
    try:
        return Identity(
            family_name=_required(record, "family_name"),
            given_name=_required(record, "given_name"),
            birth_date=read_day(_required(record, "birthdate")),
            source=IdentitySource.PID,
            assurance=Assurance.HIGH,
            vouched_by=report.institution_id or "",
            birth_family_name=_text(record.get("birth_family_name")),
            town_of_birth=_text(place.get("locality")) if isinstance(place, dict) else None,
            numbers=() if number is None else (IdentityNumber(number, Numbering.NATIONAL),),
            shown_key=thumbprint(report.claims["cnf"]["jwk"]),
        )
    except ValueError as exc:  # a date that none is: the layout was read with a deviation
        raise Untrusted("pid_not_accepted", reason="claim_invalid") from exc


def _required(record: JsonObject, name: str) -> str:
    value = _text(record.get(name))
    if value is None:
        raise Untrusted("pid_not_accepted", reason="claim_missing")
    return value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
