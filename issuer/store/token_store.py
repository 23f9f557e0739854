"""Statements over access and refresh tokens, each in a connection of the caller's transaction."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, or_, select, update

from portadoc.issuer.entitlements import Entitlement, entitlements_from_text, entitlements_to_text
from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import ACCESS_TOKENS, GRANTED_COPIES, REFRESH_TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What an access token allows. ``identified``: credential identifiers were returned, so they must be used.

    ``grant_id`` is the offer or authorization that it comes of: all tokens of one end together.
    ``dpop_thumbprint`` is the key that each request must prove, or None for a bearer token.
    """

    institution: str
    token_digest: str
    grant_id: str
    entitlements: tuple[Entitlement, ...]
    identified: bool
    client_id: str | None
    dpop_thumbprint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """What a refresh token stands for, and whom it is bound to: client, instance of the wallet, DPoP key."""

    token_digest: str
    grant_id: str
    entitlements: tuple[Entitlement, ...]
    identified: bool
    client_id: str
    dpop_thumbprint: str
    instance_thumbprint: str | None
    used_at: int | None
    expires_at: int


def insert_token(connection: Connection, grant: Grant, *, copies: int, now: int, expires_at: int) -> None:
    """Keep an access token; the first one of a grant begins its count of ``copies``, which all of them share."""
    connection.execute(
        insert(ACCESS_TOKENS).values(
            institution=grant.institution,
            token_digest=grant.token_digest,
            grant_id=grant.grant_id,
            entitlements=entitlements_to_text(grant.entitlements),
            identified=grant.identified,
            client_id=grant.client_id,
            dpop_thumbprint=grant.dpop_thumbprint,
            expires_at=expires_at,
        )
    )
    if connection.scalar(select(GRANTED_COPIES.c.copies_left).where(_counted(grant))) is None:
        begun = {"institution": grant.institution, "grant_id": grant.grant_id, "copies_left": copies}
        connection.execute(insert(GRANTED_COPIES).values(**begun, counted_since=now))


def count_anew(connection: Connection, grant: Grant, *, copies: int, now: int, period_s: int) -> None:
    """Begin the count of a grant again, once in every period."""
    over = GRANTED_COPIES.c.counted_since <= now - period_s
    anew = update(GRANTED_COPIES).where(_counted(grant), over)
    connection.execute(anew.values(copies_left=copies, counted_since=now))


def find_grant(connection: Connection, institution: str, token_digest: str, *, now: int) -> Grant | None:
    """Return what a live access token allows, else None."""
    row = connection.execute(
        select(ACCESS_TOKENS).where(
            ACCESS_TOKENS.c.institution == institution,
            ACCESS_TOKENS.c.token_digest == token_digest,
            ACCESS_TOKENS.c.expires_at > now,
        )
    ).one_or_none()
    if row is None:
        return None
    return Grant(
        institution=institution,
        token_digest=token_digest,
        grant_id=row.grant_id,
        entitlements=entitlements_from_text(row.entitlements),
        identified=row.identified,
        client_id=row.client_id,
        dpop_thumbprint=row.dpop_thumbprint,
    )


def spend_copies(connection: Connection, grant: Grant, copies: int) -> bool:
    """Take ``copies`` from what a grant may still obtain; False when fewer are left or its tokens were revoked."""
    enough = GRANTED_COPIES.c.copies_left >= copies
    taken = update(GRANTED_COPIES).where(_counted(grant), enough)
    return changed_one(connection, taken.values(copies_left=GRANTED_COPIES.c.copies_left - copies))


def insert_refresh_token(connection: Connection, institution: str, token: RefreshToken) -> None:
    """Keep a refresh token."""
    values = {name: getattr(token, name) for name in token.__slots__}
    kept = {**values, "institution": institution, "entitlements": entitlements_to_text(token.entitlements)}
    connection.execute(insert(REFRESH_TOKENS).values(kept))


def find_refresh_token(
    connection: Connection, institution: str, token_digest: str, *, now: int
) -> RefreshToken | None:
    """Return a refresh token that has not expired, used or not, else None."""
    row = connection.execute(
        select(*(REFRESH_TOKENS.c[name] for name in RefreshToken.__slots__)).where(
            REFRESH_TOKENS.c.institution == institution,
            REFRESH_TOKENS.c.token_digest == token_digest,
            REFRESH_TOKENS.c.expires_at > now,
        )
    ).one_or_none()
    if row is None:
        return None
    return RefreshToken(**{**row._mapping, "entitlements": entitlements_from_text(row.entitlements)})


def use_refresh_token(connection: Connection, institution: str, token_digest: str, *, now: int) -> bool:
    """Use a refresh token up; True for one caller only."""
    named = (REFRESH_TOKENS.c.institution == institution) & (REFRESH_TOKENS.c.token_digest == token_digest)
    fresh = REFRESH_TOKENS.c.used_at.is_(None)
    return changed_one(connection, update(REFRESH_TOKENS).where(named, fresh).values(used_at=now))


def revoke_tokens(connection: Connection, institution: str, grant_id: str) -> None:
    """End every token that comes of an offer or authorization, refresh tokens too. Spec: RFC 6749 §4.1.2.

    With its count of copies ends the request that is being answered just now.
    """
    for tokens in (ACCESS_TOKENS, REFRESH_TOKENS, GRANTED_COPIES):
        named = (tokens.c.institution == institution) & (tokens.c.grant_id == grant_id)
        connection.execute(delete(tokens).where(named))


def forget_expired(connection: Connection, *, before: int) -> None:
    """Delete tokens that have expired before a time, and the counts of grants that no token is left of."""
    grants: set[tuple[str, str]] = set()
    for tokens in (ACCESS_TOKENS, REFRESH_TOKENS):
        columns = tokens.c
        gone = delete(tokens).where(columns.expires_at <= before)
        found = connection.execute(gone.returning(columns.institution, columns.grant_id))
        grants.update((row.institution, row.grant_id) for row in found)
    for grant in sorted(grants):
        _forget_count(connection, *grant)


def _forget_count(connection: Connection, institution: str, grant_id: str) -> None:
    """Delete the count of a grant that no token is left of."""
    left = [
        exists().where(tokens.c.institution == institution, tokens.c.grant_id == grant_id)
        for tokens in (ACCESS_TOKENS, REFRESH_TOKENS)
    ]
    columns = GRANTED_COPIES.c
    named = (columns.institution == institution) & (columns.grant_id == grant_id)
    connection.execute(delete(GRANTED_COPIES).where(named, ~or_(*left)))


def _counted(grant: Grant) -> ColumnElement[bool]:
    columns = GRANTED_COPIES.c
    return (columns.institution == grant.institution) & (columns.grant_id == grant.grant_id)
