"""What an operator may set for the verifier role. Every default is safe; relations between fields are checked."""

from functools import cached_property
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from portadoc.web.settings import InstitutionNames, OriginSettings, Settings, require_distinct

SECONDS_PER_DAY: Final = 86_400


class InstitutionSettings(InstitutionNames):
    """One institution that verifies here: its name in URLs, its identifier and what it may ask for."""

    registered_types: tuple[str, ...] = Field(min_length=1)
    """The credential types (vct) that the institution is registered to ask for; it may ask for no other."""


class StatusSettings(Settings):
    """Bounds on status lists, whatever a list says of itself."""

    min_ttl_s: int = Field(default=60, ge=1)
    """Seconds that a list is kept at least before it is fetched again."""
    max_ttl_s: int = Field(default=SECONDS_PER_DAY // 2, ge=1)
    """Seconds after which a list is fetched again at the latest."""
    default_ttl_s: int = Field(default=900, ge=1)
    """Seconds after which a list without ``ttl`` is fetched again."""
    max_age_s: int = Field(default=7 * SECONDS_PER_DAY, ge=60)
    """Seconds after its ``iat`` that a list is believed at most."""
    ahead_s: int = Field(default=30, ge=0)
    """Seconds before its refresh is due that a list is fetched ahead."""
    retry_after_s: int = Field(default=10, ge=1)
    """Seconds that a failed fetch stands before the next attempt at the same list."""
    idle_s: int = Field(default=7 * SECONDS_PER_DAY, ge=60)
    """Seconds without a question after which a list is no longer fetched ahead."""
    max_token_bytes: int = Field(default=2 * 1024 * 1024, ge=1024)
    """Bytes of a status list token."""
    max_inflated_bytes: int = Field(default=2 * 1024 * 1024, ge=1)
    """Bytes of an inflated list: 16 million statuses of one bit."""
    max_lists: int = Field(default=512, ge=1)
    """Lists that are held for one institution; the one asked for longest ago gives way."""
    timeout_s: float = Field(default=5.0, gt=0, le=30)
    """Seconds that one fetch may take in all."""


class VerifierSettings(OriginSettings):
    """Settings of the verifier. Raises a validation error that names the field when a relation does not hold."""

    institutions: tuple[InstitutionSettings, ...]
    request_ttl_s: int = Field(default=300, ge=30, le=3600)
    """Seconds that a request can be answered."""
    request_uri_method: Literal["get", "post"] = "get"
    """How the wallet is asked to fetch the request; ``post`` lets it add a nonce of its own."""
    result_kept_s: int = Field(default=SECONDS_PER_DAY, ge=60)
    """Seconds after which a request and its result are deleted."""
    key_binding_max_age_s: int = Field(default=300, ge=30, le=3600)
    """Seconds between the signature of a Key Binding JWT and its arrival."""
    clock_skew_s: int = Field(default=120, ge=0, le=300)
    """Seconds that another machine's clock may differ from ours."""
    max_query_bytes: int = Field(default=64 * 1024, ge=1024)
    """Bytes of a DCQL query."""
    max_response_bytes: int = Field(default=512 * 1024, ge=16 * 1024)
    """Bytes of a decrypted response."""
    status: StatusSettings = StatusSettings()

    @model_validator(mode="after")
    def _check_relations(self) -> Self:
        require_distinct(self.institutions)
        if self.result_kept_s < self.request_ttl_s:
            raise ValueError("result_kept_s: must not be less than request_ttl_s")
        if not self.status.min_ttl_s <= self.status.default_ttl_s <= self.status.max_ttl_s:
            raise ValueError("status: min_ttl_s <= default_ttl_s <= max_ttl_s must hold")
        if self.status.max_ttl_s > self.status.max_age_s:
            raise ValueError("status.max_ttl_s: must not exceed max_age_s")
        return self

    @cached_property
    def by_slug(self) -> dict[str, InstitutionSettings]:
        """The institutions by slug."""
        return {institution.slug: institution for institution in self.institutions}
