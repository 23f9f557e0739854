"""Every module by its name, in the order in which a run carries them out."""

from typing import Final

from portadoc.conformance.beyond import (
    codes,
    content,
    european,
    more_than_one,
    proofs,
    protection,
    pushed_requests,
    sender_constraint,
    transport,
)
from portadoc.conformance.checks import Module
from portadoc.conformance.suite import (
    batches,
    client_attestations,
    credential_requests,
    happy_flows,
    metadata,
    signed_metadata,
)

MODULES: Final[tuple[Module, ...]] = (
    *metadata.MODULES,
    *signed_metadata.MODULES,
    *european.MODULES[1:],
    *transport.MODULES,
    *happy_flows.MODULES,
    *content.MODULES,
    *european.MODULES[:1],
    *batches.MODULES,
    *credential_requests.MODULES,
    *proofs.MODULES,
    *protection.MODULES,
    *client_attestations.MODULES,
    *pushed_requests.MODULES,
    *sender_constraint.MODULES,
    *codes.MODULES,
    *more_than_one.MODULES,
)
NAMES: Final = tuple(each.name for each in MODULES)


def modules_of(profile: str, chosen: tuple[str, ...]) -> tuple[Module, ...]:
    """Return the modules of a profile, or those of them that were chosen by name."""
    return tuple(
        each
        for each in MODULES
        if (not each.profiles or profile in each.profiles) and (not chosen or each.name in chosen)
    )
