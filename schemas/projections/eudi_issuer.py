"""``urn:eu.europa.ec.eudi:pda1:1`` and ``urn:eu.europa.ec.eudi:ehic:1``: layouts that are read and never written.

The EU reference issuer and its verifier speak them beside the current types. A holder is named inside; the EHIC
names the insured person apart where somebody represents that person.
Spec: eudi-srv-web-issuing-eudiw-py, claim lists
"""

from typing import Final

from portadoc.schemas.claims import ClaimPattern, JsonObject
from portadoc.schemas.codes import EMPLOYMENT_TYPES, IDENTIFIER_TYPES, STATUS_CONFIRMATIONS
from portadoc.schemas.projections.forms import (
    COUNTRY,
    END_DATE,
    FLAG,
    FULL_DATE,
    SHIP_OR_BASE,
    STATE,
    Form,
    code,
    institution_id,
    text,
)
from portadoc.schemas.projections.layout import Projection
from portadoc.schemas.projections.rows import Claim

_TEXT: Final = text()


def _value(
    path: ClaimPattern, en: str, fr: str, field: ClaimPattern, form: Form = _TEXT, *, mandatory: bool = True
) -> Claim:
    return Claim(path=path, en=en, fr=fr, field=field, form=form, mandatory=mandatory)


def _around(path: ClaimPattern, en: str, fr: str, *, mandatory: bool = True) -> Claim:
    return Claim(path=path, en=en, fr=fr, mandatory=mandatory)


def _person(place: str, field: str, en: str, fr: str) -> tuple[Claim, ...]:
    return (
        _around((place,), en, fr, mandatory=False),
        _value((place, "family_name"), f"{en}: surnames", f"{fr} : noms de famille", (field, "surnames")),
        _value((place, "given_name"), f"{en}: forenames", f"{fr} : prénoms", (field, "forenames")),
        _value(
            (place, "birth_date"),
            f"{en}: date of birth",
            f"{fr} : date de naissance",
            (field, "date_of_birth"),
            FULL_DATE,
        ),
    )


def _address(place: ClaimPattern, field: ClaimPattern, en: str, fr: str, form: Form) -> tuple[Claim, ...]:
    return (
        _value((*place, "street"), f"{en}: street", f"{fr} : rue", (*field, "street_and_number"), mandatory=False),
        _value((*place, "town"), f"{en}: town", f"{fr} : commune", (*field, "town")),
        _value(
            (*place, "postal_code"),
            f"{en}: postcode",
            f"{fr} : code postal",
            (*field, "postcode"),
            mandatory=False,
        ),
        _value((*place, "country_code"), f"{en}: country", f"{fr} : pays", (*field, "country"), form),
    )


def _document(number: ClaimPattern, issued: ClaimPattern, expires: ClaimPattern) -> tuple[Claim, ...]:
    """Return the rows of the document and of who issues it; the authority is a text in this layout."""
    return (
        _value(("document_id",), "Document number", "Numéro du document", number),
        _around(("competent_institution",), "Competent institution", "Institution compétente"),
        _value(
            ("competent_institution", "institution_id"),
            "Identifier of the institution",
            "Identifiant de l'institution",
            ("authentic_source", "id"),
            institution_id(),
        ),
        _value(
            ("competent_institution", "institution_name"),
            "Name of the institution",
            "Nom de l'institution",
            ("authentic_source", "name"),
            mandatory=False,
        ),
        _value(
            ("competent_institution", "country_code"),
            "Country of the institution",
            "Pays de l'institution",
            ("institution_country",),
            STATE,
        ),
        _value(("issuance_date",), "Date of issue", "Date de délivrance", issued, FULL_DATE),
        _value(("expiry_date",), "Date of expiry", "Date d'expiration", expires, FULL_DATE),
        _value(("issuing_authority",), "Issuing authority", "Autorité émettrice", ("issuing_authority", "name")),
        _value(
            ("issuing_country",), "Issuing country", "Pays d'émission", ("issuing_authority", "country"), STATE
        ),
    )


_EMPLOYER: Final[ClaimPattern] = ("employment_details", None)
_WORKPLACE: Final[ClaimPattern] = ("places_of_work", "place_of_work", None)
_NOWHERE: Final[ClaimPattern] = ("places_of_work", "no_fixed_place", None)

_PDA1_CLAIMS: Final = (
    *_person("credential_holder", "person", "Person", "Personne"),
    _value(("social_security_pin",), "Social security number", "Numéro de sécurité sociale", ("person", "pin")),
    _around(("employment_details",), "Employers and own activities", "Employeurs et activités non salariées"),
    _around(_EMPLOYER, "Employer or own activity", "Employeur ou activité", mandatory=False),
    _value(
        (*_EMPLOYER, "employment_type"),
        "Kind of employment",
        "Type d'activité",
        ("employments", None, "type"),
        code(EMPLOYMENT_TYPES),
    ),
    _value((*_EMPLOYER, "name"), "Name of the employer", "Nom de l'employeur", ("employments", None, "name")),
    _value(
        (*_EMPLOYER, "employer_id"),
        "Identifier of the employer",
        "Identifiant de l'employeur",
        ("employments", None, "id"),
        mandatory=False,
    ),
    _value(
        (*_EMPLOYER, "id_type"),
        "Kind of identifier of the employer",
        "Type d'identifiant de l'employeur",
        ("employments", None, "id_type"),
        code(IDENTIFIER_TYPES),
        mandatory=False,
    ),
    *_address(_EMPLOYER, ("employments", None, "address"), "Employer", "Employeur", COUNTRY),
    _around(("places_of_work",), "Places of work", "Lieux de travail"),
    _around(_WORKPLACE[:-1], "Fixed places of work", "Lieux de travail fixes", mandatory=False),
    _around(_WORKPLACE, "Place of work", "Lieu de travail", mandatory=False),
    _value(
        (*_WORKPLACE, "company"),
        "Name of the company or vessel",
        "Nom de l'entreprise ou du navire",
        ("workplaces", None, "name"),
    ),
    _value(
        (*_WORKPLACE, "flag_base_home_state"),
        "Flag state or home base",
        "État du pavillon ou base d'affectation",
        ("workplaces", None, "flag_or_base_state"),
        SHIP_OR_BASE,
        mandatory=False,
    ),
    _value(
        (*_WORKPLACE, "company_id"),
        "Identifier of the company",
        "Identifiant de l'entreprise",
        ("workplaces", None, "company_id"),
        mandatory=False,
    ),
    _value(
        (*_WORKPLACE, "id_type"),
        "Kind of identifier of the company",
        "Type d'identifiant de l'entreprise",
        ("workplaces", None, "company_id_type"),
        code(IDENTIFIER_TYPES),
        mandatory=False,
    ),
    *_address(_WORKPLACE, ("workplaces", None, "address"), "Place of work", "Lieu de travail", STATE),
    _around(_NOWHERE[:-1], "Countries without a fixed place", "Pays sans lieu fixe", mandatory=False),
    _around(_NOWHERE, "Country without a fixed place", "Pays sans lieu fixe", mandatory=False),
    _value(
        (*_NOWHERE, "country_code"),
        "Country without a fixed place",
        "Pays sans lieu fixe",
        ("nowhere", None),
        STATE,
    ),
    _around(("legislation",), "Applicable legislation", "Législation applicable"),
    _value(
        ("legislation", "member_state"),
        "State whose legislation applies",
        "État dont la législation s'applique",
        ("legislation", "state"),
        STATE,
    ),
    _value(
        ("legislation", "transitional_rules"),
        "Transitional rules apply",
        "Application de règles transitoires",
        ("legislation", "transitional_rules"),
        FLAG,
        mandatory=False,
    ),
    _value(("legislation", "starting_date"), "Applies from", "À partir du", ("legislation", "start"), FULL_DATE),
    _value(("legislation", "ending_date"), "Applies until", "Jusqu'au", ("legislation", "end"), END_DATE),
    _value(
        ("status_confirmation",),
        "Status confirmation",
        "Confirmation du statut",
        ("status", "code"),
        code(STATUS_CONFIRMATIONS),
    ),
    *_document(("document", "number"), ("document", "date_of_issuance"), ("document", "date_of_expiry")),
)


def _institution_named(fields: JsonObject) -> JsonObject:
    country = fields.pop("institution_country", None)
    if country is not None:
        fields["institution"] = {**fields.get("authentic_source", {}), "country": country}
    return fields


def _pda1_fields(fields: JsonObject) -> JsonObject:
    """Group the places of work under their countries, those without an address among them."""
    places, nowhere = fields.pop("workplaces", []), fields.pop("nowhere", [])
    by_country: dict[str, list[JsonObject]] = {country: [] for country in nowhere}
    for place in places:
        if "country" in place.get("address", {}):
            by_country.setdefault(place["address"]["country"], []).append(place)
    if by_country:
        fields["countries_of_work"] = [
            {"country": each, "workplaces": by_country[each]} for each in sorted(by_country)
        ]
    return _institution_named(fields)


def _ehic_fields(fields: JsonObject) -> JsonObject:
    """Tell the insured person from a holder who represents that person."""
    holder, subject = fields.pop("holder", {}), fields.pop("subject", None)
    fields["insured"] = {**(holder if subject is None else subject), **fields.get("insured", {})}
    fields.pop("institution_country", None)
    return {**fields, "to_representative": subject is not None}


PDA1_EUDI_ISSUER: Final = Projection(
    id="pda1-eudi-issuer",
    vct="urn:eu.europa.ec.eudi:pda1:1",
    kind="pda1",
    claims=_PDA1_CLAIMS,
    document=(("issuance_date",), ("expiry_date",)),
    coverage=(("legislation", "starting_date"), ("legislation", "ending_date")),
    rearrange=_pda1_fields,
)

EHIC_EUDI_ISSUER: Final = Projection(
    id="ehic-eudi-issuer",
    vct="urn:eu.europa.ec.eudi:ehic:1",
    kind="ehic",
    claims=(
        *_person("credential_holder", "holder", "Holder", "Titulaire"),
        *_person("subject", "subject", "Insured person", "Personne assurée"),
        _value(
            ("social_security_pin",), "Social security number", "Numéro de sécurité sociale", ("insured", "pin")
        ),
        _value(("starting_date",), "Covered from", "Couverture à partir du", ("start",), FULL_DATE),
        _value(("ending_date",), "Covered until", "Couverture jusqu'au", ("end",), END_DATE),
        *_document(("card_number",), ("date_of_issuance",), ("date_of_expiry",)),
    ),
    document=(("issuance_date",), ("expiry_date",)),
    coverage=(("starting_date",), ("ending_date",)),
    rearrange=_ehic_fields,
)
