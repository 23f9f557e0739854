"""``urn:eudi:pda1:1`` in its two dialects.

Dialect A (wallets of the pilots): one employer, one workplace. Dialect B (WP6 rulebook 1.1): lists of both, and
the transitional flag. Spec: wwWallet schema and type metadata; DC4EU WP6 PDA1 rulebook 1.1, Annexes 1 and 2
"""

from dataclasses import replace
from typing import Final

from portadoc.schemas.claims import ClaimPattern, JsonObject
from portadoc.schemas.codes import EMPLOYMENT_TYPES, STATUS_CONFIRMATIONS
from portadoc.schemas.projections.dc4eu import (
    AUTHORITY_AND_SOURCE,
    DEMANDED,
    ISSUING_COUNTRY,
    OLD_NUMBER_NAMES,
    OLD_PIN_NAMES,
)
from portadoc.schemas.projections.forms import (
    COUNTRY,
    DEMANDED_END_DATE,
    FLAG,
    FULL_DATE,
    SHIP_OR_BASE,
    STATE,
    Form,
    code,
    text,
)
from portadoc.schemas.projections.layout import Projection, cannot_carry
from portadoc.schemas.projections.rows import Claim

_VCT: Final = "urn:eudi:pda1:1"
_A: Final = "pda1-dc4eu-a"
_B: Final = "pda1-dc4eu-b"

_PIN: Final = Claim(
    path=("personal_administrative_number",),
    en="Social security number",
    fr="Numéro de sécurité sociale",
    field=("person", "pin"),
    form=text(4, 50),
    sd="always",
    mandatory=True,
    also=OLD_PIN_NAMES,
)
_DOCUMENT_AND_LEGISLATION: Final = (
    Claim(
        path=("legislation_country",),
        en="Applicable legislation",
        fr="Législation applicable",
        field=("legislation", "state"),
        form=STATE,
        mandatory=True,
    ),
    Claim(
        path=("status_confirmation",),
        en="Status confirmation",
        fr="Confirmation du statut",
        field=("status", "code"),
        form=code(STATUS_CONFIRMATIONS),
        mandatory=True,
    ),
    Claim(
        path=("date_of_issuance",),
        en="Date of issue",
        fr="Date de délivrance",
        field=("document", "date_of_issuance"),
        form=FULL_DATE,
        mandatory=True,
        also=(("issuance_date",),),
    ),
    Claim(
        path=("date_of_expiry",),
        en="Date of expiry",
        fr="Date d'expiration",
        field=("document", "date_of_expiry"),
        form=FULL_DATE,
        also=(("expiry_date",),),
    ),
    Claim(
        path=("starting_date",),
        en="Legislation applies from",
        fr="Législation applicable à partir du",
        field=("legislation", "start"),
        form=FULL_DATE,
        mandatory=True,
    ),
    Claim(
        path=("ending_date",),
        en="Legislation applies until",
        fr="Législation applicable jusqu'au",
        field=("legislation", "end"),
        form=DEMANDED_END_DATE,
        mandatory=True,
    ),
    Claim(
        path=("document_number",),
        en="Document number",
        fr="Numéro du document",
        field=("document", "number"),
        form=text(4, 50),
        sd="always",
        mandatory=True,
        also=OLD_NUMBER_NAMES,
    ),
)


def _employer(place: ClaimPattern, field: ClaimPattern) -> tuple[Claim, ...]:
    rows: tuple[tuple[str, str, str, ClaimPattern, Form], ...] = (
        ("id", "Identifier of the employer", "Identifiant de l'employeur", ("id",), text(1, 20)),
        ("name", "Name of the employer", "Nom de l'employeur", ("name",), text(1, 100)),
        ("country", "Country of the employer", "Pays de l'employeur", ("address", "country"), COUNTRY),
    )
    return tuple(
        Claim(path=(*place, name), en=en, fr=fr, field=(*field, *inner), form=form, mandatory=True)
        for name, en, fr, inner, form in rows
    )


def _work_address(place: ClaimPattern, field: ClaimPattern) -> tuple[Claim, ...]:
    """Return the rows of a workplace address; a house number apart is read, and joined to the street."""
    required = ("locality", "country")
    rows: tuple[tuple[str, str, str, str | None, Form], ...] = (
        ("formatted", "Workplace, full address", "Lieu de travail, adresse complète", None, text(2, 512)),
        ("street_address", "Workplace, street", "Lieu de travail, rue", "street_and_number", text(1, 100)),
        ("house_number", "Workplace, house number", "Lieu de travail, numéro", "house_number", text(1, 20)),
        ("postal_code", "Workplace, postcode", "Lieu de travail, code postal", "postcode", text(1, 20)),
        ("locality", "Workplace, town", "Lieu de travail, commune", "town", text(1, 100)),
        ("region", "Workplace, region", "Lieu de travail, région", "region", text(1, 100)),
        ("country", "Workplace, country", "Lieu de travail, pays", "country", STATE),
    )
    return tuple(
        Claim(
            path=(*place, name),
            en=en,
            fr=fr,
            field=None if inner is None else (*field, "address", inner),
            form=form,
            mandatory=name in required,
            also=((*place, "building_number"),) if name == "house_number" else (),
        )
        for name, en, fr, inner, form in rows
    )


_LEFT_OUT: Final[tuple[ClaimPattern, ...]] = (
    *(
        ("person", name)
        for name in (
            "gender",
            "surnames",
            "forenames",
            "date_of_birth",
            "nationalities",
            "place_of_birth",
            "surname_at_birth",
            "forenames_at_birth",
            "residence",
            "stay",
        )
    ),
    ("legislation", "for_duration_of_activity"),
    ("legislation", "provisional"),
    ("status", "exception_description"),
    ("employments", None, "id_type"),
    *(("employments", None, "address", name) for name in ("town", "street_and_number", "postcode", "region")),
    ("countries_of_work", None, "workplaces", None, "company_id_type"),
    ("institution",),
    ("document", "replaces"),
    ("document", "replaced_by"),
    ("decision",),
)


def _arrange_a(fields: JsonObject) -> JsonObject:
    """Require one employer and one workplace: another layout carries more."""
    if len(fields["employments"]) != 1:
        raise cannot_carry(_A, ("employments",))
    workplaces = [place for entry in fields["countries_of_work"] for place in entry["workplaces"]]
    if len(fields["countries_of_work"]) != 1 or len(workplaces) != 1:
        raise cannot_carry(_A, ("countries_of_work",))
    return {**fields, "workplace": workplaces[0]}


def _rearrange_a(fields: JsonObject) -> JsonObject:
    workplace = fields.pop("workplace", None)
    return fields if workplace is None else {**fields, **_by_country([workplace], None)}


def _arrange_b(fields: JsonObject) -> JsonObject:
    """Flatten the workplaces; one country without a fixed address has a place, a second one has not."""
    countries = fields["countries_of_work"]
    without_address = [entry["country"] for entry in countries if not entry["workplaces"]]
    if len(without_address) > 1:
        raise cannot_carry(_B, ("countries_of_work",))
    workplaces = [place for entry in countries for place in entry["workplaces"]]
    return {**fields, "workplaces": workplaces, "no_fixed_place": without_address[0] if without_address else None}


def _rearrange_b(fields: JsonObject) -> JsonObject:
    workplaces = fields.pop("workplaces", [])
    without_address = fields.pop("no_fixed_place", None)
    if not workplaces and without_address is None:
        return fields
    return {**fields, **_by_country(workplaces, without_address)}


def _by_country(workplaces: list[JsonObject], without_address: str | None) -> JsonObject:
    """Group workplaces under their countries; one whose country cannot be read is not kept."""
    grouped: dict[str, list[JsonObject]] = {} if without_address is None else {without_address: []}
    for workplace in workplaces:
        address = workplace.get("address", {})
        if "country" in address:
            kept = {**workplace, "address": _street_joined(address)}
            grouped.setdefault(address["country"], []).append(kept)
    entries = [{"country": country, "workplaces": grouped[country]} for country in sorted(grouped)]
    return {"countries_of_work": entries}


def _street_joined(address: JsonObject) -> JsonObject:
    joined = dict(address)
    number = joined.pop("house_number", None)
    if number is not None:
        joined["street_and_number"] = " ".join(filter(None, (joined.get("street_and_number"), number)))
    return joined


PDA1_DC4EU_A: Final = Projection(
    id=_A,
    vct=_VCT,
    kind="pda1",
    claims=(
        _PIN,
        Claim(path=("employer",), en="Employer", fr="Employeur", mandatory=True),
        *_employer(("employer",), ("employments", 0)),
        Claim(path=("work_address",), en="Workplace", fr="Lieu de travail", mandatory=True),
        *_work_address(("work_address",), ("workplace",)),
        *AUTHORITY_AND_SOURCE,
        ISSUING_COUNTRY,
        *_DOCUMENT_AND_LEGISLATION,
    ),
    document=(("date_of_issuance",), ("date_of_expiry",)),
    coverage=(("starting_date",), ("ending_date",)),
    left_out=(
        *_LEFT_OUT,
        ("legislation", "transitional_rules"),
        ("employments", None, "type"),
        ("countries_of_work", None, "workplaces", None, "name"),
        ("countries_of_work", None, "workplaces", None, "company_id"),
        ("countries_of_work", None, "workplaces", None, "flag_or_base_state"),
    ),
    demanded=DEMANDED,
    arrange=_arrange_a,
    rearrange=_rearrange_a,
)

_WORKPLACE: Final[ClaimPattern] = ("work_information", "work_address", None)

PDA1_DC4EU_B: Final = Projection(
    id=_B,
    vct=_VCT,
    kind="pda1",
    claims=(
        _PIN,
        Claim(path=("employer",), en="Employers", fr="Employeurs", mandatory=True),
        Claim(path=("employer", None), en="Employer", fr="Employeur"),
        Claim(
            path=("employer", None, "type"),
            en="Kind of employment",
            fr="Type d'activité",
            field=("employments", None, "type"),
            form=code(EMPLOYMENT_TYPES),
            mandatory=True,
        ),
        *_employer(("employer", None), ("employments", None)),
        Claim(path=("work_information",), en="Places of work", fr="Lieux de travail", mandatory=True),
        Claim(
            path=("work_information", "no_fixed_place_of_work"),
            en="Country without a fixed place of work",
            fr="Pays sans lieu de travail fixe",
            field=("no_fixed_place",),
            form=STATE,
        ),
        Claim(path=("work_information", "work_address"), en="Workplaces", fr="Lieux de travail fixes"),
        Claim(path=_WORKPLACE, en="Workplace", fr="Lieu de travail"),
        Claim(
            path=(*_WORKPLACE, "company_name"),
            en="Name of the company or vessel",
            fr="Nom de l'entreprise ou du navire",
            field=("workplaces", None, "name"),
            form=text(1, 100),
        ),
        Claim(
            path=(*_WORKPLACE, "company_id"),
            en="Identifier of the company",
            fr="Identifiant de l'entreprise",
            field=("workplaces", None, "company_id"),
            form=text(1, 20),
        ),
        Claim(
            path=(*_WORKPLACE, "flag_base_home"),
            en="Flag state or home base",
            fr="État du pavillon ou base d'affectation",
            field=("workplaces", None, "flag_or_base_state"),
            form=SHIP_OR_BASE,
        ),
        *_work_address(_WORKPLACE, ("workplaces", None)),
        *AUTHORITY_AND_SOURCE,
        replace(ISSUING_COUNTRY, path=("issuing_authority", "country"), also=(("issuing_country",),)),
        *_DOCUMENT_AND_LEGISLATION,
        Claim(
            path=("transitional_rules",),
            en="Transitional rules apply",
            fr="Application de règles transitoires",
            field=("legislation", "transitional_rules"),
            form=FLAG,
            sd="always",
        ),
    ),
    document=(("date_of_issuance",), ("date_of_expiry",)),
    coverage=(("starting_date",), ("ending_date",)),
    left_out=_LEFT_OUT,
    demanded=DEMANDED,
    arrange=_arrange_b,
    rearrange=_rearrange_b,
)
