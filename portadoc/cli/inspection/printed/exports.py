"""Looking into the signed export of a visit: whose it is, of when, and how much is in it. Nothing is verified."""

from typing import Final

from portadoc.cli.inspection.finding import Inspection, Said, refusal
from portadoc.cli.inspection.moments import moment
from portadoc.errors import Error
from portadoc.formats import strict_json
from portadoc.schemas.claims import JsonObject

_BEGINS: Final = b'{"payload":"'
_TYP: Final = "visit-export+jwt"
_MOST: Final = 512 * 1024 * 1024


def is_visit_export(raw: bytes) -> bool:
    """Tell whether something is a signed export of a visit, as a file in full."""
    from portadoc.cli.inspection.tokens import lenient_base64

    if not raw.startswith(_BEGINS):
        return False
    try:
        members = strict_json.loads_object(raw, what="export", max_bytes=_MOST)
        header = strict_json.loads_object(lenient_base64(str(members.get("protected"))), what="header")
    except Error:
        return False
    return header.get("typ") == _TYP


def inspect_visit_export(raw: bytes) -> Inspection:
    """Return what an export of a visit says of itself; what was found on the visit stays in it."""
    from portadoc.cli.inspection.tokens import lenient_base64

    try:
        members = strict_json.loads_object(raw, what="export", max_bytes=_MOST)
        payload = lenient_base64(str(members["payload"]))
        said = strict_json.loads_object(payload, what="export", max_bytes=_MOST, max_depth=64)
    except Error as error:
        return Inspection(
            kind="visit_export", said=(Said("what_visit_export_unreadable"),), findings=(refusal(error),)
        )
    institution = said.get("institution")
    named: JsonObject = institution if isinstance(institution, dict) else {}
    told: dict[str, str | int] = {
        "name": str(named.get("name", "-")),
        "institution": str(named.get("id", "-")),
        "visit": str(said.get("visit", "-")),
        "at": moment(said.get("made_at", "-")),
        "entries": len(said["entries"]) if isinstance(said.get("entries"), list) else 0,
    }
    shown = ("version", "export", "made_at", "institution", "visit", "device", "complete")
    content = {name: said[name] for name in shown if name in said}
    return Inspection(kind="visit_export", said=(Said("what_visit_export", told),), content=content)
