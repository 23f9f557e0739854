"""What an operator may set for the issuer role. Every default is safe; relations between fields are checked."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final, Self

from pydantic import Field, model_validator

from portadoc.errors import Malformed
from portadoc.formats.openid4vp.disclosure_policy import rules_of
from portadoc.formats.status_list.statuses import SMALLEST_CROWD
from portadoc.issuer.identification.settings import PID_TYPE, IdentityProviderSettings
from portadoc.issuer.sources.source_settings import SourceSettings
from portadoc.schemas.openid4vci import DisclosurePolicy
from portadoc.schemas.profiles import PROFILES, Mode
from portadoc.web.settings import InstitutionNames, OriginSettings, require_distinct

BOUND_TOKEN_TTL_LIMIT_S: Final = 3600
ACCESS_TOKEN_TTL_LIMIT_S: Final = 300
"""A bearer token that no key constrains lives five minutes at most. Spec: OpenID4VCI 1.0 §13."""

SECONDS_PER_DAY: Final = 86_400
IDENTITY_DATA: Final = "pid"
"""The configuration that no disclosure policy is for. Spec: ARF 3.0 EDP_01"""


class InstitutionSettings(InstitutionNames):
    """One institution that issues here: its name in URLs, its identifier and what it may issue."""

    configuration_ids: tuple[str, ...] = Field(min_length=1)
    """The credential configurations (schemas.catalogue) that it issues."""
    registration_certificate: str = ""
    """File with the registration certificate (JWT) of the institution as a provider of attestations."""
    disclosure_policies: Mapping[str, DisclosurePolicy] = {}
    """To whom it wants credentials shown, by configuration, as its metadata say it under the profile eudi-2026; a
    configuration without a policy may be shown to anybody."""
    request_registration_certificate: str = ""
    """File with the registration certificate (JWT) that its requests for a PID carry, where it covers them."""

    @model_validator(mode="after")
    def _check_disclosure_policies(self) -> Self:
        for configuration_id, policy in self.disclosure_policies.items():
            if configuration_id not in self.configuration_ids:
                raise ValueError(f"disclosure_policies: {configuration_id} is not issued here")
            if configuration_id == IDENTITY_DATA:
                raise ValueError("disclosure_policies: identity data have none")
            try:
                rules_of(policy)
            except Malformed as exc:
                place = f"{configuration_id}{exc.params['member']}"
                raise ValueError(f"disclosure_policies: {place} has to name one party") from exc
        return self


class IssuerSettings(OriginSettings):
    """Settings of the issuer. Raises a validation error that names the field when a relation does not hold."""

    institutions: tuple[InstitutionSettings, ...]
    offer_ttl_s: int = Field(default=600, ge=30, le=SECONDS_PER_DAY)
    """Seconds that a pre-authorised code can be redeemed."""
    tx_code_length: int = Field(default=6, ge=4, le=12)
    """Digits of a transaction code."""
    tx_code_tries: int = Field(default=5, ge=1, le=10)
    """Wrong transaction codes after which the offer is dead."""
    token_misses_per_hour: int = Field(default=100, ge=10, le=1_000_000)
    """Codes and refresh tokens, or pushed requests, refused within an hour after which an address has to wait.
    Behind a proxy, set ``code_address_header``, or all wallets are one address."""
    access_token_ttl_s: int = Field(default=ACCESS_TOKEN_TTL_LIMIT_S, ge=30, le=BOUND_TOKEN_TTL_LIMIT_S)
    """Seconds that an access token is good for; more than 300 only where the profile binds each to a key."""
    refresh_token_ttl_s: int = Field(default=30 * SECONDS_PER_DAY, ge=300, le=366 * SECONDS_PER_DAY)
    """Seconds after its first refresh token within which a wallet can obtain new access tokens."""
    pushed_request_ttl_s: int = Field(default=60, ge=5, le=600)
    """Seconds within which a browser has to bring a pushed authorization request."""
    authorization_ttl_s: int = Field(default=900, ge=60, le=3600)
    """Seconds that a person has to identify themselves and to approve."""
    code_ttl_s: int = Field(default=60, ge=5, le=600)
    """Seconds within which a wallet has to redeem an authorization code."""
    identity_providers: tuple[IdentityProviderSettings, ...] = ()
    """The OpenID providers through which people identify before they get certificates, beside their wallet."""
    pid_types: tuple[str, ...] = Field(default=(PID_TYPE,), min_length=1)
    """Credential types (vct) of identity data by which people identify."""
    redirect_uris: tuple[str, ...] = ()
    """Addresses, letter by letter, to which wallets that no wallet provider vouches for may be answered."""
    nonce_ttl_s: int = Field(default=300, ge=10, le=3600)
    """Seconds that a c_nonce can be used."""
    proof_max_age_s: int = Field(default=300, ge=10, le=3600)
    """Seconds between a key proof's iat and its arrival."""
    clock_skew_s: int = Field(default=60, ge=0, le=300)
    """Seconds that another machine's clock may run ahead of ours."""
    batch_size: int = Field(default=10, ge=2, le=100)
    """Copies in one credential request."""
    copies_per_grant: int = Field(default=30, ge=1, le=1000)
    """Copies that one offer or authorization gives in all, however often its tokens are renewed, so that nobody
    can use up a status list; where each copy is to be shown once (``eudi-2026``), as many again every day."""
    key_attestations_required: bool = False
    """Whether a wallet provider has to vouch for every key of a holder; the profile eudi-2026 always asks."""
    key_storage_levels: tuple[str, ...] = ()
    """Levels of key storage that attestations of keys have to state, one of them or a higher one, such as
    ``iso_18045_high``; none: any."""
    user_authentication_levels: tuple[str, ...] = ()
    """Levels of user authentication that attestations of keys have to state, one of them or a higher one; none:
    any."""
    encryption_required: bool = False
    """Whether credential requests and responses have to be encrypted inside TLS as well."""
    request_key_days: int = Field(default=7, ge=1, le=90)
    """Days that one key serves wallets to encrypt requests; it is understood for as many more."""
    deferred_ttl_s: int = Field(default=90 * SECONDS_PER_DAY, ge=60, le=366 * SECONDS_PER_DAY)
    """Seconds that a credential request waits for the decision on its record."""
    deferred_interval_s: int = Field(default=3600, ge=1, le=SECONDS_PER_DAY)
    """Seconds after which a wallet should ask again for a credential whose record is not decided."""
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

    seal_grace_days: int = Field(default=30, ge=0, le=366)
    """Days that a printed seal outlives the document, or the period it covers where the document has no end."""
    seal_open_end_days: int = Field(default=730, ge=30, le=3660)
    """Days that a printed seal lives when neither the document nor what it covers has an end."""
    seal_application_days: int = Field(default=60, ge=1, le=366)
    """Days that a printed proof of application lives, unless it is ended when the application is decided."""
    code_misses_per_hour: int = Field(default=20, ge=5, le=1000)
    """Wrong verification codes or second factors within an hour after which an address has to wait."""
    code_address_header: str = Field(default="", pattern="^[A-Za-z0-9-]{0,64}$")
    """Header in which your own proxy says who asks, such as ``X-Real-IP``; empty: whoever connects is who asks.
    Its last entry counts. Only for a proxy that always sets it."""

    reissue_days: int = Field(default=30, ge=1, le=366)
    """Days that a reissue waits to be collected; then the old phone keeps what it has."""

    sources: tuple[SourceSettings, ...] = ()
    """The authentic sources: systems of institutions that keep, correct and withdraw records by themselves."""
    source_token_s: int = Field(default=300, ge=30, le=3600)
    """Seconds that the access token of an authentic source is good for."""
    source_requests_per_minute: int = Field(default=600, ge=1, le=100_000)
    """Requests that one authentic source, or one address at its token endpoint, may make within a minute."""

    @model_validator(mode="after")
    def _check_sources(self) -> Self:
        names = [each.client_id for each in self.sources]
        if len(set(names)) != len(names):
            raise ValueError("sources: two share one client_id")
        if not {each.institution for each in self.sources} <= self.by_slug.keys():
            raise ValueError("sources: one names an institution that does not issue here")
        return self

    @model_validator(mode="after")
    def _check_relations(self) -> Self:
        require_distinct(self.institutions)
        governing = PROFILES.get(self.profile)
        bound = governing is not None and governing.dpop_required
        if self.access_token_ttl_s > ACCESS_TOKEN_TTL_LIMIT_S and not bound:
            raise ValueError(
                f"access_token_ttl_s: above {ACCESS_TOKEN_TTL_LIMIT_S} for tokens bound to a key only"
            )
        policies = [policy for each in self.institutions for policy in each.disclosure_policies.values()]
        if len({each.id for each in policies}) < len({each.model_dump_json() for each in policies}):
            raise ValueError("institutions: two disclosure policies share one id")
        if self.status_ttl_s * 4 > self.status_exp_s:
            raise ValueError("status_ttl_s: must be at most a quarter of status_exp_s")
        if self.copies_per_grant < self.batch_size:
            raise ValueError("copies_per_grant: must be at least batch_size")
        if self.status_list_size < 2 * self.batch_size:
            raise ValueError("status_list_size: half of it must hold a whole batch")
        if self.mode is Mode.PRODUCTION and self.status_list_size < SMALLEST_CROWD:
            raise ValueError(f"status_list_size: below {SMALLEST_CROWD}, fetching a list tells about whom")
        return self

    @cached_property
    def by_slug(self) -> dict[str, InstitutionSettings]:
        """The institutions by slug."""
        return {institution.slug: institution for institution in self.institutions}
