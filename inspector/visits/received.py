"""An entry as the server has it: what the device wrote, when it came, and what the server found about it."""

from dataclasses import dataclass, field

from portadoc.inspector.entries import Entry
from portadoc.schemas.claims import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedEntry:
    """An entry, and who wrote it; times in epoch seconds.

    ``device_id`` is the device that sent it, ``sealed_for`` the one for whose key it was encrypted: an earlier
    registration where a tablet was paired anew. ``message_digest`` is that of the encrypted message that brought
    it first, ``content_digest`` that of what was in it. ``judgement`` is there for a scan whose text the server
    could judge; ``differs`` flags that its verdict is another than the one on the device.
    """

    institution: str
    device_id: str
    sealed_for: str
    entry: Entry
    received_at: int
    message_digest: str
    content_digest: str
    judgement: JsonObject | None = field(default=None, repr=False)
    differs: bool = False
