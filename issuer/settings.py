"""What an operator may set for the issuer role. Every default is safe; relations between fields are checked."""

import ipaddress
import re
from functools import cached_property
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

ACCESS_TOKEN_TTL_LIMIT_S: Final = 300
"""A bearer token that no key constrains lives five minutes at most. Spec: OpenID4VCI 1.0 §13."""

SECONDS_PER_DAY: Final = 86_400
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))


class InstitutionSettings(_Settings):
    """One institution that issues here: its name in URLs, its identifier and what it may issue."""

    slug: str = Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$")
    """The institution's segment in URLs, also its key in the key ring and in every table."""
    institution_id: str = Field(min_length=1, max_length=64)
    """The official identifier, such as ``FR:TEST01``; it stands in the signer's certificate too."""
    names: dict[str, str] = Field(min_length=1)
    """Display name by language; the first one is the default."""
    configuration_ids: tuple[str, ...] = Field(min_length=1)
    """The credential configurations (schemas.catalogue) that it issues."""


class IssuerSettings(_Settings):
    """Settings of the issuer. Raises a validation error that names the field when a relation does not hold."""

    base_url: str
    """Public origin without path or trailing slash; https, or http on a loopback name in development."""
    institutions: tuple[InstitutionSettings, ...] = Field(min_length=1)
    mode: Literal["development", "production"] = "production"
    profile: str = "ietf-latest"
    """Name of the ProtocolProfile that governs headers and required claims."""
    offer_ttl_s: int = Field(default=600, ge=30, le=SECONDS_PER_DAY)
    """Seconds that a pre-authorised code can be redeemed."""
    tx_code_length: int = Field(default=6, ge=4, le=12)
    """Digits of a transaction code."""
    tx_code_tries: int = Field(default=5, ge=1, le=10)
    """Wrong transaction codes after which the offer is dead."""
    access_token_ttl_s: int = Field(default=ACCESS_TOKEN_TTL_LIMIT_S, ge=30, le=ACCESS_TOKEN_TTL_LIMIT_S)
    """Seconds that an access token is good for."""
    nonce_ttl_s: int = Field(default=300, ge=10, le=3600)
    """Seconds that a c_nonce can be used."""
    proof_max_age_s: int = Field(default=300, ge=10, le=3600)
    """Seconds between a key proof's iat and its arrival."""
    clock_skew_s: int = Field(default=60, ge=0, le=300)
    """Seconds that another machine's clock may run ahead of ours."""
    batch_size: int = Field(default=10, ge=2, le=100)
    """Copies in one credential request."""
    copies_per_grant: int = Field(default=30, ge=1, le=1000)
    """Copies that one access token can obtain in all its requests, so that nobody can use up a status list."""
    decoys: int = Field(default=2, ge=0, le=32)
    """Decoy digests in each credential, always as many, so that their number tells nothing."""
    coverage_grace_days: int | None = Field(default=None, ge=0)
    """Days that a credential may outlive the period it covers; None: as long as the document itself is valid,
    because a certificate for a past period is still evidence of that period."""
    status_list_size: int = Field(default=131_072, ge=64, multiple_of=8, le=16_777_216)
    """Entries of a status list; half of them are used, so a random free one is soon found."""
    status_ttl_s: int = Field(default=300, ge=10)
    """Seconds after which a verifier fetches a status list again."""
    status_exp_s: int = Field(default=SECONDS_PER_DAY, ge=60, le=7 * SECONDS_PER_DAY)
    """Seconds that a published status list can be believed."""

    @model_validator(mode="after")
    def _check_relations(self) -> Self:
        _check_origin(self.base_url, self.mode)
        slugs = [institution.slug for institution in self.institutions]
        if len(set(slugs)) != len(slugs):
            raise ValueError("institutions: two share one slug")
        if self.status_ttl_s * 4 > self.status_exp_s:
            raise ValueError("status_ttl_s: must be at most a quarter of status_exp_s")
        if self.copies_per_grant < self.batch_size:
            raise ValueError("copies_per_grant: must be at least batch_size")
        if self.status_list_size < 2 * self.batch_size:
            raise ValueError("status_list_size: half of it must hold a whole batch")
        return self

    @cached_property
    def by_slug(self) -> dict[str, InstitutionSettings]:
        """The institutions by slug."""
        return {institution.slug: institution for institution in self.institutions}


def _check_origin(base_url: str, mode: str) -> None:
    parts = urlsplit(base_url)
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc or not parts.hostname:
        raise ValueError("base_url: must be an origin: scheme, host, perhaps a port, nothing else")
    if not re.fullmatch(r"https?", parts.scheme):
        raise ValueError("base_url: must be https")
    if parts.scheme == "http" and (mode == "production" or not _is_loopback(parts.hostname)):
        raise ValueError("base_url: http is for a loopback address in development only")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
