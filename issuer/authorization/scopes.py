"""What a wallet asks for: by scope, by authorization details, or both. Spec: OpenID4VCI 1.0 §5.1.1, §5.1.2."""

from collections.abc import Sequence
from dataclasses import dataclass

from portadoc.errors import Malformed, Refused
from portadoc.issuer.entitlements import wanted_configurations
from portadoc.schemas.catalogue import credential_configuration


@dataclass(frozen=True, slots=True)
class AskedFor:
    """Configurations in the order asked for; ``identified``: by details, so identifiers have to be answered."""

    configuration_ids: tuple[str, ...]
    identified: bool


def asked_for(
    *, unverified_scope: str | None, unverified_details: str | None, issued_here: Sequence[str]
) -> AskedFor:
    """Return what a request asks for, of what is issued here. A scope that nobody knows is passed over.

    Raises Malformed[authorization_details_invalid], Refused[scope_unknown] when nothing is left.
    """
    # 1. details have to be right to the last one. Spec: RFC 9396 §5
    by_details = wanted_configurations(unverified_details)
    if by_details is not None and not set(by_details) <= set(issued_here):
        raise Malformed("authorization_details_invalid", spec="OpenID4VCI 1.0 §5.1.1")
    # 2. of scopes, those that are known count. Spec: OpenID4VCI 1.0 §5.1.2
    named = frozenset((unverified_scope or "").split(" "))
    by_scope = [each for each in issued_here if credential_configuration(each).scope in named]
    found = tuple(dict.fromkeys((*(by_details or ()), *by_scope)))
    if not found:
        raise Refused("scope_unknown", spec="RFC 6749 §5.2")
    return AskedFor(found, identified=by_details is not None)


def scope_of(configuration_ids: Sequence[str]) -> str:
    """Return the scope of what was granted. Spec: RFC 6749 §3.3."""
    return " ".join(dict.fromkeys(credential_configuration(each).scope for each in configuration_ids))
