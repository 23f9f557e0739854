"""Questions about work in several states, telework, ships, aircraft and public service.

Spec: Regulation (EC) 883/2004 art. 11(3)(b), 11(4), 11(5) and 13, Regulation (EC) 987/2009 art. 14(5)-(11), 16
"""

from typing import Final

from portadoc.portal.questions.form import Case, Fault, Field, FieldKind, Question, Section, Shape
from portadoc.portal.questions.law_states import is_coordinated, nationality_class
from portadoc.portal.questions.parties import asks_for_self, has_employer
from portadoc.schemas.claims import Json

_ROUNDING: Final = 0.5
"""Percent that the shares of a table may miss 100 by: thirds do not add up."""
_WHOLE: Final = 100.0
OWN_WORK: Final = ("self_employed", "civil_servant")


def is_several(case: Case) -> bool:
    """Tell whether the request is about work in several states."""
    return case.says("situation", "several_states")


def is_telework(case: Case) -> bool:
    """Tell whether the request is about telework from the state of residence."""
    return case.says("situation", "telework")


def _is(situation: str, case: Case) -> bool:
    return case.says("situation", situation)


def _asks_forms(case: Case) -> bool:
    return is_several(case) and has_employer(case)


def _has_other_employers(case: Case) -> bool:
    return case.get("forms_of_work") in ("several_employers", "mixed")


def is_mixed(case: Case) -> bool:
    """Tell whether each share of the work has to say what work it is."""
    return case.get("forms_of_work") not in (None, "one_employer")


def works(case: Case) -> tuple[str, ...]:
    """Return the kinds of work that a share can be: each employer by its reference, and own work."""
    if asks_for_self(case):
        return ("self_employed",)
    others = tuple(f"E{number}" for number in range(2, 2 + len(case.rows("other_employers"))))
    return ("E1", *others, *(OWN_WORK if case.get("forms_of_work") in ("mixed", "also_own") else ()))


def _adds_to_whole(value: Json, case: Case) -> tuple[Fault, ...]:
    found: list[Fault] = []
    for member in ("time", "pay"):
        parts = [row[member] for row in value if row[member] is not None]
        if len(parts) == len(value) and abs(sum(parts) - _WHOLE) > _ROUNDING:
            found.append((f"0.{member}", "sum_100"))
    return tuple(found)


def _has_shares(case: Case) -> bool:
    return (is_several(case) and not is_mixed(case)) or is_telework(case)


def _seat_matters(case: Case) -> bool:
    return (is_several(case) or is_telework(case)) and has_employer(case)


def _self_involved(case: Case) -> bool:
    return is_several(case) and (
        asks_for_self(case) or any(row["work"] == "self_employed" for row in case.rows("shares_by_work"))
    )


def _is_unsteady(case: Case) -> bool:
    return case.part("pattern", "steady") is False


def _range_in_order(value: Json, case: Case) -> tuple[Fault, ...]:
    return (("most", "not_below_least"),) if value["most"] < value["least"] else ()


def _is_british(case: Case) -> bool:
    states = {case.get("host_state"), case.part("residence", "country"), case.part("employer", "country")}
    states |= {row["state"] for row in (*case.rows("shares"), *case.rows("shares_by_work"))}
    return ("GB" in states or case.known.asked_state == "GB") and all(
        each is None or is_coordinated(each) for each in states
    )


def _needs_lawful_residence(case: Case) -> bool:
    """Tell whether the law looks at lawful residence: for nationals of third states, and towards the UK."""
    of_third_state = nationality_class([row["country"] for row in case.rows("nationalities")]) in ("TCN", "UK")
    return of_third_state or (_is_british(case) and not case.says("withdrawal_agreement", True))


def _yes_no(name: str, *, unknown: bool = False) -> Field:
    return Field(name, FieldKind.YES_NO, unknown=unknown)


_SHARE_FIELDS: Final = (
    Field("time", FieldKind.PERCENT),
    Field("pay", FieldKind.PERCENT, required=False),
)
_STATE: Final = Field("state", FieldKind.COUNTRY)
_SHARE_POINTERS: Final = ("/activities", "/activities/0/share_of_time", "/activities/0/share_of_pay")

SEVERAL_STATES: Final = (
    Question(
        "forms_of_work",
        Section.WORK,
        Shape.ONE,
        (
            Field(
                "forms_of_work",
                FieldKind.CHOICE,
                options=("one_employer", "several_employers", "also_own", "mixed"),
            ),
        ),
        when=_asks_forms,
    ),
    Question(
        "other_employers",
        Section.EMPLOYER,
        Shape.ROWS,
        (
            Field("name", FieldKind.TEXT),
            Field("number", FieldKind.ID, required=False),
            Field("town", FieldKind.TEXT),
            Field("country", FieldKind.COUNTRY),
            Field("kind", FieldKind.CHOICE, options=("private", "public", "temp_agency")),
            _yes_no("seat_clear", unknown=True),
        ),
        ("/employers/1", "/employers/2", "/employers"),
        when=_has_other_employers,
        rows_shown=2,
    ),
    Question(
        "shares",
        Section.WORK,
        Shape.ROWS,
        (_STATE, *_SHARE_FIELDS),
        _SHARE_POINTERS,
        when=_has_shares,
        check=_adds_to_whole,
    ),
    Question(
        "shares_by_work",
        Section.WORK,
        Shape.ROWS,
        (_STATE, Field("work", FieldKind.CHOICE, offered=works), *_SHARE_FIELDS),
        _SHARE_POINTERS,
        when=lambda case: is_several(case) and is_mixed(case),
        check=_adds_to_whole,
    ),
    Question(
        "pattern",
        Section.CONDITIONS,
        Shape.GROUP,
        (_yes_no("regular", unknown=True), _yes_no("steady", unknown=True)),
        ("/activities/0/regular", "/request/regular_pattern"),
        when=is_several,
    ),
    Question(
        "residence_range",
        Section.WORK,
        Shape.GROUP,
        (Field("least", FieldKind.PERCENT), Field("most", FieldKind.PERCENT)),
        ("/activities/0/share_min", "/activities/0/share_max"),
        when=_is_unsteady,
        check=_range_in_order,
    ),
    Question(
        "seat_clear",
        Section.EMPLOYER,
        Shape.ONE,
        (_yes_no("seat_clear", unknown=True),),
        ("/employers/0/seat_clear",),
        when=_seat_matters,
    ),
    Question(
        "own_turnover",
        Section.WORK,
        Shape.ROWS,
        (_STATE, Field("turnover", FieldKind.PERCENT), _yes_no("fixed_place")),
        ("/activities/0/turnover_share", "/activities/0/fixed_place"),
        when=_self_involved,
    ),
    Question(
        "telework",
        Section.CONDITIONS,
        Shape.GROUP,
        (
            _yes_no("digital_link", unknown=True),
            _yes_no("other_activity", unknown=True),
            _yes_no("joint_consent", unknown=True),
        ),
        (
            "/telework",
            "/telework/digital_link",
            "/telework/other_activity_in_residence",
            "/telework/joint_consent",
        ),
        when=is_telework,
    ),
    Question(
        "official",
        Section.CONDITIONS,
        Shape.ONE,
        (_yes_no("official"),),
        ("/activities/0/kind",),
        when=lambda case: _is("public_service", case),
    ),
    Question(
        "only_this_work",
        Section.CONDITIONS,
        Shape.ONE,
        (_yes_no("only_this_work", unknown=True),),
        ("/activities/0/share_of_time", "/activities/0/share_of_pay"),
        when=lambda case: _is("public_service", case) or _is("vessel", case),
    ),
    Question(
        "vessel",
        Section.WORK,
        Shape.GROUP,
        (
            Field("ship", FieldKind.TEXT),
            Field("flag_state", FieldKind.COUNTRY),
            Field("waters", FieldKind.CHOICE, options=("sea", "territorial"), unknown=True),
            Field("remunerator_state", FieldKind.COUNTRY, required=False),
        ),
        ("/mariner", "/mariner/flag_state", "/mariner/waters", "/mariner/remunerator_state"),
        when=lambda case: _is("vessel", case),
    ),
    Question(
        "home_bases",
        Section.WORK,
        Shape.ROWS,
        (_STATE, Field("start", FieldKind.DATE, required=False), Field("end", FieldKind.DATE, required=False)),
        ("/aircrew", "/aircrew/home_bases"),
        when=lambda case: _is("aircrew", case),
        rows_shown=1,
    ),
    Question(
        "commercial_air_services",
        Section.CONDITIONS,
        Shape.ONE,
        (_yes_no("commercial_air_services", unknown=True),),
        ("/aircrew/commercial_air_services",),
        when=lambda case: _is("aircrew", case),
    ),
    Question(
        "withdrawal_agreement",
        Section.CONDITIONS,
        Shape.ONE,
        (_yes_no("withdrawal_agreement", unknown=True),),
        ("/person/withdrawal_agreement", "/regime"),
        when=_is_british,
    ),
    Question(
        "legally_resident",
        Section.WORKER,
        Shape.ONE,
        (_yes_no("legally_resident", unknown=True),),
        ("/person/legally_resident",),
        when=_needs_lawful_residence,
    ),
)
