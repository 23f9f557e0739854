"""How long all is kept: visits for years after their end, scans that nobody followed up for weeks."""

from typing import Final

from portadoc.inspector.deployment import Deployment
from portadoc.inspector.store import ask_store, device_store, dossier_store, visit_store
from portadoc.schemas.events import EventKind

SECONDS_PER_DAY: Final = 86_400


def forget(deployment: Deployment) -> int:
    """Delete what is kept no longer; return how many visits went. Each is told as an event without content."""
    here, now = deployment, deployment.clock.now()
    kept_s = here.settings.visit_kept_days * SECONDS_PER_DAY
    idle_s = here.settings.idle_scan_kept_days * SECONDS_PER_DAY
    gone = 0
    for slug in here.settings.by_slug:
        with here.database.read() as connection:
            due = {
                *visit_store.due_visits(connection, slug, ended_before=now - kept_s),
                *visit_store.idle_visits(connection, slug, idle_since=now - idle_s),
            }
        for visit_id in sorted(due):
            with here.database.transaction() as connection:
                entries = visit_store.forget_visit(connection, slug, visit_id)
                here.tell(connection, EventKind.VISIT_FORGOTTEN, slug, visit_id, entries=entries)
            gone += 1
        with here.database.transaction() as connection:
            dossier_store.forget_links(connection, slug, expired_before=now - idle_s)
    with here.database.transaction() as connection:
        device_store.forget_counts(connection, before=now - SECONDS_PER_DAY)
        ask_store.forget_asks(
            connection, before=now - idle_s
        )  # what a device was answered may come in weeks later
    return gone
