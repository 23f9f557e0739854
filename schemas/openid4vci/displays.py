"""How issuers, credentials and claims are shown, and how often a copy may be shown to others.

Spec: OpenID4VCI 1.0 §12.2.4, Appendix B; ETSI TS 119 472-3 (reuse policy).
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from portadoc.schemas.openid4vci.message import AtLeastOne, ProtocolMessage, Seconds, Several, Text

ARF_ANNEX_II: Final = "arf_annex_ii"
"""The reuse policy whose options are those of the ARF, Annex II."""


class Logo(ProtocolMessage):
    """An image for a display entry."""

    uri: Text
    alt_text: str | None = None


class Display(ProtocolMessage):
    """Name of an issuer, credential or claim in one language. Spec: OpenID4VCI 1.0 §12.2.4"""

    name: Text | None = None
    locale: Text | None = None
    description: str | None = None
    logo: Logo | None = None
    background_color: str | None = None
    text_color: str | None = None


ClaimPointer = AtLeastOne[str | Annotated[int, Field(ge=0)] | None]


class ClaimDescription(ProtocolMessage):
    """One claim of a credential, described or wanted. Spec: OpenID4VCI 1.0 Appendix B.1, B.2"""

    path: ClaimPointer
    mandatory: bool = False
    display: Several[Display] | None = None


def require_consistent(claims: Iterable[ClaimDescription]) -> None:
    """Require that no claim is described twice and none as two kinds of thing: object, list, one place of a list.

    Raises ValueError (for use in validators). Spec: OpenID4VCI 1.0 Appendix B.3
    """
    seen: set[tuple[str | int | None, ...]] = set()
    kinds: dict[tuple[str | int | None, ...], type] = {}
    for claim in claims:
        if claim.path in seen:
            raise ValueError("a claim is described twice")
        seen.add(claim.path)
        for place, step in enumerate(claim.path):
            if kinds.setdefault(claim.path[:place], type(step)) is not type(step):
                raise ValueError("a claim is described as two kinds of thing")


class ReuseMethod(StrEnum):
    """How a wallet uses the copies of a credential. Spec: ARF 3.0, Annex II, Topic A"""

    ONCE_ONLY = "once_only"
    LIMITED_TIME = "limited-time"
    ROTATING_BATCH = "rotating-batch"
    PER_RELYING_PARTY = "per-relying-party"


_Spelling = Literal[
    "once_only",
    "once-only",
    "limited-time",
    "limited_time",
    "rotating-batch",
    "rotating_batch",
    "per-relying-party",
    "per_relying_party",
]
_METHODS: Final = {method.value.replace("_", "-"): method for method in ReuseMethod}


class ReuseOption(ProtocolMessage):
    """One way to use the copies; ``details`` keeps the spelling of its author, ``methods`` says what is meant.

    Hyphens and underscores both occur in what issuers publish. Spec: ETSI TS 119 472-3
    """

    details: AtLeastOne[_Spelling]
    batch_size: Annotated[int, Field(gt=0)] | None = None
    reissue_trigger_unused: Annotated[int, Field(ge=0)] | None = None
    reissue_trigger_lifetime_left: Seconds | None = None

    @property
    def methods(self) -> frozenset[ReuseMethod]:
        """What ``details`` means."""
        return frozenset(_METHODS[each.replace("_", "-")] for each in self.details)

    @model_validator(mode="after")
    def _can_be_followed(self) -> Self:
        methods = self.methods
        if (ReuseMethod.ONCE_ONLY in methods) == (ReuseMethod.LIMITED_TIME in methods):
            raise ValueError("once_only or limited-time")
        if methods != {ReuseMethod.LIMITED_TIME} and self.batch_size is None:
            raise ValueError("batch_size is needed for copies that are used in turn")
        if ReuseMethod.ONCE_ONLY in methods and self.reissue_trigger_unused is None:
            raise ValueError("reissue_trigger_unused is needed for once_only")
        if self.batch_size is not None and (self.reissue_trigger_unused or 0) >= self.batch_size:
            raise ValueError("reissue_trigger_unused is less than batch_size")
        return self


class CredentialReusePolicy(ProtocolMessage):
    """What the issuer wants of the wallet's copies; options of a policy that we do not know are not read."""

    id: Text
    options: Several[ReuseOption] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_what_is_known(cls, received: Any) -> Any:
        known = not isinstance(received, dict) or received.get("id") == ARF_ANNEX_II
        return received if known else {name: value for name, value in received.items() if name != "options"}

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        if self.id == ARF_ANNEX_II and not self.options:
            raise ValueError("options are needed")
        return self


class CredentialMetadata(ProtocolMessage):
    """Display of a credential and its claims. Spec: OpenID4VCI 1.0 §12.2.4"""

    display: Several[Display] | None = None
    claims: Several[ClaimDescription] | None = None
    credential_reuse_policy: CredentialReusePolicy | None = None

    @field_validator("claims")
    @classmethod
    def _claims_are_consistent(
        cls, claims: Sequence[ClaimDescription] | None
    ) -> Sequence[ClaimDescription] | None:
        require_consistent(claims or ())
        return claims
