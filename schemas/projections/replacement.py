"""Our own layout of the certificate that provisionally replaces the card: all of it, the person claim by claim.

Spec: Decisions S1 (point 5) and S2 of the Administrative Commission
"""

from typing import Final

from portadoc.schemas.ehic import PRC_REASONS
from portadoc.schemas.projections.coverage import DEMANDED_ON_PAPER
from portadoc.schemas.projections.dc4eu import AUTHORITY_AND_SOURCE, ISSUING_COUNTRY
from portadoc.schemas.projections.forms import FULL_DATE, code, text
from portadoc.schemas.projections.layout import Projection
from portadoc.schemas.projections.rows import Claim

_INSURED: Final = (
    Claim(
        path=("personal_administrative_number",),
        en="Personal identification number",
        fr="Numéro d'identification personnel",
        field=("insured", "pin"),
        form=text(1, 500),
        sd="always",
        mandatory=True,
    ),
    *(
        Claim(path=(name,), en=en, fr=fr, field=("insured", field), form=form, sd="always", mandatory=True)
        for name, en, fr, field, form in (
            ("family_name", "Surnames", "Noms de famille", "surnames", text(1, 500)),
            ("given_name", "Forenames", "Prénoms", "forenames", text(1, 500)),
            ("birthdate", "Date of birth", "Date de naissance", "date_of_birth", FULL_DATE),
        )
    ),
)
_CARD: Final = (
    Claim(
        path=("card_number",),
        en="Number of the card that it replaces",
        fr="Numéro de la carte qu'il remplace",
        field=("card_number",),
        form=text(1, 500),
        sd="always",
    ),
    Claim(
        path=("card_date_of_expiry",),
        en="Expiry date of the card that it replaces",
        fr="Date d'expiration de la carte qu'il remplace",
        field=("card_expiry",),
        form=FULL_DATE,
        sd="always",
    ),
)
_VALIDITY: Final = (
    Claim(
        path=("starting_date",),
        en="Valid from",
        fr="Valable à partir du",
        field=("valid_from",),
        form=FULL_DATE,
        mandatory=True,
    ),
    Claim(
        path=("ending_date",),
        en="Valid until",
        fr="Valable jusqu'au",
        field=("valid_to",),
        form=FULL_DATE,
        mandatory=True,
    ),
    Claim(
        path=("date_of_issuance",),
        en="Date of issue",
        fr="Date de délivrance",
        field=("issued_on",),
        form=FULL_DATE,
        mandatory=True,
    ),
    Claim(
        path=("reason",),
        en="Reason",
        fr="Motif",
        field=("reason",),
        form=code(PRC_REASONS),
        sd="always",
        mandatory=True,
    ),
)
_AUTHORITY: Final = (
    *(claim for claim in AUTHORITY_AND_SOURCE if claim.path[0] == "issuing_authority"),
    Claim(
        path=("issuing_authority", "acronym"),
        en="Acronym of the institution",
        fr="Sigle de l'institution",
        field=("acronym",),
        form=text(1, 50),
    ),
)

PRC_PORTADOC: Final = Projection(
    id="prc",
    vct="urn:portadoc:prc:1",
    kind="prc",
    claims=(*_INSURED, *_CARD, *_VALIDITY, ISSUING_COUNTRY, *_AUTHORITY),
    document=(None, None),
    coverage=(("starting_date",), ("ending_date",)),
    demanded=DEMANDED_ON_PAPER,
)
"""A certificate may be issued after the days that it covers: only these count, as in its seal."""
