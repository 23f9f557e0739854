"""Questions about one piece of work abroad for a limited time.

Spec: Regulation (EC) 883/2004 art. 12, Regulation (EC) 987/2009 art. 14(1)-(4), Decision A2
"""

from datetime import date
from typing import Final

from portadoc.portal.questions.form import Case, Fault, Field, FieldKind, Question, Section, Shape
from portadoc.portal.questions.parties import asks_for_self, by_worker, has_employer
from portadoc.schemas.claims import Json

FIRST_MONTHS: Final = 2
"""Months of business at home below which it matters what the person did before."""
_DAYS_OF_A_MONTH: Final = 31
_POSTED: Final = ("posted_same_employer", "posted_other_employer")


def is_posting(case: Case) -> bool:
    """Tell whether the request is about one piece of work in one other state."""
    return case.says("situation", "posting")


def employs(case: Case) -> bool:
    """Tell whether the request is about a posted employee."""
    return is_posting(case) and has_employer(case)


def _situations(case: Case) -> tuple[str, ...]:
    if asks_for_self(case):
        return ("posting", "several_states", "vessel")
    return ("posting", "several_states", "telework", "public_service", "vessel", "aircrew")


def period_in_order(value: Json, case: Case) -> tuple[Fault, ...]:
    """Expect an end that is not before the start, and an end where the law asks for one."""
    if value["end"] is None:
        return (("end", "end_needed"),) if is_posting(case) else ()
    return (("end", "after_start"),) if value["end"] < value["start"] else ()


def _rows_in_order(value: Json, case: Case) -> tuple[Fault, ...]:
    return tuple((f"{index}.end", "after_start") for index, row in enumerate(value) if row["end"] < row["start"])


def _asks_period(case: Case) -> bool:
    return case.known.request != "extension"


def _end_after_earlier(value: Json, case: Case) -> tuple[Fault, ...]:
    last = case.part("earlier_period", "end")
    return (("new_end", "after_earlier_end"),) if last is not None and value <= last else ()


def _end_in_period(value: Json, case: Case) -> tuple[Fault, ...]:
    """Require the first day that is not covered any more to be a day of the certificate, or the one after it."""
    first, last = case.day("certificate_period", "start"), case.day("certificate_period", "end")
    day = date.fromisoformat(value["effective_from"])
    outside = first is not None and (day < first or (last is not None and (day - last).days > 1))
    return (("effective_from", "in_period"),) if outside else ()


def _abroad(case: Case) -> bool:
    return is_posting(case) or case.get("situation") == "public_service"


def _replaces_posted(case: Case) -> bool:
    return case.get("replaces") in _POSTED


def _link_is_broken(case: Case) -> bool:
    return case.part("link", "direct_relationship") is False


def _lives_where_work_is(case: Case) -> bool:
    return is_posting(case) and case.part("residence", "country") == case.get("host_state")


def _had_posting(case: Case) -> bool:
    return case.part("history", "earlier_posting") is True


def _has_other_certificate(case: Case) -> bool:
    return case.part("history", "other_certificate") is True


def _asks_cover(case: Case) -> bool:
    return employs(case) and "cover" not in case.known.told


def _has_cover(case: Case) -> bool:
    return case.get("cover_basis") not in (None, "none")


def _newly_hired(case: Case) -> bool:
    """Tell whether the person may have been hired for this work: where no register shows work before it."""
    cover, start = case.get("cover"), case.day("period", "start")
    if not employs(case) or case.known.request == "extension":
        return False
    if cover is None or cover.get("since") is None or start is None:
        return True
    return (start - date.fromisoformat(cover["since"])).days < _DAYS_OF_A_MONTH


def is_private(case: Case) -> bool:
    """Tell whether the activity of the employer at home has to be shown: it has not for a public body."""
    return has_employer(case) and case.get("employer_kind") != "public" and not by_worker(case)


def _asks_home_activity(case: Case) -> bool:
    return employs(case) and is_private(case)


def _is_agency(case: Case) -> bool:
    return employs(case) and case.get("employer_kind") == "temp_agency" and not by_worker(case)


def _asks_admin(case: Case) -> bool:
    return _asks_home_activity(case) and not _is_agency(case)


def _posts_self(case: Case) -> bool:
    return is_posting(case) and asks_for_self(case)


def _is_young_business(case: Case) -> bool:
    months = case.get("months_active")
    return _posts_self(case) and (months is None or months < FIRST_MONTHS)


def _yes_no(name: str, *, unknown: bool = False) -> Field:
    return Field(name, FieldKind.YES_NO, unknown=unknown)


SITUATION: Final = (
    Question(
        "situation",
        Section.REQUEST,
        Shape.ONE,
        (Field("situation", FieldKind.CHOICE, offered=_situations),),
        ("/request/kind", "/applicant_kind"),
    ),
    Question(
        "host_state",
        Section.WORK,
        Shape.ONE,
        (Field("host_state", FieldKind.COUNTRY),),
        ("/posting/host_state", "/activities/0/state"),
        when=_abroad,
        check=lambda value, case: (
            (("host_state", "other_country"),)
            if value == case.known.asked_state and case.get("situation") == "posting"
            else ()
        ),
    ),
    Question(
        "period",
        Section.WORK,
        Shape.GROUP,
        (Field("start", FieldKind.DATE), Field("end", FieldKind.DATE, required=False)),
        ("/request/period_start", "/request/period_end", "/posting/start", "/posting/end"),
        when=_asks_period,
        check=period_in_order,
    ),
)

POSTING: Final = (
    Question(
        "workplaces",
        Section.WORK,
        Shape.ROWS,
        (
            Field("name", FieldKind.TEXT),
            Field("street", FieldKind.TEXT, required=False),
            Field("postcode", FieldKind.TEXT, required=False, most=20),
            Field("town", FieldKind.TEXT),
        ),
        ("/posting/host_undertakings",),
        when=_abroad,
        rows_shown=1,
    ),
    Question(
        "replaces",
        Section.CONDITIONS,
        Shape.ONE,
        (Field("replaces", FieldKind.CHOICE, options=("none", "local_worker", *_POSTED), unknown=True),),
        ("/posting/replaces",),
        when=employs,
    ),
    Question(
        "replaced_posting",
        Section.CONDITIONS,
        Shape.GROUP,
        (Field("start", FieldKind.DATE), Field("end", FieldKind.DATE), _yes_no("ended_early", unknown=True)),
        ("/posting/replaced_posting",),
        when=_replaces_posted,
        check=period_in_order,
    ),
    Question(
        "link",
        Section.CONDITIONS,
        Shape.GROUP,
        (
            _yes_no("direct_relationship", unknown=True),
            Field("paid_by", FieldKind.CHOICE, options=("employer", "host"), unknown=True),
            _yes_no("hired_out_onward", unknown=True),
            _yes_no("only_this_work", unknown=True),
        ),
        (
            "/posting/direct_relationship",
            "/posting/paid_by",
            "/posting/hired_out_onward",
            "/activities/0/share_of_time",
            "/activities/0/share_of_pay",
        ),
        when=employs,
    ),
    Question(
        "group_company",
        Section.CONDITIONS,
        Shape.ONE,
        (_yes_no("group_company", unknown=True),),
        ("/posting/group_company",),
        when=_link_is_broken,
    ),
    Question(
        "worked_at_home",
        Section.CONDITIONS,
        Shape.ONE,
        (_yes_no("worked_at_home", unknown=True),),
        ("/posting/worked_in_home_state_before",),
        when=_lives_where_work_is,
    ),
    Question(
        "cover_basis",
        Section.CONDITIONS,
        Shape.ONE,
        (
            Field(
                "cover_basis",
                FieldKind.CHOICE,
                options=("employment", "self_employment", "benefit", "residence", "none"),
                unknown=True,
            ),
        ),
        ("/posting/prior_cover", "/posting/prior_cover/basis"),
        when=_asks_cover,
    ),
    Question(
        "cover_since",
        Section.CONDITIONS,
        Shape.GROUP,
        (Field("since", FieldKind.DATE), Field("gap_days", FieldKind.NUMBER, most=3660)),
        ("/posting/prior_cover/since", "/posting/prior_cover/gap_days_before_start", "/posting/prior_cover/days"),
        when=_has_cover,
    ),
    Question(
        "recruited_for_posting",
        Section.CONDITIONS,
        Shape.ONE,
        (_yes_no("recruited_for_posting", unknown=True),),
        ("/posting/recruited_for_posting",),
        when=_newly_hired,
    ),
    Question(
        "history",
        Section.CONDITIONS,
        Shape.GROUP,
        (_yes_no("earlier_posting", unknown=True), _yes_no("other_certificate", unknown=True)),
        ("/previous_postings", "/existing_a1"),
        when=is_posting,
    ),
    Question(
        "earlier_postings",
        Section.CONDITIONS,
        Shape.ROWS,
        (
            Field("start", FieldKind.DATE),
            Field("end", FieldKind.DATE),
            _yes_no("same_undertakings"),
            Field("relation", FieldKind.CHOICE, options=("extension_of_same_posting", "separate_assignment")),
        ),
        ("/previous_postings",),
        when=_had_posting,
        check=_rows_in_order,
        rows_shown=1,
    ),
    Question(
        "other_certificates",
        Section.CONDITIONS,
        Shape.ROWS,
        (
            Field("state", FieldKind.COUNTRY),
            Field("start", FieldKind.DATE),
            Field("end", FieldKind.DATE),
        ),
        ("/existing_a1",),
        when=_has_other_certificate,
        check=_rows_in_order,
        rows_shown=1,
    ),
    Question(
        "turnover_share",
        Section.EMPLOYER,
        Shape.ONE,
        (Field("turnover_share", FieldKind.PERCENT, unknown=True),),
        ("/employers/0/home_activity/turnover_share",),
        when=_asks_admin,
    ),
    Question(
        "admin_staff",
        Section.EMPLOYER,
        Shape.GROUP,
        (_yes_no("admin_only"), Field("admin_share", FieldKind.PERCENT, unknown=True)),
        ("/employers/0/home_activity/admin_staff_only", "/employers/0/home_activity/admin_staff_share"),
        when=_asks_admin,
    ),
    Question(
        "home_assignments_share",
        Section.EMPLOYER,
        Shape.ONE,
        (Field("home_assignments_share", FieldKind.PERCENT, unknown=True),),
        ("/employers/0/home_activity/home_assignments_share",),
        when=_is_agency,
    ),
    Question(
        "months_active",
        Section.EMPLOYER,
        Shape.ONE,
        (Field("months_active", FieldKind.NUMBER, most=1200),),
        ("/self_employed_home/months_active_before",),
        when=_posts_self,
    ),
    Question(
        "prior_status",
        Section.CONDITIONS,
        Shape.ONE,
        (Field("prior_status", FieldKind.CHOICE, options=("employee", "self_employed", "none")),),
        ("/self_employed_home/prior_status",),
        when=_is_young_business,
    ),
    Question(
        "own_business",
        Section.CONDITIONS,
        Shape.GROUP,
        (
            _yes_no("real_activity", unknown=True),
            _yes_no("keeps_means", unknown=True),
            _yes_no("similar_activity", unknown=True),
            _yes_no("only_this_work", unknown=True),
        ),
        (
            "/self_employed_home",
            "/self_employed_home/keeps_means",
            "/self_employed_home/similar_activity",
            "/self_employed_home/real_home_activity",
        ),
        when=_posts_self,
    ),
)

EXTENSION: Final = (
    Question(
        "new_end",
        Section.WORK,
        Shape.ONE,
        (Field("new_end", FieldKind.DATE),),
        ("/request/period_end", "/posting/end"),
        when=lambda case: case.known.request == "extension",
        check=_end_after_earlier,
    ),
    Question(
        "unchanged",
        Section.REQUEST,
        Shape.ONE,
        (_yes_no("unchanged"),),
        when=lambda case: case.known.request == "extension",
    ),
)

WITHDRAWAL: Final = (
    Question(
        "withdrawal",
        Section.REQUEST,
        Shape.GROUP,
        (
            Field("reason", FieldKind.CHOICE, options=("not_happening", "ended_early", "wrong", "other")),
            Field("effective_from", FieldKind.DATE),
        ),
        when=lambda case: case.known.request == "withdrawal",
        check=_end_in_period,
    ),
)
