"""What a wallet asks for: by scope, by authorization details, or both. Spec: OpenID4VCI 1.0 §5.1.1, §5.1.2."""

from collections.abc import Sequence
from dataclasses import dataclass

from portadoc.errors import Malformed, Refused
from portadoc.issuer.entitlements import Entitlement, wanted_configurations
from portadoc.schemas.catalogue import credential_configuration


@dataclass(frozen=True, slots=True)
class AskedFor:
    """Configurations in the order asked for; ``identified``: by details, so identifiers have to be answered."""

    configuration_ids: tuple[str, ...]
    identified: bool


def asked_for(
    *, unverified_scope: str | None, unverified_details: str | None, issuer_id: str, issued_here: Sequence[str]
) -> AskedFor:
    """Return what a request asks for, of what is issued here. A scope that nobody knows is passed over.

    Raises Malformed[authorization_details_invalid], Refused[scope_unknown] when nothing is left.
    """
    # 1. details have to be right to the last one. Spec: RFC 9396 §5
    by_details = wanted_configurations(unverified_details, issuer_id=issuer_id)
    if by_details is not None and not set(by_details) <= set(issued_here):
        raise Malformed("authorization_details_invalid", spec="OpenID4VCI 1.0 §5.1.1")
    # 2. of scopes, those that are known count. Spec: OpenID4VCI 1.0 §5.1.2
    named = frozenset((unverified_scope or "").split(" "))
    by_scope = [each for each in issued_here if credential_configuration(each).scope in named]
    found = tuple(dict.fromkeys((*(by_details or ()), *by_scope)))
    if not found:
        raise Refused("scope_unknown", spec="RFC 6749 §5.2")
    return AskedFor(found, identified=by_details is not None)


def narrowed(entitlements: Sequence[Entitlement], unverified_scope: str | None) -> tuple[Entitlement, ...]:
    """Return the entitlements that a scope names; all of them when there is none.

    Raises Refused[scope_unknown] for a scope that goes beyond them. Spec: RFC 6749 §6.
    """
    if unverified_scope is None:
        return tuple(entitlements)
    named = frozenset(unverified_scope.split(" "))
    scopes = {each: credential_configuration(each.configuration_id).scope for each in entitlements}
    if not named <= set(scopes.values()):
        raise Refused("scope_unknown", spec="RFC 6749 §6")
    return tuple(each for each in entitlements if scopes[each] in named)


def scope_of(configuration_ids: Sequence[str]) -> str:
    """Return the scope of what was granted. Spec: RFC 6749 §3.3."""
    return " ".join(dict.fromkeys(credential_configuration(each).scope for each in configuration_ids))
