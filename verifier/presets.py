"""The questions that a verifier asks: each a DCQL query and the rules by which its answer is judged.

A preset asks for what its purpose needs and for nothing else; what arrives beyond that is dropped before storage.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Refused
from portadoc.schemas.claims import ClaimPattern, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A question. ``same_holder`` asks that all credentials of one answer are bound to one key.

    ``status_required`` refuses a credential that names no status list.
    """

    id: str
    query: JsonObject
    status_required: bool = True
    same_holder: bool = False


def _credential(
    query_id: str, vct: str, claims: Mapping[str, ClaimPattern], claim_sets: tuple[tuple[str, ...], ...] = ()
) -> JsonObject:
    query: JsonObject = {
        "id": query_id,
        "format": "dc+sd-jwt",
        "meta": {"vct_values": [vct]},
        "claims": [{"id": name, "path": list(path)} for name, path in claims.items()],
    }
    if claim_sets:
        query["claim_sets"] = [list(names) for names in claim_sets]
    return query


def _query(*credentials: JsonObject) -> JsonObject:
    return {"credentials": list(credentials)}


_DECISION: Final[Mapping[str, ClaimPattern]] = {
    "legislation": ("legislation_country",),
    "start": ("starting_date",),
    "end": ("ending_date",),
    "confirmation": ("status_confirmation",),
    "institution": ("authentic_source",),
    "authority": ("issuing_authority",),
    "issued": ("date_of_issuance",),
    "document": ("document_number",),
    "employer": ("employer",),
}
_ONE_PLACE: Final[Mapping[str, ClaimPattern]] = {"place": ("work_address",)}
_PLACES: Final[Mapping[str, ClaimPattern]] = {"places": ("work_information",)}

_INSPECTOR_QUICK: Final = Preset(
    id="inspector-quick",
    query=_query(
        _credential(
            "a1",
            "urn:eudi:pda1:1",
            {**_DECISION, **_ONE_PLACE, **_PLACES},
            # the two layouts under this type name the place of work differently
            ((*_DECISION, *_ONE_PLACE), (*_DECISION, *_PLACES)),
        )
    ),
)

_INSPECTOR_WEBUILD: Final = Preset(
    id="inspector-webuild",
    query=_query(
        _credential(
            "a1",
            "eu.we-build.pda1.1",
            {
                "legislation": ("memberstateAppliedLegislation",),
                "names": ("subject", "names"),
                "birth": ("subject", "dateOfBirth"),
                "employer": ("employmentSituations", None),
                "places": ("placesOfWork",),
                "confirmation": ("statusConfirmation",),
                "document": ("documentID",),
                "institution": ("competentInstitution",),
            },
        )
    ),
)

_CARE_DESK: Final = Preset(
    id="care-desk",
    query=_query(
        _credential(
            "ehic",
            "urn:eudi:ehic:1",
            {
                "pin": ("personal_administrative_number",),
                "card": ("document_number",),
                "country": ("issuing_country",),
                "authority": ("issuing_authority",),
                "institution": ("authentic_source",),
                "issued": ("date_of_issuance",),
            },
        )
    ),
)

PRESETS: Final[Mapping[str, Preset]] = {
    preset.id: preset for preset in (_INSPECTOR_QUICK, _INSPECTOR_WEBUILD, _CARE_DESK)
}


def preset(preset_id: str) -> Preset:
    """Return a preset by id. Raises Refused[preset_unknown]."""
    found = PRESETS.get(preset_id)
    if found is None:
        raise Refused("preset_unknown", known=", ".join(PRESETS))
    return found
