"""What every message is: frozen, strict, read from a peer in one place; the types that many of them share."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from portadoc.errors import Malformed
from portadoc.schemas.claims import JsonObject, pointer

Item = TypeVar("Item")
Several = Annotated[tuple[Item, ...], Field(strict=False, fail_fast=True)]
"""An array, kept as a tuple. One element that is not in order is enough: an error for each takes a kilobyte."""
AtLeastOne = Annotated[tuple[Item, ...], Field(strict=False, min_length=1, fail_fast=True)]
"""An array with one element or more, kept as a tuple."""


class ProtocolMessage(BaseModel):
    """A message or a part of one; ``to_json`` gives the members that go over the wire."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    def to_json(self) -> JsonObject:
        """Return the wire form: names as the specification spells them, members without a value left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def changed(self, **members: Any) -> Self:
        """Return a copy with other members, checked anew."""
        return type(self).model_validate({**dict(self), **members})


Message = TypeVar("Message", bound=ProtocolMessage)


def read_message(model: type[Message], received: Mapping[str, Any]) -> Message:
    """Return a peer's message in its frozen form; unknown members are ignored at every level.

    ``received`` is unverified JSON, already parsed by the strict loader (or the parameters of a form).
    Raises Malformed[message_invalid] with the message's name and a JSON Pointer to the first wrong member;
    the value itself stays out of the error.
    """
    try:
        return model.model_validate(dict(received), extra="ignore", by_alias=True, by_name=False)
    except ValidationError as exc:
        raise Malformed("message_invalid", message=model.__name__, member=_first_member(exc)) from None


def _first_member(exc: ValidationError) -> str:
    location = exc.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
    return pointer([step if isinstance(step, int) else step[:64] for step in location[:8]])


def exactly_one(message: str, present: Sequence[bool]) -> None:
    """Require that one of several members, and only one, is there. Raises ValueError (for use in validators)."""
    if sum(present) != 1:
        raise ValueError(message)


Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^https?://[^\s]+$")]
Seconds = Annotated[int, Field(ge=0)]


_DESCRIPTION: Final = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*")


class ErrorResponse(ProtocolMessage):
    """An error of any endpoint for wallets. Spec: RFC 6749 §5.2; RFC 9126 §2.3; OpenID4VCI 1.0 §8.3.1, §9.3"""

    error: Text
    error_description: str | None = None

    @field_validator("error_description")
    @classmethod
    def _plain_ascii(cls, description: str | None) -> str | None:
        if description is not None and not _DESCRIPTION.fullmatch(description):
            raise ValueError("printable ASCII without quotation mark and backslash")
        return description
