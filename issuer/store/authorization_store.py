"""Statements over authorizations, each in a connection of the caller's transaction.

An authorization goes forward through its stages and never back, but for a person who identifies themselves anew.
Each step is one conditional UPDATE, so of several at once one takes place.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from portadoc.formats import strict_json
from portadoc.issuer.entitlements import Entitlement, entitlements_from_text, entitlements_to_text
from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import AUTHORIZATIONS
from portadoc.schemas.claims import JsonObject


class Stage(StrEnum):
    """How far an authorization has come."""

    PUSHED = "pushed"
    """The wallet has sent its request; no browser has come with it."""
    BEGUN = "begun"
    """A browser is here, and nobody knows who sits at it."""
    IDENTIFIED = "identified"
    ENTITLED = "entitled"
    """It is known what this person can obtain, and they have not said yes."""
    APPROVED = "approved"
    """The browser carries a code to the wallet."""
    REDEEMED = "redeemed"
    REFUSED = "refused"


AT_THE_BROWSER: Final = (Stage.BEGUN, Stage.IDENTIFIED, Stage.ENTITLED)
"""Stages in which the browser that began can go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    """What a wallet has pushed and proven, as it was found in order.

    ``identified``: authorization_details were used, so credential identifiers are answered. ``dpop_thumbprint`` is
    the key that the code is bound to, ``issuer_state`` the digest of one behind which an offer was open.
    """

    client_id: str
    wallet_name: str | None
    configuration_ids: tuple[str, ...]
    identified: bool
    redirect_uri: str
    state: str | None
    code_challenge: str
    dpop_thumbprint: str | None
    instance_thumbprint: str | None
    issuer_state: str | None

    def to_text(self) -> str:
        """Return the text that the database keeps."""
        return strict_json.dumps({name: getattr(self, name) for name in self.__slots__}).decode()

    def of_offer(self, configuration_ids: tuple[str, ...], issuer_state: str) -> Self:
        """Return the request as it stands under an offer."""
        return replace(self, configuration_ids=configuration_ids, issuer_state=issuer_state)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAuthorization:
    """One authorization; ``identity`` as identification wrote it, None before and once there is a code."""

    institution: str
    authorization_id: str
    stage: Stage
    request: StoredRequest
    identity: JsonObject | None
    entitlements: tuple[Entitlement, ...]
    expires_at: int


def insert_request(
    connection: Connection,
    institution: str,
    authorization_id: str,
    request: StoredRequest,
    *,
    request_digest: str,
    now: int,
    expires_at: int,
) -> None:
    """Keep a pushed request."""
    connection.execute(
        insert(AUTHORIZATIONS).values(
            institution=institution,
            authorization_id=authorization_id,
            request_digest=request_digest,
            request=request.to_text(),
            stage=Stage.PUSHED.value,
            created_at=now,
            expires_at=expires_at,
        )
    )


def find_authorization(
    connection: Connection,
    institution: str,
    *,
    now: int | None,
    authorization_id: str | None = None,
    request_digest: str | None = None,
    code_digest: str | None = None,
    browser_digest: str | None = None,
) -> StoredAuthorization | None:
    """Return the authorization that fits all that is given; ``now`` None finds one that has expired, too."""
    columns = AUTHORIZATIONS.c
    given = {
        columns.authorization_id: authorization_id,
        columns.request_digest: request_digest,
        columns.code_digest: code_digest,
        columns.browser_digest: browser_digest,
    }
    named = [column == value for column, value in given.items() if value is not None]
    assert named, "by something that only one has"
    alive = [] if now is None else [columns.expires_at > now]
    row = connection.execute(
        select(AUTHORIZATIONS).where(columns.institution == institution, *named, *alive)
    ).one_or_none()
    if row is None:
        return None
    return StoredAuthorization(
        institution=institution,
        authorization_id=row.authorization_id,
        stage=Stage(row.stage),
        request=_request(row.request),
        identity=None if row.identity is None else strict_json.loads_object(row.identity, what="identity"),
        entitlements=() if row.entitlements is None else entitlements_from_text(row.entitlements),
        expires_at=row.expires_at,
    )


def begin(
    connection: Connection,
    institution: str,
    authorization_id: str,
    *,
    browser_digest: str,
    now: int,
    expires_at: int,
) -> bool:
    """Bind a pushed request to the browser that brings it; True for the first browser only."""
    values = {"browser_digest": browser_digest, "expires_at": expires_at, "stage": Stage.BEGUN.value}
    return _step(connection, institution, authorization_id, (Stage.PUSHED,), now=now, values=values)


def identify(
    connection: Connection, institution: str, authorization_id: str, identity: JsonObject, *, now: int
) -> bool:
    """Note who sits at the browser; what somebody else was entitled to is forgotten."""
    text = strict_json.dumps(identity).decode()
    values = {"identity": text, "entitlements": None, "stage": Stage.IDENTIFIED.value}
    return _step(connection, institution, authorization_id, AT_THE_BROWSER, now=now, values=values)


def entitle(
    connection: Connection,
    institution: str,
    authorization_id: str,
    entitlements: Sequence[Entitlement],
    *,
    now: int,
) -> bool:
    """Note what an identified person can obtain."""
    values = {"entitlements": entitlements_to_text(entitlements), "stage": Stage.ENTITLED.value}
    stages = (Stage.IDENTIFIED, Stage.ENTITLED)
    return _step(connection, institution, authorization_id, stages, now=now, values=values)


def approve(
    connection: Connection,
    institution: str,
    authorization_id: str,
    *,
    entitlements: Sequence[Entitlement],
    code_digest: str,
    now: int,
    expires_at: int,
) -> bool:
    """Give an entitled person's wallet its code, once, and forget who the person is.

    ``entitlements`` are those that the person has seen: nobody says yes to what somebody else was found to hold.
    """
    values = {
        "code_digest": code_digest,
        "expires_at": expires_at,
        "identity": None,
        "stage": Stage.APPROVED.value,
    }
    seen = AUTHORIZATIONS.c.entitlements == entitlements_to_text(entitlements)
    return _step(connection, institution, authorization_id, (Stage.ENTITLED,), seen, now=now, values=values)


def refuse(connection: Connection, institution: str, authorization_id: str, *, now: int) -> bool:
    """End an authorization at its browser without a code, and forget who the person is."""
    values = {"identity": None, "entitlements": None, "stage": Stage.REFUSED.value}
    return _step(connection, institution, authorization_id, AT_THE_BROWSER, now=now, values=values)


def redeem(connection: Connection, institution: str, authorization_id: str, *, now: int, known_until: int) -> bool:
    """Use a live code up; True for one caller only.

    It is known until then: a second use has to end what came of the first, however late. Spec: RFC 6749 §4.1.2.
    """
    values = {"stage": Stage.REDEEMED.value, "expires_at": known_until}
    return _step(connection, institution, authorization_id, (Stage.APPROVED,), now=now, values=values)


def forget_expired(connection: Connection, *, now: int, before: int) -> None:
    """Delete authorizations that have expired, those with a redeemed code when that was before a time.

    Who sat at the browser is forgotten with them, however the person went away.
    """
    columns = AUTHORIZATIONS.c
    never_redeemed = (columns.stage != Stage.REDEEMED.value) & (columns.expires_at <= now)
    connection.execute(delete(AUTHORIZATIONS).where(never_redeemed | (columns.expires_at <= before)))


def _step(
    connection: Connection,
    institution: str,
    authorization_id: str,
    stages: Collection[Stage],
    *conditions: ColumnElement[bool],
    now: int,
    values: Mapping[str, object],
) -> bool:
    columns = AUTHORIZATIONS.c
    return changed_one(
        connection,
        update(AUTHORIZATIONS)
        .where(
            columns.institution == institution,
            columns.authorization_id == authorization_id,
            columns.stage.in_([each.value for each in stages]),
            columns.expires_at > now,
            *conditions,
        )
        .values(values),
    )


def _request(text: str) -> StoredRequest:
    kept = strict_json.loads_object(text, what="request")
    return StoredRequest(**{**kept, "configuration_ids": tuple(kept["configuration_ids"])})
