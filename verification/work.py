"""Does the decision cover the work in question: in this State, for this employer, on these days.

Judged by the record that the claims restore to, so that every layout is read by its own rows. What is not shown is
never held against the document and never in its favour: it is not known. So it is where a place or an employer
was kept back by the holder or cannot be read, and none that was shown fits. Work in the State whose legislation
applies is covered: one legislation applies to all that the person does (Regulation (EC) 883/2004 art. 11(1)).
"""

from collections.abc import Iterator
from typing import Final

from portadoc.schemas.claims import JsonObject
from portadoc.schemas.codes import canonical_country
from portadoc.schemas.coverage import BilateralCertificate, MaintenanceCertificate
from portadoc.schemas.pda1 import Pda1
from portadoc.verification.checks import Finding, Outcome
from portadoc.verification.judging.reading import Reading
from portadoc.verification.judging.validity import NOT_SHOWN, coverage_kept_back
from portadoc.verification.policy import VerificationPolicy, WorkAsked, levelled

_PLACES: Final = frozenset({"countries_of_work", "state_of_work", "workplace", "workplaces", "no_fixed_place"})
_EMPLOYERS: Final = frozenset({"employments"})
_DECIDED_IN: Final = frozenset({Pda1.KIND, BilateralCertificate.KIND, MaintenanceCertificate.KIND})
"""The kinds of document that say which work a legislation covers."""


def covers_work(reading: Reading, policy: VerificationPolicy) -> Finding:
    """Ask whether the decision covers the work in question. A failure outweighs what is not shown.

    Raises as ``Reading.layout``, Malformed[claim_missing], [claim_invalid].
    """
    if policy.work is None:
        return Finding(Outcome.NOT_APPLICABLE, "work_not_asked")
    if reading.layout.kind not in _DECIDED_IN:
        return Finding(Outcome.NOT_APPLICABLE, "work_not_decided_here")
    found = tuple(_judged(reading, policy.work, policy))
    against = [each for each in found if each.outcome is Outcome.FAIL] or list(found)
    return against[0] if against else Finding(Outcome.PASS, "covers_work_ok")


def _judged(reading: Reading, work: WorkAsked, policy: VerificationPolicy) -> Iterator[Finding]:
    """Yield what speaks against: a State, an employer, days that are not covered or not shown."""
    record = reading.restored.record_fields
    if work.state is not None:
        asked = canonical_country(work.state)
        if asked not in _states(record):
            named = record.get("countries_of_work") or record.get("state_of_work")
            yield _missed(reading, _PLACES, "work_state_not_covered", "state", named)
    if work.employers and _employers(record).isdisjoint(map(levelled, work.employers)):
        yield _missed(reading, _EMPLOYERS, "work_employer_not_covered", "employer", record.get("employments"))
    first, last = work.days(policy.on_date)
    period = reading.layout.coverage_period(reading.claims)
    if not (period.start or first) <= first <= last <= (period.end or last):
        yield Finding(
            Outcome.FAIL, "work_period_not_covered", {"first": first.isoformat(), "last": last.isoformat()}
        )
    elif period == NOT_SHOWN or coverage_kept_back(reading, policy):
        yield _not_shown("period")


def _states(record: JsonObject) -> set[str]:
    named = {entry.get("country") for entry in record.get("countries_of_work", ())}
    others = record.get("state_of_work"), record.get("legislation", {}).get("state")
    return {state for state in (*named, *others) if state is not None}


def _employers(record: JsonObject) -> set[str]:
    """Return the identifiers of employers; one without a letter or digit names nobody."""
    named = {levelled(each["id"]) for each in record.get("employments", ()) if each and "id" in each}
    return named - {""}


def _missed(reading: Reading, fields: frozenset[str], code: str, part: str, shown: object) -> Finding:
    """Return that none fits of all that there are; that is not known where not all can be seen."""
    return Finding(Outcome.FAIL, code) if shown and _is_whole(reading, fields) else _not_shown(part)


def _is_whole(reading: Reading, fields: frozenset[str]) -> bool:
    """Tell whether every claim about these fields of the record was shown and could be read."""
    tops = {row.path[0] for row in reading.layout.claims if row.field is not None and row.field[0] in fields}
    processed = reading.processed
    kept_back = {path[0] for path in (*processed.issued_positions, *processed.withheld) if path}
    strange = {each.claim.partition(".")[0] for each in reading.deviations if each.code == "claim_not_in_form"}
    return tops.isdisjoint(kept_back | strange)


def _not_shown(part: str) -> Finding:
    return Finding(Outcome.UNKNOWN, "work_not_shown", {"reason": part})
