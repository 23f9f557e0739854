"""What stands of a person already: certificates that a new one is judged beside, and those that it extends."""

from typing import Final

from portadoc.errors import Refused
from portadoc.portal.applications.application import HEALTH, Application, RequestKind
from portadoc.portal.applications.course import REPLACING
from portadoc.portal.applications.known import certificate_of
from portadoc.portal.store import application_store
from portadoc.storage import Connection

_LONGEST_CHAIN: Final = 50
_NAMED_BY: Final = ("state", "start", "end")


def chain_of(connection: Connection, last: Application) -> tuple[Application, ...]:
    """Return a certificate and those that it extends, the newest first."""
    chain = [last]
    while (before := chain[-1]).request_kind is not RequestKind.NEW and before.predecessor:
        found = application_store.find_application(connection, last.institution, before.predecessor)
        if found is None or len(chain) == _LONGEST_CHAIN:
            break
        chain.append(found)
    replaced = {each.predecessor for each in chain if each.request_kind in REPLACING}
    return tuple(each for each in chain if each.application_id not in replaced)


def on_record(connection: Connection, application: Application) -> tuple[Application, ...]:
    """Return the other applications on the same person on which a certificate of ours stands or is being made."""
    if application.worker_pin is None:
        return ()
    slug = application.institution
    before = application_store.find_application(connection, slug, application.predecessor or "")
    chain = () if before is None else chain_of(connection, before)
    own = {each.application_id for each in (application, *chain)}
    found = application_store.certified_of(connection, slug, application.worker_pin)
    return tuple(each for each in found if each.certificate_kind not in HEALTH and each.application_id not in own)


def require_judged_beside(connection: Connection, application: Application) -> None:
    """Require that every certificate that stands now was among the facts, in the transaction that grants.

    Of two requests on one person that are decided at the same moment, the second one would else be granted as if
    there were no first. Raises Refused[grant_not_derivable]: a person has to look at the case.
    """
    listed = (application.facts or {}).get("existing_a1") or ()
    known = {tuple(each.get(name) for name in _NAMED_BY) for each in listed}
    for other in map(certificate_of, on_record(connection, application)):
        if tuple(other[name] for name in _NAMED_BY) not in known:
            raise Refused("grant_not_derivable", rule="row-8", provision="Reg. 987/2009 art. 5(1)")
