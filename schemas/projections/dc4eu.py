"""Rows that the DC4EU layouts of PDA1 and EHIC have in common, and the EHIC layout.

Spec: DC4EU WP6 rulebooks 1.1; wwWallet schema and type metadata for ``urn:eudi:ehic:1``
"""

from typing import Final

from portadoc.schemas.claims import JsonObject
from portadoc.schemas.projections.forms import END_DATE, FULL_DATE, STATE, institution_id, text
from portadoc.schemas.projections.layout import Projection
from portadoc.schemas.projections.rows import Claim

DEMANDED: Final = frozenset({"vct", "jti", "sub", "iss", "iat", "exp", "cnf"})
"""Envelope of every DC4EU attestation: the rulebooks' list, and ``exp``, without which nothing is issued here."""

OLD_PIN_NAMES: Final = (("social_security_pin",), ("social_security_number",))
OLD_NUMBER_NAMES: Final = (("document_id",),)
"""Names of the same claims in the pilots' first layouts and in the EU reference issuer."""

AUTHORITY_AND_SOURCE: Final = (
    Claim(path=("issuing_authority",), en="Issuing authority", fr="Autorité émettrice", mandatory=True),
    Claim(
        path=("issuing_authority", "id"),
        en="Identifier of the issuing authority",
        fr="Identifiant de l'autorité émettrice",
        field=("issuing_authority", "id"),
        form=institution_id(20),
        mandatory=True,
    ),
    Claim(
        path=("issuing_authority", "name"),
        en="Name of the issuing authority",
        fr="Nom de l'autorité émettrice",
        field=("issuing_authority", "name"),
        form=text(1, 100),
        mandatory=True,
    ),
    Claim(path=("authentic_source",), en="Competent institution", fr="Institution compétente", mandatory=True),
    Claim(
        path=("authentic_source", "id"),
        en="Identifier of the competent institution",
        fr="Identifiant de l'institution compétente",
        field=("authentic_source", "id"),
        form=institution_id(20),
        mandatory=True,
        also=(("competent_institution", "institution_id"),),
    ),
    Claim(
        path=("authentic_source", "name"),
        en="Name of the competent institution",
        fr="Nom de l'institution compétente",
        field=("authentic_source", "name"),
        form=text(1, 100),
        mandatory=True,
        also=(("competent_institution", "institution_name"),),
    ),
)

ISSUING_COUNTRY: Final = Claim(
    path=("issuing_country",),
    en="Issuing country",
    fr="Pays d'émission",
    field=("issuing_authority", "country"),
    form=STATE,
    mandatory=True,
    also=(("issuing_authority", "country"),),
)

_EHIC_CLAIMS: Final = (
    Claim(
        path=("personal_administrative_number",),
        en="Social security number",
        fr="Numéro de sécurité sociale",
        field=("insured", "pin"),
        form=text(4, 50),
        sd="always",
        mandatory=True,
        also=OLD_PIN_NAMES,
    ),
    Claim(path=("subject",), en="Insured person", fr="Personne assurée"),
    Claim(
        path=("subject", "forenames"),
        en="Forenames of the insured person",
        fr="Prénoms de la personne assurée",
        field=("subject", "forenames"),
        form=text(1, 155),
        mandatory=True,
    ),
    Claim(
        path=("subject", "familynames"),
        en="Surnames of the insured person",
        fr="Noms de la personne assurée",
        field=("subject", "surnames"),
        form=text(1, 155),
        mandatory=True,
    ),
    Claim(
        path=("subject", "date_of_birth"),
        en="Date of birth of the insured person",
        fr="Date de naissance de la personne assurée",
        field=("subject", "date_of_birth"),
        form=FULL_DATE,
        mandatory=True,
    ),
    ISSUING_COUNTRY,
    *AUTHORITY_AND_SOURCE,
    Claim(
        path=("date_of_issuance",),
        en="Date of issue",
        fr="Date de délivrance",
        field=("date_of_issuance",),
        form=FULL_DATE,
        mandatory=True,
        also=(("issuance_date",),),
    ),
    Claim(
        path=("date_of_expiry",),
        en="Date of expiry",
        fr="Date d'expiration",
        field=("date_of_expiry",),
        form=FULL_DATE,
        also=(("expiry_date",),),
    ),
    Claim(
        path=("starting_date",),
        en="Covered from",
        fr="Couverture à partir du",
        field=("start",),
        form=FULL_DATE,
    ),
    Claim(
        path=("ending_date",),
        en="Covered until",
        fr="Couverture jusqu'au",
        field=("end",),
        form=END_DATE,
    ),
    Claim(
        path=("document_number",),
        en="Card number",
        fr="Numéro de la carte",
        field=("card_number",),
        form=text(4, 50),
        sd="always",
        mandatory=True,
        also=OLD_NUMBER_NAMES,
    ),
)


def _arrange(fields: JsonObject) -> JsonObject:
    return {**fields, "subject": fields["insured"]} if fields["to_representative"] else fields


def _rearrange(fields: JsonObject) -> JsonObject:
    subject = fields.pop("subject", None)
    if subject is not None:
        fields["insured"] = {**subject, **fields.get("insured", {})}
    return {**fields, "to_representative": subject is not None}


EHIC_DC4EU: Final = Projection(
    id="ehic-dc4eu",
    vct="urn:eudi:ehic:1",
    kind="ehic",
    claims=_EHIC_CLAIMS,
    document=(("date_of_issuance",), ("date_of_expiry",)),
    coverage=(("starting_date",), ("ending_date",)),
    left_out=(("insured", "surnames"), ("insured", "forenames"), ("insured", "date_of_birth")),
    demanded=DEMANDED,
    arrange=_arrange,
    rearrange=_rearrange,
)
