"""Figures: nothing is counted twice, left out or made nicer."""

from portadoc.portal.applications.application import ApplicationState
from portadoc.portal.officers.departures import departures
from portadoc.portal.officers.figures import figures_of
from portadoc.portal.officers.verdicts import Verdict, VerdictOutcome
from portadoc.portal.store.office_store import Counted

SINCE = 1000


def case(
    state: ApplicationState,
    *,
    opened: int,
    decided: int | None,
    automated: bool = True,
    article: str | None = None,
) -> Counted:
    outcome = None if decided is None else "GRANT" if article else "REFUSE"
    return Counted(
        state=state, automated=automated, opened_at=opened, decided_at=decided, article=article, outcome=outcome
    )


def test_shares_and_percentiles_are_those_of_the_decided_cases() -> None:
    granted = [
        case(ApplicationState.GRANTED, opened=2000, decided=2000 + took, article="12(1)") for took in range(1, 9)
    ]
    slow = case(ApplicationState.REFUSED, opened=900, decided=5000, automated=False)
    old = case(ApplicationState.GRANTED, opened=10, decided=20, article="12(1)")
    waiting = case(ApplicationState.IN_REVIEW, opened=3000, decided=None, automated=False)
    draft = case(ApplicationState.DRAFT, opened=3000, decided=None)
    found = figures_of([*granted, slow, old, waiting, draft], days=1, since=SINCE, limit=100)
    assert (found.decided, found.automated, found.open_now) == (9, 8, 1)
    assert (found.delay.p50, found.delay.p80, found.delay.cases) == (5, 8, 9)
    assert (found.delay_officer.p50, found.delay_officer.cases) == (4100, 1)
    assert found.outcomes == (("12(1)", "GRANT", 8), (None, "REFUSE", 1))
    assert found.cut is None


def test_without_cases_nothing_is_claimed() -> None:
    found = figures_of([], days=1, since=SINCE, limit=100)
    assert (found.decided, found.delay.p50, found.delay.p80, found.outcomes) == (0, None, None, ())


def test_that_not_all_were_counted_is_said() -> None:
    cases = [case(ApplicationState.GRANTED, opened=2000, decided=2001)] * 3
    assert figures_of(cases, days=1, since=SINCE, limit=3).cut == 3


def test_a_verdict_departs_where_it_is_not_what_the_rules_found() -> None:
    found = {
        "outcome": "GRANT",
        "article": "12(1)",
        "competent_state": "FR",
        "validity_start": "2027-01-04",
        "validity_end": None,
    }
    refused = Verdict(outcome=VerdictOutcome.REFUSE, reason="No.")
    elsewhere = Verdict(outcome=VerdictOutcome.OTHER_LEGISLATION, reason="No.", other_state="DE")
    assert [each.what for each in departures(refused, found, own_state="FR")] == ["outcome"]
    assert [each.what for each in departures(elsewhere, found, own_state="FR")] == ["article", "state", "period"]
    assert departures(refused, {**found, "outcome": "REVIEW"}, own_state="FR") == ()
    assert departures(refused, None, own_state="FR") == ()
