"""Closed lists (states, countries, situations, kinds of identifiers, articles of law) and the checks of values.

A check raises with ``member``, the name of the field (or a JSON Pointer without its first stroke); ``records``
puts the place of the part in front of it. Errors never carry the value.

Spec: Regulation (EC) 883/2004 Title II; WE BUILD PD A1 rulebook 1.0; DC4EU PDA1 rulebook 1.1
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from portadoc.errors import Malformed, Refused


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


PDA1_STATES: Final = _codes(
    "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
)
"""The 27 Member States, Iceland, Liechtenstein, Norway, Switzerland and the United Kingdom (ISO 3166-1)."""

WORLD_COUNTRIES: Final = _codes(
    """
    AD AE AF AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL CM
    CN CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FR GA GB GD GE GH GM GN GQ GR GT GW GY HN
    HR HT HU ID IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KZ LA LB LC LI LK LR LS LT LU LV LY MA
    MC MD ME MG MH MK ML MM MN MR MT MU MV MW MX MY MZ NA NE NG NI NL NO NP NR NZ OM PA PE PG PH PK PL PS PT PW
    PY QA RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ TL TM TN TO TR TT TV TZ
    UA UG US UY UZ VA VC VE VN VU WS YE ZA ZM ZW
    """
)
"""193 members and two observers of the United Nations."""

NATIONALITIES: Final = WORLD_COUNTRIES | {"XR", "XS", "XU"}
"""Countries, and the EESSI codes for a refugee, a stateless person and an unknown nationality."""

_EESSI_TO_ISO: Final[Mapping[str, str]] = {"EL": "GR", "UK": "GB"}


def canonical_country(code: str) -> str:
    """Return the ISO 3166-1 code stored for an EESSI code (``EL``, ``UK``), and other codes as they are."""
    return _EESSI_TO_ISO.get(code, code)


@dataclass(frozen=True, slots=True)
class Situation:
    """One of the twelve confirmations of section 3 of the form, and the articles that can stand behind it."""

    code: str
    english: str
    french: str
    articles: tuple[str, ...]


STATUS_CONFIRMATIONS: Final[Mapping[str, Situation]] = {
    situation.code: situation
    for situation in (
        Situation("01", "Posted employed person", "Salarié détaché", ("12_1",)),
        Situation(
            "02",
            "Employed in two or more States",
            "Salarié dans deux États ou plus",
            ("13_1_a", "13_1_b_i", "13_1_b_ii", "13_1_b_iii", "13_1_b_iv", "14_11"),
        ),
        Situation("03", "Posted self-employed person", "Non-salarié détaché", ("12_2",)),
        Situation(
            "04",
            "Self-employed in two or more States",
            "Non-salarié dans deux États ou plus",
            ("13_2_a", "13_2_b"),
        ),
        Situation("05", "Civil servant", "Fonctionnaire", ("11_3_b",)),
        Situation(
            "06", "Contract staff of the European Union", "Agent contractuel de l'Union européenne", ("15",)
        ),
        Situation("07", "Mariner", "Marin", ("11_4",)),
        Situation(
            "08",
            "Employed and self-employed in different States",
            "Salarié et non-salarié dans des États différents",
            ("13_3",),
        ),
        Situation(
            "09",
            "Civil servant in one State and working in another",
            "Fonctionnaire dans un État et actif dans un autre",
            ("13_4",),
        ),
        Situation("10", "Flight or cabin crew member", "Membre d'équipage de conduite ou de cabine", ("11_5",)),
        Situation("11", "Exception by agreement", "Dérogation par accord", ("16_1", "16_2")),
        Situation(
            "12",
            "Working in the State whose legislation applies",
            "Actif dans l'État dont la législation s'applique",
            ("11_3_a",),
        ),
    )
}

TRANSITIONAL_ARTICLES: Final = frozenset({"87_8", "87_a"})
ARTICLES: Final = TRANSITIONAL_ARTICLES | {
    article for situation in STATUS_CONFIRMATIONS.values() for article in situation.articles
}
"""Articles of Regulation 883/2004 (``14_11``: of Regulation 987/2009) in the spelling that EESSI uses."""

POSTING_CODES: Final = frozenset({"01", "03"})
EXCEPTION_CODE: Final = "11"

EMPLOYMENT_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "01": ("Employed", "Salarié"),
    "02": ("Self-employed", "Non-salarié"),
}
IDENTIFIER_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "01": ("Registration", "Immatriculation"),
    "02": ("Social security", "Sécurité sociale"),
    "03": ("Fiscal", "Fiscal"),
    "98": ("Unknown", "Inconnu"),
}
GENDERS: Final[Mapping[str, tuple[str, str]]] = {
    "0": ("Not known", "Non connu"),
    "1": ("Male", "Masculin"),
    "2": ("Female", "Féminin"),
}

_INSTITUTION_ID: Final = re.compile(r"([A-Z]{2}):[A-Za-z0-9]{4,10}")


def institution_id_is_usual(identifier: str) -> bool:
    """Tell whether an institution id has the form of the EESSI Institution Repository, ``FR:ABC123``.

    Institutions use other forms in practice, so this decides a warning, never a refusal.
    """
    found = _INSTITUTION_ID.fullmatch(identifier)
    return found is not None and canonical_country(found[1]) in PDA1_STATES


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_TEXT: Final = 500


def require_text(member: str, value: str | None, *, longest: int = _LONGEST_TEXT) -> None:
    """Require visible text of bounded length on one line. Raises Malformed[text_invalid]."""
    if value is not None and (not value.strip() or len(value) > longest or _CONTROL.search(value)):
        raise Malformed("text_invalid", member=member, longest=longest)


def require_country(member: str, value: str | None, allowed: Collection[str] = PDA1_STATES) -> None:
    """Require a code of the list. Raises Malformed[country_unknown]."""
    if value is not None and value not in allowed:
        raise Malformed("country_unknown", member=member)


def require_code(member: str, value: str | int | None, allowed: Collection[str] | Collection[int]) -> None:
    """Require a code of a closed list. Raises Malformed[code_unknown]."""
    if value is not None and value not in allowed:
        raise Malformed("code_unknown", member=member)


def require_period(member: str, start: date | None, end: date | None) -> None:
    """Require that a period does not end before it starts. Raises Refused[period_reversed]."""
    if start is not None and end is not None and end < start:
        raise Refused("period_reversed", member=member)


OPEN_END_DATE: Final = "2499-01-01"
"""Stands for "no end" in layouts that demand an end date. A record holds None instead."""


def require_plain_end(member: str, end: date | None) -> None:
    """Require that an open end is None, not the date that stands for it. Raises Refused[open_end_as_date]."""
    if end is not None and end.isoformat() >= OPEN_END_DATE:
        raise Refused("open_end_as_date", member=member)


def require_some(member: str, values: Collection[object]) -> None:
    """Require at least one entry. Raises Refused[entry_missing]."""
    if not values:
        raise Refused("entry_missing", member=member)


def require_distinct(member: str, values: Iterable[str]) -> None:
    """Require that no value comes twice. Raises Refused[entry_repeated]."""
    listed = list(values)
    if len(set(listed)) != len(listed):
        raise Refused("entry_repeated", member=member)
