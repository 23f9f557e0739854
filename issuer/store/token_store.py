"""Statements over access tokens, each in a connection of the caller's transaction."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from portadoc.issuer.entitlements import Entitlement, entitlements_from_text, entitlements_to_text
from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import ACCESS_TOKENS


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


def revoke_tokens(connection: Connection, institution: str, grant_id: str) -> None:
    """End every access token that comes of an offer or authorization. Spec: RFC 6749 §4.1.2."""
    named = (ACCESS_TOKENS.c.institution == institution) & (ACCESS_TOKENS.c.grant_id == grant_id)
    connection.execute(delete(ACCESS_TOKENS).where(named))


def forget_expired(connection: Connection, *, before: int) -> None:
    """Delete access tokens that have expired before a time."""
    connection.execute(delete(ACCESS_TOKENS).where(ACCESS_TOKENS.c.expires_at <= before))
