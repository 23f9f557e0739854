"""Statements over access and refresh tokens, each in a connection of the caller's transaction."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from portadoc.issuer.entitlements import Entitlement, entitlements_from_text, entitlements_to_text
from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import ACCESS_TOKENS, REFRESH_TOKENS


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


def insert_token(connection: Connection, grant: Grant, *, copies: int, expires_at: int) -> None:
    """Keep an access token."""
    connection.execute(
        insert(ACCESS_TOKENS).values(
            institution=grant.institution,
            token_digest=grant.token_digest,
            grant_id=grant.grant_id,
            entitlements=entitlements_to_text(grant.entitlements),
            identified=grant.identified,
            client_id=grant.client_id,
            dpop_thumbprint=grant.dpop_thumbprint,
            copies_left=copies,
            expires_at=expires_at,
        )
    )


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
    """Take ``copies`` from what the token may still obtain; False when fewer are left."""
    return changed_one(
        connection,
        update(ACCESS_TOKENS)
        .where(
            ACCESS_TOKENS.c.institution == grant.institution,
            ACCESS_TOKENS.c.token_digest == grant.token_digest,
            ACCESS_TOKENS.c.copies_left >= copies,
        )
        .values(copies_left=ACCESS_TOKENS.c.copies_left - copies),
    )


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
    """End every token that comes of an offer or authorization, refresh tokens too. Spec: RFC 6749 §4.1.2."""
    for tokens in (ACCESS_TOKENS, REFRESH_TOKENS):
        named = (tokens.c.institution == institution) & (tokens.c.grant_id == grant_id)
        connection.execute(delete(tokens).where(named))


def forget_expired(connection: Connection, *, before: int) -> None:
    """Delete tokens that have expired before a time."""
    for tokens in (ACCESS_TOKENS, REFRESH_TOKENS):
        connection.execute(delete(tokens).where(tokens.c.expires_at <= before))
