"""What an operator may set about identity providers through which people identify."""

from collections.abc import Mapping
from typing import Final, Self

from pydantic import Field, model_validator

from portadoc.issuer.identification.identity import Assurance, Numbering
from portadoc.openid_connect.registration import OPENID
from portadoc.openid_connect.signed_tokens import ALGORITHMS
from portadoc.web.settings import Settings

PID_TYPE: Final = "urn:eudi:pid:1"


class IdentityProviderSettings(Settings):
    """One OpenID provider that identifies people, such as FranceConnect."""

    id: str = Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$")
    """Its segment in our addresses."""
    name: str = Field(min_length=1, max_length=120)
    """What the page calls it."""
    issuer: str = Field(pattern=r"^https?://[^\s?#]+$", max_length=255)
    """Its issuer identifier, character by character."""
    client_id: str = Field(min_length=1, max_length=255)
    """What it calls us."""
    client_secret: str = ""
    """Where our secret stands: ``env:NAME`` or ``file:/path``; empty for a public client."""
    scopes: tuple[str, ...] = ("openid", "profile", "birth")
    """What is asked for."""
    algorithms: tuple[str, ...] = ALGORITHMS
    """Signature algorithms of its ID tokens that are accepted."""
    userinfo: bool = False
    """Whether it tells names and birth at its UserInfo endpoint, as FranceConnect does; else in the ID token."""
    acr: Mapping[str, Assurance] = Field(min_length=1)
    """What its values of ``acr`` are worth; any other value identifies nobody."""
    family_name_claim: str = "family_name"
    """The claim with the present surname; where it is absent, the name at birth is taken."""
    given_name_claim: str = "given_name"
    """The claim with the forenames."""
    birth_date_claim: str = "birthdate"
    """The claim with the date of birth, ``YYYY-MM-DD``."""
    birth_family_name_claim: str = ""
    """The claim with the surname at birth; empty: there is none. FranceConnect has it in ``family_name``."""
    town_of_birth_claim: str = ""
    """The claim with the name of the town of birth; empty: there is none."""
    number_claim: str = ""
    """The claim with a personal number; empty: there is none."""
    numbering: Numbering = Numbering.SOCIAL_SECURITY
    """Whose number that is: ``social_security`` or ``national``."""

    @model_validator(mode="after")
    def _is_careful(self) -> Self:
        if not self.algorithms or not set(self.algorithms) <= set(ALGORITHMS):
            raise ValueError(f"algorithms: each must be one of {', '.join(ALGORITHMS)}")
        if OPENID not in self.scopes:
            raise ValueError("scopes: openid has to be among them")
        return self
