"""To whom the issuer wants a credential shown: its embedded disclosure policy, part of the issuer metadata.

ETSI TS 119 472-3 §4.2.5 says what a policy consists of and leaves the names of its members open; docs/issuing.md
says whose names these are. Spec: CIR (EU) 2024/2979 Annex III; ARF 3.0 EDP_01 to EDP_09.
"""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from portadoc.schemas.openid4vci.message import ProtocolMessage, Text, Url

MAX_VALUES: Final = 256
NO_POLICY: Final = "none"
ROOT_OF_TRUST: Final = "rootOfTrust"

_Name = Annotated[str, Field(min_length=1, max_length=1024)]


class DisclosureOption(ProtocolMessage):
    """Whom a policy names: a relying party by ``dn`` or ``entitlement``, an authority by ``dn`` and ``serial``.

    ``dn`` is a distinguished name in the form of RFC 4514, ``serial`` the serial number of the authority's own
    certificate in hexadecimal digits, colons between them or not.
    """

    dn: _Name | None = None
    entitlement: _Name | None = None
    serial: Annotated[str, Field(max_length=128, pattern=r"^[0-9A-Fa-f]{1,2}(:?[0-9A-Fa-f]{2})*$")] | None = None


class DisclosureOptions(ProtocolMessage):
    """Those whom a policy names; one of them is enough."""

    values: Annotated[
        tuple[DisclosureOption, ...], Field(strict=False, fail_fast=True, min_length=1, max_length=MAX_VALUES)
    ]


class DisclosurePolicy(ProtocolMessage):
    """A policy with the URI that names it; ``url`` leads to an explanation for people."""

    id: Annotated[str, Field(max_length=2048, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$")]
    policy: Literal["none", "allowList", "rootOfTrust"]
    options: DisclosureOptions | None = None
    description: Text | None = None
    url: Url | None = None

    @model_validator(mode="after")
    def _names_whom_it_is_about(self) -> Self:
        if (self.options is None) != (self.policy == NO_POLICY):
            raise ValueError("options are needed, except for none")
        for each in self.options.values if self.options else ():
            if self.policy == ROOT_OF_TRUST and (each.dn is None or each.serial is None or each.entitlement):
                raise ValueError("an authority is named by dn and serial")
            if self.policy != ROOT_OF_TRUST and (each.serial is not None or (each.dn or each.entitlement) is None):
                raise ValueError("a relying party is named by dn or entitlement")
        return self
