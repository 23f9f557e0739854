"""Read a request body in the one form that the endpoint speaks, and its members by name and type."""

from collections.abc import Collection
from typing import Final

from fastapi import Request

from portadoc.errors import Malformed
from portadoc.formats import strict_json
from portadoc.schemas.claims import JsonObject
from portadoc.web.forms import parse_form

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"


def require_content_type(request: Request, allowed: frozenset[str]) -> str:
    """Return the media type of the body (lower case, without parameters) when it is one of ``allowed``.

    Raises: Malformed[content_type_unsupported] when it is missing, given twice, another one, in another charset
    than UTF-8, or when the body is compressed.
    """
    values = request.headers.getlist("content-type")
    media_type, _, parameters = values[0].partition(";") if len(values) == 1 else ("", "", "")
    found = media_type.strip().lower()
    in_utf8 = parameters.strip().lower().replace('"', "") in ("", "charset=utf-8")
    plain = request.headers.get("content-encoding", "identity").strip().lower() == "identity"
    if found not in allowed or not in_utf8 or not plain:
        raise Malformed("content_type_unsupported", allowed=", ".join(sorted(allowed)))
    return found


async def read_form(request: Request) -> dict[str, str]:
    """Return the parameters of a form body. Raises: Malformed[content_type_unsupported], [form_invalid]."""
    require_content_type(request, frozenset({FORM}))
    return parse_form(await request.body())


async def read_json_object(request: Request) -> JsonObject:
    """Return the object of a JSON body, read strictly.

    Raises: Malformed[content_type_unsupported], [json_malformed], [limit_exceeded].
    """
    require_content_type(request, frozenset({JSON}))
    return strict_json.loads_object(await request.body(), what="body")


def require_members(body: JsonObject, known: Collection[str]) -> None:
    """Refuse a member that nobody knows. Raises: Malformed[member_unknown]."""
    for name in body:
        if name not in known:
            raise Malformed("member_unknown", member=f"/{name[:64]}", nearest=", ".join(sorted(known)))


def text_member(body: JsonObject, name: str) -> str:
    """Return a member that has to be a text. Raises: Malformed[member_invalid]."""
    value = body.get(name)
    if not isinstance(value, str):
        raise Malformed("member_invalid", member=f"/{name}", expected="text")
    return value


def optional_text_member(body: JsonObject, name: str) -> str | None:
    """Return a text member, None for one that is absent or null. Raises: Malformed[member_invalid]."""
    return None if body.get(name) is None else text_member(body, name)


def flag_member(body: JsonObject, name: str, *, default: bool = False) -> bool:
    """Return a member that has to be true or false. Raises: Malformed[member_invalid]."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise Malformed("member_invalid", member=f"/{name}", expected="true or false")
    return value
