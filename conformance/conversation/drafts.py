"""Signed tokens that can still be changed: what goes out is right but for what a module made of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from portadoc import base64url
from portadoc.formats import jws
from portadoc.keys.signer import Signer


@dataclass(frozen=True, slots=True)
class Draft:
    """A JWS before it is signed; ``broken`` ones are signed, and then the signature is changed."""

    header: Mapping[str, Any]
    payload: Mapping[str, Any]
    signer: Signer
    broken: bool = False

    @classmethod
    def of(cls, token: str, signer: Signer) -> "Draft":
        """Return a token of our own making as a draft."""
        header: dict[str, Any] = json.loads(base64url.decode(token.partition(".")[0], what="header"))
        return cls(header, jws.unverified_claims(token), signer)

    def head(self, **members: Any) -> "Draft":
        """Return the draft with other header members; None takes one out."""
        return replace(self, header=_changed(self.header, members))

    def claims(self, **members: Any) -> "Draft":
        """Return the draft with other claims; None takes one out."""
        return replace(self, payload=_changed(self.payload, members))

    def by(self, signer: Signer) -> "Draft":
        """Return the draft to be signed by another key, under the same header."""
        return replace(self, signer=signer)

    def text(self) -> str:
        """Return the compact JWS."""
        content = f"{_part(self.header)}.{_part(self.payload)}"
        if self.header.get("alg") == "none":
            return f"{content}."
        signature = self.signer.sign(content.encode("ascii"))
        if self.broken:
            signature = bytes([signature[0] ^ 1]) + signature[1:]
        return f"{content}.{base64url.encode(signature)}"


Twist = Callable[[Draft], Draft | None]
"""What a module makes of a token that would be right; None leaves it out of the request."""


def as_it_is(draft: Draft) -> Draft | None:
    """Change nothing."""
    return draft


def left_out(draft: Draft) -> Draft | None:
    """Leave the token out."""
    return None


def broken(draft: Draft) -> Draft | None:
    """Break the signature."""
    return replace(draft, broken=True)


def _changed(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


def _part(value: Mapping[str, Any]) -> str:
    return base64url.encode(json.dumps(value, separators=(",", ":")).encode("utf-8"))
