"""What an operator may set about signing in: providers, what their claims are worth here, and machines.

Nothing that a provider says counts unless a setting says what it is worth: a claim that is not named here gives no
role, no employer and no personal number.
"""

from datetime import date
from typing import Any, Final, Self

from pydantic import Field, model_validator

from portadoc.access import STAFF, Action, Role
from portadoc.openid_connect.registration import OPENID
from portadoc.openid_connect.signed_tokens import ALGORITHMS
from portadoc.web.settings import Settings

GRANTABLE: Final = STAFF | {Role.SELF_EMPLOYED, Role.CARE_PROVIDER}
_SLUG: Final = r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$"


class GrantSettings(Settings):
    """What one value of one claim of a provider is worth here."""

    claim: str = Field(min_length=1, max_length=120)
    """Name of the claim, such as ``groups``."""
    value: str = Field(min_length=1, max_length=200)
    """The value that it has, or that stands in its list."""
    role: Role
    """The role that it gives."""
    institution: str = ""
    """Slug of the institution in which a role of its staff holds."""

    @model_validator(mode="after")
    def _is_placed(self) -> Self:
        if self.role not in GRANTABLE:
            raise ValueError(f"role: must be one of {', '.join(sorted(GRANTABLE))}")
        if (self.role in STAFF) != bool(self.institution):
            raise ValueError("institution: roles of staff, and only they, have one")
        return self


class MandateSettings(Settings):
    """What an employer lets somebody else do in its name."""

    employer: str = Field(min_length=1, max_length=64)
    """The employer's identifier in the company register."""
    actions: tuple[Action, ...] = Field(min_length=1)
    """What may be done, such as ``start``, ``view``, ``submit``."""
    valid_from: date
    """First day."""
    valid_until: date
    """Last day."""

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if self.valid_until < self.valid_from:
            raise ValueError("valid_until: must not be before valid_from")
        return self


class AgentSettings(Settings):
    """A person whom employers of another house have given a mandate."""

    sub: str = Field(min_length=1, max_length=255)
    """The person's identifier at the provider."""
    mandates: tuple[MandateSettings, ...] = Field(min_length=1)
    """The mandates."""


class ProviderSettings(Settings):
    """One OpenID provider through which people sign in."""

    id: str = Field(pattern=_SLUG)
    """Its segment in our addresses."""
    name: str = Field(min_length=1, max_length=120)
    """What the button says."""
    issuer: str = Field(pattern=r"^https?://[^\s?#]+$", max_length=255)
    """Its issuer identifier, character by character."""
    client_id: str = Field(min_length=1, max_length=255)
    """What it calls us."""
    client_secret: str = ""
    """Where our secret stands: ``env:NAME`` or ``file:/path``; empty for a public client."""
    scopes: tuple[str, ...] = ("openid", "profile")
    """What is asked for."""
    algorithms: tuple[str, ...] = ALGORITHMS
    """Signature algorithms of its tokens that are accepted."""
    name_claim: str = "name"
    """The claim with the name that the pages show."""
    pin_claim: str = ""
    """The claim that proves a personal number; empty: it proves none."""
    employer_claim: str = ""
    """The claim that proves for which companies the person may speak; empty: for none."""
    staff_acr: tuple[str, ...] = ()
    """Values of ``acr`` that are strong enough for roles of staff; none: nobody gets one through it."""
    grants: tuple[GrantSettings, ...] = ()
    """What claims are worth here."""
    agents: tuple[AgentSettings, ...] = ()
    """People with mandates."""

    @model_validator(mode="after")
    def _is_careful(self) -> Self:
        if not self.algorithms or not set(self.algorithms) <= set(ALGORITHMS):
            raise ValueError(f"algorithms: each must be one of {', '.join(ALGORITHMS)}")
        if OPENID not in self.scopes:
            raise ValueError("scopes: openid has to be among them")
        return self


class MachineSettings(Settings):
    """One machine that signs in by itself: software of an employer or of its agent."""

    client_id: str = Field(min_length=1, max_length=120)
    """What it is called."""
    jwk: dict[str, Any]
    """Its public key (JWK, P-256, P-384 or RSA)."""
    mandates: tuple[MandateSettings, ...] = ()
    """What it may do, and for whom."""
    care_provider: bool = False
    """Whether it is a care provider's, which may ask for replacement certificates with a person's consent."""

    @model_validator(mode="after")
    def _sees_what_it_sends(self) -> Self:
        for each in self.mandates:
            if Action.SUBMIT in each.actions and not {Action.START, Action.VIEW} <= set(each.actions):
                raise ValueError("mandates: who may submit has to have start and view too")
        return self

    @model_validator(mode="after")
    def _may_something(self) -> Self:
        if not self.mandates and not self.care_provider:
            raise ValueError("mandates: a machine that is no care provider's needs one")
        return self


class LoginSettings(Settings):
    """Settings about signing in."""

    providers: tuple[ProviderSettings, ...] = ()
    """The OpenID providers."""
    machines: tuple[MachineSettings, ...] = ()
    """The machines."""
    idle_s: int = Field(default=1800, ge=60, le=8 * 3600)
    """Seconds after the last request that a session ends."""
    absolute_s: int = Field(default=8 * 3600, ge=300, le=24 * 3600)
    """Seconds after signing in that a session ends in any case."""
    sign_in_s: int = Field(default=600, ge=60, le=3600)
    """Seconds that signing in at the provider may take."""
    access_token_s: int = Field(default=300, ge=30, le=900)
    """Seconds that the access token of a machine holds."""
    address_header: str = Field(default="", pattern="^[A-Za-z0-9-]{0,64}$")
    """Header in which your own proxy says who asks, such as ``X-Real-IP``; empty: whoever connects is who asks.
    Its last entry counts. Only for a proxy that always sets it."""
    misses_per_hour: int = Field(default=20, ge=1)
    """Unknown identifiers that one person, machine or address may ask for within an hour."""
    writes_per_minute: int = Field(default=240, ge=10, le=100_000)
    """Requests that change something which one person may make within a minute."""
    sign_ins_per_minute: int = Field(default=120, ge=1, le=100_000)
    """Sign-ins that one address may begin within a minute."""
    machine_requests_per_minute: int = Field(default=300, ge=1, le=100_000)
    """Requests that one machine may make within a minute."""

    @model_validator(mode="after")
    def _check_relations(self) -> Self:
        for names, what in (
            ([each.id for each in self.providers], "providers"),
            ([each.issuer for each in self.providers], "providers"),
            ([each.client_id for each in self.machines], "machines"),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"{what}: two share one name")
        return self

    @property
    def provider_by_id(self) -> dict[str, ProviderSettings]:
        """The providers by id."""
        return {each.id: each for each in self.providers}

    @property
    def machine_by_id(self) -> dict[str, MachineSettings]:
        """The machines by client id."""
        return {each.client_id: each for each in self.machines}
