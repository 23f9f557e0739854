"""How far a visitor has come, carried by the visitor's own browser in one cookie a journey.

The cookie is HttpOnly and SameSite=Strict, so no script and no other site gets at it, and it travels to the pages
of its journey only: a session secret never stands in an address, a log or a form. It is not signed. It holds what
its visitor was told anyway, and every identifier in it is judged again by the service that it names; so a forged
one opens nothing. A server that keeps nothing works the same with several workers and after a restart.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from portadoc import base64url
from portadoc.errors import Conflict, Error
from portadoc.formats import strict_json
from portadoc.issuer.authorization.offers import OFFER_SCHEME
from portadoc.schemas.claims import Json
from portadoc.verifier.requests import LINK_SCHEME, CreatedRequest

MAX_COOKIE_CHARS: Final = 3800
_COPIES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request of the verifier, and the secret that reads its result."""

    transaction_id: str
    session_secret: str = field(repr=False)
    link: str = field(repr=False)
    expires_at: int

    @classmethod
    def of(cls, created: CreatedRequest) -> Self:
        """Return what the tour keeps of a new request."""
        return cls(
            transaction_id=created.transaction_id,
            session_secret=created.session_secret,
            link=created.link,
            expires_at=created.expires_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What the withdrawal did: copies withdrawn, lists signed anew, lists that the verifier fetched."""

    copies: int
    lists_signed: int
    lists_fetched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a journey stands. ``held`` are the wallet's ids of the copies taken; ``answered`` is the question."""

    record_id: str
    offer_uri: str = field(repr=False)
    tx_code: str = field(repr=False)
    offer_expires_at: int
    held: tuple[str, ...] = ()
    question: Question | None = None
    answered: bool = False
    withdrawn: Withdrawn | None = None
    second_question: Question | None = None

    def to_cookie(self) -> str:
        """Return the value of the cookie."""
        return base64url.encode(strict_json.dumps(asdict(self)))

    @classmethod
    def from_cookie(cls, unverified: str | None) -> Self:
        """Return the progress that a browser sent. Raises Conflict[tour_step_missing] for none or a broken one."""
        try:
            return cls(**_progress(unverified or ""))
        except (Error, ValueError) as exc:
            raise Conflict("tour_step_missing") from exc


def _progress(unverified: str) -> dict[str, Any]:
    if len(unverified) > MAX_COOKIE_CHARS:
        raise ValueError("length")
    read = strict_json.loads(base64url.decode(unverified), what="cookie")
    values = _object(read, _PROGRESS)
    held = values["held"]
    if len(held) > _COPIES or not all(isinstance(each, str) for each in held):
        raise ValueError("held")
    if not values["offer_uri"].startswith(OFFER_SCHEME):
        raise ValueError("offer_uri")
    return {
        **values,
        "held": tuple(held),
        "question": _question(values["question"]),
        "withdrawn": None if read["withdrawn"] is None else Withdrawn(**_object(read["withdrawn"], _WITHDRAWN)),
        "second_question": _question(values["second_question"]),
    }


def _question(value: Json) -> Question | None:
    """Return a question whose link is one of ours and nothing that a browser would run."""
    if value is None:
        return None
    question = Question(**_object(value, _QUESTION))
    if not question.link.startswith(LINK_SCHEME):
        raise ValueError("link")
    return question


_QUESTION: Final = {"transaction_id": str, "session_secret": str, "link": str, "expires_at": int}
_WITHDRAWN: Final = {"copies": int, "lists_signed": int, "lists_fetched": int}
_PROGRESS: Final = {
    "record_id": str,
    "offer_uri": str,
    "tx_code": str,
    "offer_expires_at": int,
    "held": list,
    "question": object,
    "answered": bool,
    "withdrawn": object,
    "second_question": object,
}


def _object(value: Json, kinds: Mapping[str, type]) -> dict[str, Any]:
    """Return an object that has exactly these members, each of its kind."""
    if not isinstance(value, dict) or value.keys() != kinds.keys():
        raise ValueError("members")
    for name, kind in kinds.items():
        if not isinstance(value[name], kind) or (kind is int and isinstance(value[name], bool)):
            raise ValueError("kinds")
    return value
