"""The first payloads of the DC4EU pilot (version 0), shaped after EESSI: layouts that are read and never written.

They had no type identifier of their own; where a credential carries one, it is that of the current type.
Spec: dc4eu/vc API specification 2.8, ``schema_pda1.json`` and ``schema_ehic.json``
"""

from typing import Final

from portadoc.schemas.claims import ClaimPattern, Json, JsonObject
from portadoc.schemas.codes import EMPLOYMENT_TYPES, IDENTIFIER_TYPES, NATIONALITIES, STATUS_CONFIRMATIONS
from portadoc.schemas.projections.forms import (
    COUNTRY,
    END_DATE,
    FLAG,
    FULL_DATE,
    SHIP_OR_BASE,
    STATE,
    Form,
    code,
    country,
    institution_id,
    text,
)
from portadoc.schemas.projections.layout import Projection
from portadoc.schemas.projections.rows import Claim

_TEXT: Final = text()


def _value(
    path: ClaimPattern,
    en: str,
    fr: str,
    field: ClaimPattern,
    form: Form = _TEXT,
    *,
    mandatory: bool = False,
    also: tuple[ClaimPattern, ...] = (),
) -> Claim:
    return Claim(path=path, en=en, fr=fr, field=field, form=form, mandatory=mandatory, also=also)


def _around(path: ClaimPattern, en: str, fr: str, *, mandatory: bool = False) -> Claim:
    return Claim(path=path, en=en, fr=fr, mandatory=mandatory)


def _person(place: str, field: ClaimPattern) -> tuple[Claim, ...]:
    """Return the rows of a person; the published sample has further elements beside the schema's."""
    other: ClaimPattern = (place, "other_elements")
    return (
        _around((place,), "Person", "Personne"),
        _value((place, "family_name"), "Surnames", "Noms de famille", (*field, "surnames"), mandatory=True),
        _value((place, "forename"), "Forenames", "Prénoms", (*field, "forenames"), mandatory=True),
        _value(
            (place, "date_of_birth"),
            "Date of birth",
            "Date de naissance",
            (*field, "date_of_birth"),
            FULL_DATE,
            mandatory=True,
        ),
        _around(other, "Other elements", "Autres éléments"),
        Claim(path=(*other, "sex"), en="Sex", fr="Sexe", form=_TEXT),
        Claim(path=(*other, "forename_at_birth"), en="Forenames at birth", fr="Prénoms de naissance", form=_TEXT),
        Claim(path=(*other, "family_name_at_birth"), en="Surname at birth", fr="Nom de naissance", form=_TEXT),
    )


def _institution(country_name: str) -> tuple[Claim, ...]:
    place = "competent_institution"
    return (
        _around((place,), "Competent institution", "Institution compétente", mandatory=True),
        _value(
            (place, "institution_id"),
            "Identifier of the institution",
            "Identifiant de l'institution",
            ("authentic_source", "id"),
            institution_id(),
            mandatory=True,
        ),
        _value(
            (place, "institution_name"),
            "Name of the institution",
            "Nom de l'institution",
            ("authentic_source", "name"),
        ),
        _value(
            (place, country_name),
            "Country of the institution",
            "Pays de l'institution",
            ("institution_country",),
            STATE,
            mandatory=True,
        ),
    )


def _address(place: ClaimPattern, field: ClaimPattern, en: str, fr: str) -> tuple[Claim, ...]:
    return (
        _around(place, en, fr),
        _value((*place, "street"), f"{en}: street", f"{fr} : rue", (*field, "street_and_number")),
        _value((*place, "town"), f"{en}: town", f"{fr} : commune", (*field, "town"), mandatory=True),
        _value(
            (*place, "postal_code"),
            f"{en}: postcode",
            f"{fr} : code postal",
            (*field, "postcode"),
            also=((*place, "post_code"),),
        ),
    )


def _identifiers(place: ClaimPattern, field: ClaimPattern, name: str, en: str, fr: str) -> tuple[Claim, ...]:
    each: ClaimPattern = (*place, None)
    return (
        _around(place, f"Identifiers of the {en}", f"Identifiants de {fr}"),
        _around(each, f"Identifier of the {en}", f"Identifiant de {fr}"),
        _value((*each, name), f"Identifier of the {en}", f"Identifiant de {fr}", (*field, None, "id")),
        _value(
            (*each, "type_of_id"),
            f"Kind of identifier of the {en}",
            f"Type d'identifiant de {fr}",
            (*field, None, "type"),
            code(IDENTIFIER_TYPES),
        ),
    )


_JOB: Final[ClaimPattern] = ("details_of_employment", None)
_STATE_OF_WORK: Final[ClaimPattern] = ("places_of_work", None)
_PLACE: Final[ClaimPattern] = (*_STATE_OF_WORK, "place_of_work", None)
_STAY: Final[ClaimPattern] = ("stays", None)
_DECISION: Final = "decision_legislation_applicable"

_PDA1_CLAIMS: Final = (
    *_person("person", ("person",)),
    _value(
        ("social_security_pin",),
        "Social security number",
        "Numéro de sécurité sociale",
        ("person", "pin"),
        mandatory=True,
    ),
    _around(("nationality",), "Nationalities", "Nationalités", mandatory=True),
    _value(
        ("nationality", None),
        "Nationality",
        "Nationalité",
        ("person", "nationalities", None),
        country(NATIONALITIES),
    ),
    _around(("details_of_employment",), "Employers", "Employeurs", mandatory=True),
    _around(_JOB, "Employer or own activity", "Employeur ou activité"),
    _value(
        (*_JOB, "type_of_employment"),
        "Kind of employment",
        "Type d'activité",
        ("employments", None, "type"),
        code(EMPLOYMENT_TYPES),
        mandatory=True,
    ),
    _value(
        (*_JOB, "name"),
        "Name of the employer",
        "Nom de l'employeur",
        ("employments", None, "name"),
        mandatory=True,
    ),
    *_identifiers(
        (*_JOB, "ids_of_employer"), ("employments", None, "ids"), "employer_id", "employer", "l'employeur"
    ),
    *_address((*_JOB, "address"), ("employments", None, "address"), "Employer", "Employeur"),
    _value(
        (*_JOB, "address", "country"),
        "Employer: country",
        "Employeur : pays",
        ("employments", None, "address", "country"),
        COUNTRY,
        mandatory=True,
    ),
    _around(("places_of_work",), "Places of work", "Lieux de travail", mandatory=True),
    _around(_STATE_OF_WORK, "Places of work in a State", "Lieux de travail dans un État"),
    Claim(
        path=(*_STATE_OF_WORK, "a_fixed_place_of_work_exist"),
        en="There is a fixed place of work",
        fr="Il y a un lieu de travail fixe",
        form=FLAG,
        mandatory=True,
    ),
    _value(
        (*_STATE_OF_WORK, "country_work"),
        "Country of work",
        "Pays de travail",
        (*_STAY, "country"),
        STATE,
        mandatory=True,
    ),
    _around(_PLACE[:-1], "Fixed places of work", "Lieux de travail fixes"),
    _around(_PLACE, "Place of work", "Lieu de travail"),
    _value(
        (*_PLACE, "company_vessel_name"),
        "Name of the company or vessel",
        "Nom de l'entreprise ou du navire",
        (*_STAY, "workplaces", None, "name"),
    ),
    _value(
        (*_PLACE, "flag_state_home_base"),
        "Flag state or home base",
        "État du pavillon ou base d'affectation",
        (*_STAY, "workplaces", None, "flag_or_base_state"),
        SHIP_OR_BASE,
    ),
    *_identifiers(
        (*_PLACE, "ids_of_company"), (*_STAY, "workplaces", None, "ids"), "company_id", "company", "l'entreprise"
    ),
    *_address((*_PLACE, "address"), (*_STAY, "workplaces", None, "address"), "Place of work", "Lieu de travail"),
    _around((_DECISION,), "Applicable legislation", "Législation applicable", mandatory=True),
    _value(
        (_DECISION, "member_state_which_legislation_applies"),
        "State whose legislation applies",
        "État dont la législation s'applique",
        ("legislation", "state"),
        STATE,
        mandatory=True,
    ),
    _value(
        (_DECISION, "transitional_rules_apply"),
        "Transitional rules apply",
        "Application de règles transitoires",
        ("legislation", "transitional_rules"),
        FLAG,
        also=((_DECISION, "transitional_rule_apply"),),
    ),
    _value(
        (_DECISION, "starting_date"),
        "Applies from",
        "À partir du",
        ("legislation", "start"),
        FULL_DATE,
        mandatory=True,
    ),
    _value((_DECISION, "ending_date"), "Applies until", "Jusqu'au", ("legislation", "end"), END_DATE),
    _value(
        ("status_confirmation",),
        "Status confirmation",
        "Confirmation du statut",
        ("status", "code"),
        code(STATUS_CONFIRMATIONS),
        mandatory=True,
    ),
    _value(
        ("unique_number_of_issued_document",),
        "Document number",
        "Numéro du document",
        ("document", "number"),
        mandatory=True,
    ),
    *_institution("country_code"),
)


def _pda1_fields(fields: JsonObject) -> JsonObject:
    """Bring the lists of identifiers down to the first one, and countries of work to where the record has them."""
    for employment in fields.get("employments", []):
        _first_identifier(employment, "id", "id_type")
    stays = fields.pop("stays", [])
    for stay in stays:
        for place in stay.setdefault("workplaces", []):
            _first_identifier(place, "company_id", "company_id_type")
            if "country" in stay:
                place.setdefault("address", {}).setdefault("country", stay["country"])
    if stays:
        fields["countries_of_work"] = [stay for stay in stays if "country" in stay]
    institution_country = fields.pop("institution_country", None)
    if institution_country is not None:
        fields["institution"] = {**fields.get("authentic_source", {}), "country": institution_country}
    return fields


def _first_identifier(part: JsonObject, name: str, kind: str) -> None:
    identifiers: list[Json] = part.pop("ids", [])
    for member, found in (("id", name), ("type", kind)):
        if identifiers and member in identifiers[0]:
            part[found] = identifiers[0][member]


def _ehic_fields(fields: JsonObject) -> JsonObject:
    fields.pop("institution_country", None)
    return fields


PDA1_V0: Final = Projection(
    id="pda1-pilot-v0",
    vct="urn:eudi:pda1:1",
    kind="pda1",
    claims=_PDA1_CLAIMS,
    document=(None, None),
    coverage=((_DECISION, "starting_date"), (_DECISION, "ending_date")),
    rearrange=_pda1_fields,
)

EHIC_V0: Final = Projection(
    id="ehic-pilot-v0",
    vct="urn:eudi:ehic:1",
    kind="ehic",
    claims=(
        *_person("subject", ("insured",)),
        _value(
            ("social_security_pin",),
            "Social security number",
            "Numéro de sécurité sociale",
            ("insured", "pin"),
            mandatory=True,
        ),
        _around(("period_entitlement",), "Period of coverage", "Période de couverture", mandatory=True),
        _value(
            ("period_entitlement", "starting_date"),
            "Covered from",
            "Couverture à partir du",
            ("start",),
            FULL_DATE,
            mandatory=True,
        ),
        _value(
            ("period_entitlement", "ending_date"),
            "Covered until",
            "Couverture jusqu'au",
            ("end",),
            END_DATE,
            mandatory=True,
        ),
        _value(("document_id",), "Card number", "Numéro de la carte", ("card_number",), mandatory=True),
        *_institution("institution_country"),
    ),
    document=(None, None),
    coverage=(("period_entitlement", "starting_date"), ("period_entitlement", "ending_date")),
    rearrange=_ehic_fields,
)
