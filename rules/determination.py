"""Determine the applicable legislation: the consolidated decision table, row by row.

How the rules fit together (for whoever writes an article):

* A route is ``decide_xxx(case: Case) -> Finding``, one for each request kind, in ``ROUTES`` below.
* ``Case`` (derivation.py) gives ``case.facts``, ``case.law`` and ``case.pack``; a route records every row that
  it looks at (``case.met("row-12", "Reg. 883/2004 art. 12", ("/posting/end", end))``, ``case.not_met``,
  ``case.unknown``; ``parameters=("posting.max_months",)``) and informations with ``case.note("EXTENSION")``.
* ``Finding`` (decision.py) is made by ``review``, ``ask``, ``refuse``, ``forward``, ``exception_route``, or for a
  grant by ``Finding(outcome=Outcome.GRANT, ...)``. Articles are those of Regulation 883/2004, as
  ``"13(1)(b)(iv)"``; this module translates them for the case's instrument. A provision of another text gives
  ``instrument`` and is kept.
* A route is often a tuple of rows ``(case) -> Finding | None`` run by ``first_terminal``: the first finding ends
  it; a row that misses facts returns ``ask("/pointer", ...)``; the rows after it may only add their questions.
* Parameters are read by name from ``case.law`` (``integer``, ``number``, ``flag``, ``states``, ``get``,
  ``first_day``); an exception agreement exists only where ``case.pack.exception_possible``.

Spec: Regulation (EC) 883/2004 Title II; Regulation (EC) 987/2009 Title II; Decision A2
"""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from portadoc.rules.articles.agreed.agreement import decide_exception
from portadoc.rules.articles.agreed.pensioners import decide_pensioner_exemption
from portadoc.rules.articles.agreed.telework import decide_telework
from portadoc.rules.articles.multi_state import decide_multi_state
from portadoc.rules.articles.posting import decide_posting
from portadoc.rules.articles.single_state import decide_single_state
from portadoc.rules.articles.special.aircrew import decide_aircrew
from portadoc.rules.articles.special.contract_staff import decide_contract_staff
from portadoc.rules.articles.special.vessels import decide_vessel
from portadoc.rules.articles.special.voluntary import decide_voluntary
from portadoc.rules.decision import Action, Decision, Finding, Outcome, review
from portadoc.rules.derivation import Case
from portadoc.rules.facts import Facts, RequestKind
from portadoc.rules.incoming import answer_procedure, check_notice
from portadoc.rules.law import CURRENT_PACK, Law, law_at
from portadoc.rules.reach import reach_of
from portadoc.rules.rows import first_terminal
from portadoc.rules.scope import GENERAL_ROWS, another_legislation

Route = Callable[[Case], Finding]

ROUTES: Final[Mapping[RequestKind, Route]] = MappingProxyType(
    {
        RequestKind.POSTING: decide_posting,
        RequestKind.EXTENSION: decide_posting,
        RequestKind.SINGLE_STATE: decide_single_state,
        RequestKind.MULTI_STATE: decide_multi_state,
        RequestKind.TELEWORK_FRAMEWORK: decide_telework,
        RequestKind.VESSEL: decide_vessel,
        RequestKind.AIRCREW: decide_aircrew,
        RequestKind.EU_CONTRACT_STAFF: decide_contract_staff,
        RequestKind.VOLUNTARY_INSURANCE: decide_voluntary,
        RequestKind.EXCEPTION: decide_exception,
        RequestKind.EXEMPTION_PENSIONER: decide_pensioner_exemption,
        RequestKind.INCOMING: check_notice,
        RequestKind.PROCEDURE: answer_procedure,
    }
)
"""Row 9: which route answers which kind of request."""

WITHOUT_GENERAL_ROWS: Final = frozenset({RequestKind.INCOMING, RequestKind.PROCEDURE})
"""Notices of other institutions and questions of procedure have checks of their own instead of rows 1 to 8."""

CERTIFYING: Final = frozenset({Action.ISSUE_A1, Action.ISSUE_OTHER, Action.DETERMINE_AND_NOTIFY})

FIRST_DAY: Final = date(2012, 6, 28)
"""Regulation 465/2012 applies; earlier periods are answered under the tables of this day, or sent to a person."""


def law_for(facts: Facts, *, pack: str = CURRENT_PACK) -> Law:
    """Return the law of the first day of the period that is asked for. Raises Refused[law_pack_unknown]."""
    day = facts.request.period_start or facts.request.request_date or FIRST_DAY
    return law_at(max(day, FIRST_DAY), pack=pack)


def determine(facts: Facts, *, law: Law) -> Decision:
    """Decide one case, from its facts and the law alone; the same input gives the same decision.

    A fact that a row needs and nobody gave is asked for (REVIEW, MISSING_DATA, ``questions``), never assumed.
    An A1 is granted only for a State that issues it, and never under law that is not in force.
    """
    case = Case(facts, law)
    # 1-8 The person, the period, the instrument, the personal scope, other certificates.
    finding = None
    if facts.request.kind not in WITHOUT_GENERAL_ROWS:
        finding = first_terminal(case, GENERAL_ROWS)
    # 9 The route of the request.
    if finding is None:
        finding = ROUTES[facts.request.kind](case)
    # 10 The article of the case's instrument, the kinds of certificate that exist.
    return _conclude(case, _within_instrument(case, finding))


def _within_instrument(case: Case, finding: Finding) -> Finding:
    """Grant nothing that the instrument has no article for, or for a State beyond it, or beside a certificate."""
    if finding.outcome is not Outcome.GRANT:
        return finding
    if finding.instrument is None and finding.article and case.pack.article(finding.article) is None:
        return review("REGIME_TABLE_UNVERIFIED")
    given = finding.status_code is not None or finding.action in CERTIFYING
    if given and finding.competent_state not in reach_of(case.law, case.facts.regime):
        return review("REGIME_DOES_NOT_FIT")
    if given and another_legislation(case, finding):
        return review("OVERLAP_OTHER_LEGISLATION")
    return finding


def _conclude(case: Case, finding: Finding) -> Decision:
    pack = case.pack
    article, instrument = finding.article, finding.instrument
    if instrument is None and article is not None:
        article = pack.article(article)
        instrument = pack.instrument if article is not None else None
    action = finding.action
    if case.law.simulation and action is Action.ISSUE_A1:
        action = Action.NONE
    return Decision(
        outcome=finding.outcome,
        competent_state=finding.competent_state,
        article=article,
        instrument=instrument,
        status_code=finding.status_code,
        action=action,
        validity_start=finding.validity_start,
        validity_end=finding.validity_end,
        max_months=finding.max_months,
        provisional=finding.provisional,
        redirect_state=finding.redirect_state,
        default_state=finding.default_state,
        notify_states=finding.notify_states,
        reasons=finding.reasons,
        info=tuple(case.info),
        questions=finding.questions,
        derivation=tuple(case.steps),
        law_version=case.law.version,
        pack=pack.id,
        simulation=case.law.simulation,
    )
