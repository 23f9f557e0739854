"""``urn:eudi:pid:1``: test PID, every claim disclosable on its own. Spec: EUDI PID rulebook 1.7; ARF PID_21"""

from typing import Final

from portadoc.schemas.claims import ClaimPattern
from portadoc.schemas.codes import NATIONALITIES
from portadoc.schemas.pid import PID_SEXES
from portadoc.schemas.projections.forms import COUNTRY, FULL_DATE, STATE, Form, code, country, text
from portadoc.schemas.projections.layout import Projection
from portadoc.schemas.projections.rows import Claim


def _claim(
    name: str, en: str, fr: str, form: Form | None, *, field: ClaimPattern | None = None, mandatory: bool = False
) -> Claim:
    place = (name,) if field is None and form is not None else field
    return Claim(path=(name,), en=en, fr=fr, field=place, form=form, sd="always", mandatory=mandatory)


PID_EUDI: Final = Projection(
    id="pid-eudi",
    vct="urn:eudi:pid:1",
    kind="pid",
    claims=(
        _claim("family_name", "Family name", "Nom de famille", text(), mandatory=True),
        _claim("given_name", "Given name", "Prénom", text(), mandatory=True),
        _claim("birthdate", "Date of birth", "Date de naissance", FULL_DATE, mandatory=True),
        _claim("place_of_birth", "Place of birth", "Lieu de naissance", None, mandatory=True),
        Claim(
            path=("place_of_birth", "country"),
            en="Country of birth",
            fr="Pays de naissance",
            field=("place_of_birth", "country"),
            form=COUNTRY,
        ),
        Claim(
            path=("place_of_birth", "region"),
            en="Region of birth",
            fr="Région de naissance",
            field=("place_of_birth", "region"),
            form=text(),
        ),
        Claim(
            path=("place_of_birth", "locality"),
            en="Town of birth",
            fr="Commune de naissance",
            field=("place_of_birth", "locality"),
            form=text(),
        ),
        _claim("nationalities", "Nationalities", "Nationalités", None, mandatory=True),
        Claim(
            path=("nationalities", None),
            en="Nationality",
            fr="Nationalité",
            field=("nationalities", None),
            form=country(NATIONALITIES),
        ),
        _claim("birth_family_name", "Family name at birth", "Nom de naissance", text()),
        _claim("birth_given_name", "Given name at birth", "Prénom de naissance", text()),
        _claim("sex", "Sex", "Sexe", code(PID_SEXES)),
        _claim(
            "personal_administrative_number",
            "National personal number",
            "Numéro national d'identification",
            text(),
            field=("personal_number",),
        ),
        _claim("document_number", "Document number", "Numéro du document", text()),
        _claim("issuing_authority", "Issuing authority", "Autorité émettrice", text(), mandatory=True),
        _claim("issuing_country", "Issuing country", "Pays d'émission", STATE, mandatory=True),
        _claim("date_of_issuance", "Date of issue", "Date de délivrance", FULL_DATE),
        _claim("date_of_expiry", "Date of expiry", "Date d'expiration", FULL_DATE, mandatory=True),
    ),
    document=(("date_of_issuance",), ("date_of_expiry",)),
    coverage=(None, None),
    envelope=frozenset(
        {
            "address",
            "attestation_legal_category",
            "email",
            "issuing_jurisdiction",
            "phone_number",
            "picture",
            "trust_anchor",
        }
    ),
)
