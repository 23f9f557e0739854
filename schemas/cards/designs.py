"""The card of each type: what stands on it, and which claim fills which placeholder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from portadoc.schemas.cards.artwork import Colours, Field, card
from portadoc.schemas.claims import ClaimPattern

_PETROL: Final = Colours("#0b2e36", "#0b5563", "#f7fbfb", "#d5e8ea")
_BLUE: Final = Colours("#12244f", "#1f4aa8", "#f8faff", "#d6e2fb")
_AMBER: Final = Colours("#3d2405", "#8a4b06", "#fffaf2", "#f8e3c4")
_GREEN: Final = Colours("#10301f", "#1d6b43", "#f7fcf8", "#d5ecdc")
_PLUM: Final = Colours("#3a1338", "#7d2f78", "#fdf8fd", "#efdcee")

_TWO_STATES: Final = (
    '<circle cx="5" cy="26" r="4"/><circle cx="31" cy="8" r="4"/>'
    '<path d="M9 25c9-1 4-15 17-16M21 4.500l5.500 4.500-4.500 5.500"/>'
)
_HEALTH: Final = (
    '<path d="M18 31C-2 19 4 4 12 4c3 0 5 2 6 4 1-2 3-4 6-4 8 0 14 15-6 27z"/><path d="M18 12v10M13 17h10"/>'
)
_HEALTH_FOR_A_TIME: Final = (
    '<path d="M15 30C-3 18 4 4 11 4c3 0 5 2 6 4 1-2 3-4 6-4 4 0 7 4 6 9"/>'
    '<circle cx="25" cy="24" r="8"/><path d="M25 19.500V24l3 2"/>'
)
_WORLD: Final = '<circle cx="18" cy="18" r="15"/><path d="M3 18h30M18 3c-9 9-9 21 0 30M18 3c9 9 9 21 0 30"/>'
_SHELTER: Final = '<path d="M3 19a15 15 0 0 1 30 0zM18 19v9a3.500 3.500 0 0 0 7 0M18 4V2"/>'


@dataclass(frozen=True, slots=True)
class Design:
    """One type: ``placeholders`` by claim, and its drawing by language."""

    placeholders: Mapping[ClaimPattern, str]
    draw: Callable[[str], bytes]


@cache
def template(vct: str, language: str) -> bytes:
    """Draw the card of a type that has one."""
    return DESIGNS[vct].draw(language)


def _in(language: str, en: str, fr: str) -> str:
    return {"en": en, "fr": fr}[language]


def _period(language: str, y: int) -> Field:
    label = _in(language, "Valid", "Validité")
    return Field(20, y, label, "{{starting_date}} – {{ending_date}}", 15)


def _person(x: int, y: int, label: str, size: int = 16) -> Field:
    return Field(x, y, label, "{{family_name}}", size, second="{{given_name}}")


def _pda1(language: str) -> bytes:
    return card(
        _in(language, "A1 certificate", "Certificat A1"),
        "{{institution}}",
        _in(
            language,
            "Social security legislation of {{legislation}} from {{starting_date}} to {{ending_date}}.",
            "Législation de sécurité sociale de {{legislation}} du {{starting_date}} au {{ending_date}}.",
        ),
        colours=_PETROL,
        emblem=_TWO_STATES,
        shapes='<path d="M84 93h28m-7-6 7 6-7 6"/>',
        fields=(
            Field(20, 74, _in(language, "Legislation", "Législation"), "{{legislation}}", 26),
            Field(
                132,
                74,
                _in(language, "Work in", "Travail en"),
                "{{work_country}}{{work_countries}}{{work_anywhere}}",
                26,
            ),
            _period(language, 128),
            Field(20, 176, _in(language, "Document", "Document"), "{{document_number}}", 11, mono=True),
            Field(320, 176, _in(language, "Person", "Personne"), "{{pin}}", 11, mono=True, end=True),
        ),
    )


def _pda1_full(language: str) -> bytes:
    return card(
        _in(language, "A1 certificate", "Certificat A1"),
        "{{institution}}",
        _in(
            language,
            "The social security legislation of {{legislation}} applies to {{given_name}} {{family_name}} "
            "from {{starting_date}} to {{ending_date}}.",
            "La législation de sécurité sociale de {{legislation}} s'applique à {{given_name}} {{family_name}} "
            "du {{starting_date}} au {{ending_date}}.",
        ),
        colours=_PETROL,
        emblem=_TWO_STATES,
        shapes="",
        fields=(
            Field(20, 74, _in(language, "Legislation", "Législation"), "{{legislation}}", 26),
            _person(96, 74, _in(language, "Name", "Nom")),
            _period(language, 128),
            Field(20, 176, _in(language, "Document", "Document"), "{{document_number}}", 11, mono=True),
            Field(320, 176, _in(language, "Person", "Personne"), "{{pin}}", 11, mono=True, end=True),
        ),
    )


def _ehic(language: str) -> bytes:
    return card(
        _in(language, "Health insurance card", "Carte d'assurance maladie"),
        "{{institution}}",
        _in(
            language,
            "European Health Insurance Card of {{country}}, valid until {{date_of_expiry}}.",
            "Carte européenne d'assurance maladie de {{country}}, valable jusqu'au {{date_of_expiry}}.",
        ),
        colours=_BLUE,
        emblem=_HEALTH,
        shapes="",
        fields=(
            Field(20, 74, _in(language, "State", "État"), "{{country}}", 26),
            Field(96, 74, _in(language, "Personal number", "Numéro personnel"), "{{pin}}", 15, mono=True),
            Field(20, 128, _in(language, "Expires", "Expire le"), "{{date_of_expiry}}", 15),
            Field(142, 128, _in(language, "Card", "Carte"), "{{card_number}}", 13, mono=True),
            Field(20, 170, "", "{{given_name}} {{family_name}}", 16),
        ),
    )


def _prc(language: str) -> bytes:
    return card(
        _in(language, "Replacement certificate", "Certificat de remplacement"),
        "{{institution}}",
        _in(
            language,
            "In place of the European Health Insurance Card from {{starting_date}} to {{ending_date}}.",
            "À la place de la carte européenne d'assurance maladie du {{starting_date}} au {{ending_date}}.",
        ),
        colours=_AMBER,
        emblem=_HEALTH_FOR_A_TIME,
        shapes="",
        fields=(
            Field(20, 74, _in(language, "State", "État"), "{{country}}", 26),
            _person(96, 74, _in(language, "Insured person", "Personne assurée")),
            _period(language, 128),
            Field(20, 176, _in(language, "Replaced card", "Carte remplacée"), "{{card_number}}", 11, mono=True),
            Field(320, 176, _in(language, "Born", "Naissance"), "{{birthdate}}", 11, mono=True, end=True),
        ),
    )


def _coverage(language: str, title: str, about: str, colours: Colours, emblem: str) -> bytes:
    return card(
        title,
        "{{institution}}",
        about,
        colours=colours,
        emblem=emblem,
        shapes='<path d="M62 93h22m-6-5 6 5-6 5"/>',
        fields=(
            Field(20, 74, _in(language, "Legislation", "Législation"), "{{legislation}}", 26),
            Field(98, 74, _in(language, "Work in", "Travail en"), "{{work_country}}", 26),
            _person(158, 74, _in(language, "Name", "Nom"), 14),
            _period(language, 128),
            Field(20, 176, _in(language, "Document", "Document"), "{{document_number}}", 11, mono=True),
        ),
    )


def _bilateral(language: str) -> bytes:
    return _coverage(
        language,
        _in(language, "Certificate of coverage", "Certificat d'assujettissement"),
        _in(
            language,
            "The legislation of {{legislation}} keeps applying during work in {{work_country}}.",
            "La législation de {{legislation}} reste applicable pendant le travail en {{work_country}}.",
        ),
        _GREEN,
        _WORLD,
    )


def _maintenance(language: str) -> bytes:
    return _coverage(
        language,
        _in(language, "Maintained coverage", "Maintien de couverture"),
        _in(
            language,
            "The legislation of {{legislation}} keeps applying during work in {{work_country}}.",
            "La législation de {{legislation}} reste applicable pendant le travail en {{work_country}}.",
        ),
        _PLUM,
        _SHELTER,
    )


_LEGISLATION: Final[Mapping[ClaimPattern, str]] = {
    ("legislation_country",): "legislation",
    ("starting_date",): "starting_date",
    ("ending_date",): "ending_date",
    ("document_number",): "document_number",
    ("issuing_authority", "name"): "institution",
}
_COVERAGE: Final[Mapping[ClaimPattern, str]] = {
    **_LEGISLATION,
    ("family_name",): "family_name",
    ("given_name",): "given_name",
    ("country_work",): "work_country",
}

DESIGNS: Final[Mapping[str, Design]] = {
    "urn:eudi:pda1:1": Design(
        {
            **_LEGISLATION,
            ("personal_administrative_number",): "pin",
            ("work_address", "country"): "work_country",
            ("work_information", "work_address", None, "country"): "work_countries",
            ("work_information", "no_fixed_place_of_work"): "work_anywhere",
        },
        _pda1,
    ),
    "eu.we-build.pda1.1": Design(
        {
            ("subject", "pin"): "pin",
            ("subject", "names", "surnames"): "family_name",
            ("subject", "names", "forenames"): "given_name",
            ("memberstateAppliedLegislation", "memberstate"): "legislation",
            ("memberstateAppliedLegislation", "startDate"): "starting_date",
            ("memberstateAppliedLegislation", "endDate"): "ending_date",
            ("documentID",): "document_number",
            ("competentInstitution", "institutionName"): "institution",
        },
        _pda1_full,
    ),
    "urn:eudi:ehic:1": Design(
        {
            ("personal_administrative_number",): "pin",
            ("subject", "forenames"): "given_name",
            ("subject", "familynames"): "family_name",
            ("issuing_country",): "country",
            ("issuing_authority", "name"): "institution",
            ("date_of_expiry",): "date_of_expiry",
            ("document_number",): "card_number",
        },
        _ehic,
    ),
    "urn:portadoc:prc:1": Design(
        {
            ("family_name",): "family_name",
            ("given_name",): "given_name",
            ("birthdate",): "birthdate",
            ("card_number",): "card_number",
            ("starting_date",): "starting_date",
            ("ending_date",): "ending_date",
            ("issuing_country",): "country",
            ("issuing_authority", "name"): "institution",
        },
        _prc,
    ),
    "urn:portadoc:coverage:bilateral:1": Design(_COVERAGE, _bilateral),
    "urn:portadoc:coverage:maintenance:1": Design(_COVERAGE, _maintenance),
}
"""The types that have a card; personal identification data has one of the wallet's own."""
