"""``eu.we-build.pda1.1``: the whole paper form in sixteen disclosure groups; only section 2 is always visible.

How the groups become disclosures: single values and whole objects or arrays for 1 to 8, 13 and 14; array elements
for 9 and the countries of work as one for 11, with their addresses (10, 12) nested inside; the institution for 15,
with its four ways to reach it (16) nested inside and asked for together. Spec: WE BUILD PD A1 rulebook 1.0
"""

from dataclasses import replace
from typing import Final

from portadoc.schemas.claims import EACH_MEMBER, ClaimPattern, JsonObject
from portadoc.schemas.codes import EMPLOYMENT_TYPES, GENDERS, IDENTIFIER_TYPES, STATUS_CONFIRMATIONS
from portadoc.schemas.projections.forms import (
    COUNTRY,
    DEMANDED_END_DATE,
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


def _leaf(
    path: ClaimPattern,
    en: str,
    fr: str,
    field: ClaimPattern,
    form: Form = _TEXT,
    *,
    mandatory: bool = True,
    group: int | None = None,
) -> Claim:
    """Return a row for a value; a group number given here means that the value is a disclosure of its own."""
    return Claim(
        path=path,
        en=en,
        fr=fr,
        field=field,
        form=form,
        sd="never" if group is None else "always",
        mandatory=mandatory,
        group=group,
    )


def _container(path: ClaimPattern, en: str, fr: str, *, group: int | None = None, mandatory: bool = True) -> Claim:
    return Claim(
        path=path, en=en, fr=fr, sd="never" if group is None else "always", mandatory=mandatory, group=group
    )


def _address(
    place: ClaimPattern, field: ClaimPattern, en: str, fr: str, form: Form, *, group: int | None
) -> tuple[Claim, ...]:
    """Return the rows of an address: the address itself, a disclosure if ``group`` is given, and its parts."""
    return (
        replace(_container(place, en, fr, group=group), mandatory=isinstance(place[-1], str)),
        _leaf(
            (*place, "streetAndNumber"),
            f"{en}: street and number",
            f"{fr} : rue et numéro",
            (*field, "street_and_number"),
            mandatory=False,
        ),
        _leaf((*place, "town"), f"{en}: town", f"{fr} : commune", (*field, "town")),
        _leaf(
            (*place, "postcode"), f"{en}: postcode", f"{fr} : code postal", (*field, "postcode"), mandatory=False
        ),
        _leaf((*place, "countryCode"), f"{en}: country", f"{fr} : pays", (*field, "country"), form),
    )


_NAMES: Final[ClaimPattern] = ("subject", "names")
_BIRTH: Final[ClaimPattern] = ("subject", "placeOfBirth")
_RESIDENCE: Final[ClaimPattern] = ("subject", "address", "stateOfResidence")
_STAY: Final[ClaimPattern] = ("subject", "address", "stateOfStay")

_SUBJECT: Final = (
    _container(("subject",), "Person", "Personne"),
    _leaf(("subject", "pin"), "Social security number", "Numéro de sécurité sociale", ("person", "pin"), group=1),
    _leaf(("subject", "gender"), "Sex", "Sexe", ("person", "gender"), code(GENDERS), group=2),
    _container(_NAMES, "Names", "Noms", group=3),
    _leaf((*_NAMES, "surnames"), "Surnames", "Noms de famille", ("person", "surnames")),
    _leaf((*_NAMES, "forenames"), "Forenames", "Prénoms", ("person", "forenames")),
    _leaf(
        (*_NAMES, "surnameAtBirth"),
        "Surname at birth",
        "Nom de naissance",
        ("person", "surname_at_birth"),
        mandatory=False,
    ),
    _leaf(
        (*_NAMES, "forenamesAtBirth"),
        "Forenames at birth",
        "Prénoms de naissance",
        ("person", "forenames_at_birth"),
        mandatory=False,
    ),
    _leaf(
        ("subject", "dateOfBirth"),
        "Date of birth",
        "Date de naissance",
        ("person", "date_of_birth"),
        FULL_DATE,
        group=4,
    ),
    _container(("subject", "nationalities"), "Nationalities", "Nationalités", group=5),
    _leaf(
        ("subject", "nationalities", None),
        "Nationality",
        "Nationalité",
        ("person", "nationalities", None),
        COUNTRY,
        mandatory=False,
    ),
    _container(_BIRTH, "Place of birth", "Lieu de naissance", group=6),
    _leaf((*_BIRTH, "town"), "Town of birth", "Commune de naissance", ("person", "place_of_birth", "town")),
    _leaf(
        (*_BIRTH, "countryCode"),
        "Country of birth",
        "Pays de naissance",
        ("person", "place_of_birth", "country"),
        COUNTRY,
    ),
    _container(("subject", "address"), "Addresses", "Adresses"),
    _container(_RESIDENCE, "State of residence", "État de résidence", group=7, mandatory=False),
    *_address(
        (*_RESIDENCE, None),
        ("person", "residence", None),
        "Address in the State of residence",
        "Adresse dans l'État de résidence",
        COUNTRY,
        group=None,
    ),
    _container(_STAY, "State of stay", "État de séjour", group=8, mandatory=False),
    *_address(
        (*_STAY, None),
        ("person", "stay", None),
        "Address in the State of stay",
        "Adresse dans l'État de séjour",
        STATE,
        group=None,
    ),
)

_SECTION_2: Final = "memberstateAppliedLegislation"
_LEGISLATION: Final = (
    _container((_SECTION_2,), "Applicable legislation", "Législation applicable"),
    _leaf(
        (_SECTION_2, "memberstate"),
        "State whose legislation applies",
        "État dont la législation s'applique",
        ("legislation", "state"),
        STATE,
    ),
    _leaf((_SECTION_2, "startDate"), "Applies from", "À partir du", ("legislation", "start"), FULL_DATE),
    _leaf((_SECTION_2, "endDate"), "Applies until", "Jusqu'au", ("legislation", "end"), DEMANDED_END_DATE),
    _leaf(
        (_SECTION_2, "certificateAppliesForDuranceOfStay"),
        "Applies for the duration of the activity",
        "Valable pour la durée de l'activité",
        ("legislation", "for_duration_of_activity"),
        FLAG,
        mandatory=False,
    ),
    _leaf(
        (_SECTION_2, "determinationIsProvisional"),
        "Determination is provisional",
        "Détermination provisoire",
        ("legislation", "provisional"),
        FLAG,
        mandatory=False,
    ),
    _leaf(
        (_SECTION_2, "transitionRulesApplyAccordingEG"),
        "Transitional rules apply",
        "Application de règles transitoires",
        ("legislation", "transitional_rules"),
        FLAG,
        mandatory=False,
    ),
)

_EMPLOYMENT: Final[ClaimPattern] = ("employmentSituations", None)
_EMPLOYMENTS: Final = (
    _container(("employmentSituations",), "Employers and own activities", "Employeurs et activités non salariées"),
    replace(
        _container(_EMPLOYMENT, "Employer or own activity", "Employeur ou activité", group=9), mandatory=False
    ),
    _leaf(
        (*_EMPLOYMENT, "typeOfEmployment"),
        "Kind of employment",
        "Type d'activité",
        ("employments", None, "type"),
        code(EMPLOYMENT_TYPES),
    ),
    _leaf((*_EMPLOYMENT, "name"), "Name of the employer", "Nom de l'employeur", ("employments", None, "name")),
    _leaf(
        (*_EMPLOYMENT, "employerID"),
        "Identifier of the employer",
        "Identifiant de l'employeur",
        ("employments", None, "id"),
    ),
    _leaf(
        (*_EMPLOYMENT, "typeOfID"),
        "Kind of identifier of the employer",
        "Type d'identifiant de l'employeur",
        ("employments", None, "id_type"),
        code(IDENTIFIER_TYPES),
    ),
    *_address(
        (*_EMPLOYMENT, "address"),
        ("employments", None, "address"),
        "Address of the employer",
        "Adresse de l'employeur",
        COUNTRY,
        group=10,
    ),
)

_STATE_OF_WORK: Final[ClaimPattern] = ("placesOfWork", EACH_MEMBER)
_WORKPLACE: Final[ClaimPattern] = (*_STATE_OF_WORK, None)
_FIELD: Final[ClaimPattern] = ("countries_of_work", EACH_MEMBER, None)
_PLACES: Final = (
    _container(("placesOfWork",), "Places of work", "Lieux de travail", group=11),
    Claim(
        path=_STATE_OF_WORK,
        en="Places of work in this State",
        fr="Lieux de travail dans cet État",
        field=("countries_of_work", EACH_MEMBER),
        names=STATE,
    ),
    _container(_WORKPLACE, "Place of work", "Lieu de travail", mandatory=False),
    _leaf(
        (*_WORKPLACE, "companyOrVesselName"),
        "Name of the company or vessel",
        "Nom de l'entreprise ou du navire",
        (*_FIELD, "name"),
    ),
    _leaf(
        (*_WORKPLACE, "flagBaseHomeState"),
        "Flag state or home base",
        "État du pavillon ou base d'affectation",
        (*_FIELD, "flag_or_base_state"),
        SHIP_OR_BASE,
        mandatory=False,
    ),
    _leaf(
        (*_WORKPLACE, "companyID"),
        "Identifier of the company",
        "Identifiant de l'entreprise",
        (*_FIELD, "company_id"),
        mandatory=False,
    ),
    _leaf(
        (*_WORKPLACE, "typeOfID"),
        "Kind of identifier of the company",
        "Type d'identifiant de l'entreprise",
        (*_FIELD, "company_id_type"),
        code(IDENTIFIER_TYPES),
        mandatory=False,
    ),
    *_address(
        (*_WORKPLACE, "address"),
        (*_FIELD, "address"),
        "Address of the place of work",
        "Adresse du lieu de travail",
        STATE,
        group=12,
    ),
)

_STATUS: Final = (
    _container(("statusConfirmation",), "Status confirmation", "Confirmation du statut", group=13),
    _leaf(
        ("statusConfirmation", "statusConfirmationCode"),
        "Status",
        "Statut",
        ("status", "code"),
        code(STATUS_CONFIRMATIONS),
    ),
    _leaf(
        ("statusConfirmation", "exceptionDescription"),
        "Description of the exception",
        "Description de la dérogation",
        ("status", "exception_description"),
        mandatory=False,
    ),
    _leaf(("documentID",), "Document number", "Numéro du document", ("document", "number"), group=14),
)

_SECTION_7: Final = "competentInstitution"
_INSTITUTION: Final = (
    _container((_SECTION_7,), "Competent institution", "Institution compétente", group=15),
    _leaf(
        (_SECTION_7, "institutionID"),
        "Identifier of the institution",
        "Identifiant de l'institution",
        ("institution", "id"),
        institution_id(),
    ),
    _leaf(
        (_SECTION_7, "institutionName"), "Name of the institution", "Nom de l'institution", ("institution", "name")
    ),
    _leaf(
        (_SECTION_7, "countryCode"),
        "Country of the institution",
        "Pays de l'institution",
        ("institution", "country"),
        STATE,
    ),
    *_address(
        (_SECTION_7, "address"),
        ("institution", "address"),
        "Address of the institution",
        "Adresse de l'institution",
        STATE,
        group=16,
    ),
    _leaf(
        (_SECTION_7, "officeFaxNumber"),
        "Fax of the institution",
        "Télécopie de l'institution",
        ("institution", "fax"),
        mandatory=False,
        group=16,
    ),
    _leaf(
        (_SECTION_7, "officePhoneNumber"),
        "Telephone of the institution",
        "Téléphone de l'institution",
        ("institution", "phone"),
        mandatory=False,
        group=16,
    ),
    _leaf(
        (_SECTION_7, "email"),
        "E-mail of the institution",
        "Courriel de l'institution",
        ("institution", "email"),
        mandatory=False,
        group=16,
    ),
)


def _arrange(fields: JsonObject) -> JsonObject:
    """Key the workplaces by country, as the layout does."""
    by_country = {entry["country"]: entry["workplaces"] for entry in fields["countries_of_work"]}
    return {**fields, "countries_of_work": by_country}


def _rearrange(fields: JsonObject) -> JsonObject:
    by_country = fields.get("countries_of_work")
    if by_country is None:
        return fields
    entries = [{"country": country, "workplaces": by_country[country]} for country in sorted(by_country)]
    return {**fields, "countries_of_work": entries}


PDA1_WEBUILD: Final = Projection(
    id="pda1-webuild",
    vct="eu.we-build.pda1.1",
    kind="pda1",
    claims=(*_SUBJECT, *_LEGISLATION, *_EMPLOYMENTS, *_PLACES, *_STATUS, *_INSTITUTION),
    document=(None, None),
    coverage=((_SECTION_2, "startDate"), (_SECTION_2, "endDate")),
    left_out=(
        ("document", "date_of_issuance"),
        ("document", "date_of_expiry"),
        ("document", "replaces"),
        ("document", "replaced_by"),
        ("person", "residence", None, "region"),
        ("person", "stay", None, "region"),
        ("employments", None, "address", "region"),
        ("countries_of_work", None, "workplaces", None, "address", "region"),
        ("institution", "address", "region"),
        ("issuing_authority",),
        ("authentic_source",),
        ("decision",),
    ),
    demanded=frozenset({"vct", "iss", "iat", "exp"}),  # no cnf: a copy on paper is bound to nobody's key
    envelope=frozenset(
        {"attestation_legal_category", "binding", "trust_anchor_url", "cryptographically_bound_to"}
    ),
    arrange=_arrange,
    rearrange=_rearrange,
)
