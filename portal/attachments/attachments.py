"""The attachments of applications: taken in after a look and a scan, kept by their digest, read back whole.

Bytes lie in the data folder under ``attachments/<institution>/<digest>``, names and owners in the database. A
file gets its place only after it was scanned; until then it lies in a folder from which nothing is handed out.
Whether somebody may is decided before.
"""

import hashlib
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from portadoc.errors import Malformed, Refused, Unavailable, Untrusted
from portadoc.portal.attachments.scanning import CommandScan, ScanHook, UnsafeNoScan
from portadoc.portal.attachments.sniffing import AttachmentType, shown_name, sniff
from portadoc.portal.login.installation import PortalInstallation
from portadoc.portal.store import attachment_store
from portadoc.portal.store.attachment_store import Attachment
from portadoc.schemas.profiles import Mode

MAX_FILE_BYTES: Final = 8 * 1024 * 1024
MAX_REQUEST_BYTES: Final = 24 * 1024 * 1024
MAX_FILES_AT_ONCE: Final = 10
MAX_FILES: Final = 20
"""Files of one application."""
_QUARANTINE: Final = "quarantine"


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as somebody sent it: an unverified name and bytes."""

    name: str
    content: bytes = field(repr=False)


class Attachments:
    """Takes in, lists and hands out the attachments of every institution of an installation."""

    def __init__(self, installation: PortalInstallation, *, folder: Path, scan: ScanHook) -> None:
        self._installation = installation
        self._folder = folder
        self._scan = scan
        installation.database.create(attachment_store.METADATA)

    def add(
        self, slug: str, application_id: str, sent: Sequence[Sent], *, added_by: str
    ) -> tuple[Attachment, ...]:
        """Keep files, all of them or none, and return what is known of them.

        Raises Malformed[attachment_type_unsupported], [attachment_empty], [limit_exceeded]; Refused[not_found],
        [attachment_refused] when the scan finds something: no file of the form is kept then;
        Unavailable[scan_unavailable], [storage_unavailable].
        """
        self._installation.institution(slug)
        # 1. what they are and how large, before a byte is written
        kinds = _checked(sent)
        made = tuple(
            self._described(slug, application_id, each, kind, added_by)
            for each, kind in zip(sent, kinds, strict=True)
        )
        # 2. scanned where nobody can read them
        with self._scanned([each.content for each in sent]) as files:
            # 3. noted and put in their places; only now do they exist for anybody
            self._keep(made, files)
        return made

    def _keep(self, made: Sequence[Attachment], files: Sequence[Path]) -> None:
        first = made[0]
        with self._installation.database.transaction() as connection:
            kept = attachment_store.attachments_of(connection, first.institution, first.application_id)
            if len(kept) + len(made) > MAX_FILES:
                raise Malformed("limit_exceeded", what="attachments", limit=MAX_FILES)
            for attachment, file in zip(made, files, strict=True):
                attachment_store.insert_attachment(connection, attachment)
                self._settle(file, self._place(attachment.institution, attachment.sha256))

    def listed(self, slug: str, application_id: str) -> tuple[Attachment, ...]:
        """Return what is known of the files of an application."""
        with self._installation.database.read() as connection:
            return attachment_store.attachments_of(connection, slug, application_id)

    def read(self, slug: str, application_id: str, attachment_id: str) -> tuple[Attachment, bytes]:
        """Return a file as it was taken in.

        Raises Refused[not_found], Untrusted[attachment_changed] when its bytes are not those any more,
        Unavailable[storage_unavailable].
        """
        with self._installation.database.read() as connection:
            found = attachment_store.find_attachment(connection, slug, application_id, attachment_id)
        if found is None:
            raise Refused("not_found")
        try:
            content = self._place(slug, found.sha256).read_bytes()
        except OSError as exc:
            raise Unavailable("storage_unavailable", reason="attachment") from exc
        if hashlib.sha256(content).hexdigest() != found.sha256:
            raise Untrusted("attachment_changed")
        return found, content

    def remove(self, slug: str, application_id: str, attachment_id: str) -> None:
        """Delete a file; its bytes stay while another application of the institution holds the same."""
        with self._installation.database.transaction() as connection:
            found = attachment_store.find_attachment(connection, slug, application_id, attachment_id)
            if found is None:
                return
            attachment_store.delete_attachment(connection, slug, application_id, attachment_id)
            if not attachment_store.times_kept(connection, slug, found.sha256):
                self._place(slug, found.sha256).unlink(missing_ok=True)

    def _described(
        self, slug: str, application_id: str, sent: Sent, kind: AttachmentType, added_by: str
    ) -> Attachment:
        return Attachment(
            institution=slug,
            application_id=application_id,
            attachment_id=self._installation.new_id(),
            name=shown_name(sent.name, kind),
            media_type=kind.media_type,
            size=len(sent.content),
            sha256=hashlib.sha256(sent.content).hexdigest(),
            added_by=added_by,
            added_at=self._installation.clock.now(),
        )

    @contextmanager
    def _scanned(self, contents: Sequence[bytes]) -> Iterator[list[Path]]:
        """Yield where the files lie after each was scanned; what is left there afterwards is deleted."""
        waiting: list[Path] = []
        try:
            for content in contents:
                waiting.append(self._quarantined(content))
            for file in waiting:
                self._scan.scan(file)
            yield waiting
        except OSError as exc:
            raise Unavailable("storage_unavailable", reason="attachment") from exc
        finally:
            for file in waiting:
                file.unlink(missing_ok=True)

    def _quarantined(self, content: bytes) -> Path:
        folder = self._folder / _QUARANTINE
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = folder / self._installation.new_id()
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return place

    def _settle(self, file: Path, place: Path) -> None:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.rename(place)  # the same name means the same bytes

    def _place(self, slug: str, sha256: str) -> Path:
        return self._folder / slug / sha256


def open_attachments(
    installation: PortalInstallation, *, data_dir: Path, scan: ScanHook | None = None
) -> Attachments:
    """Return the attachments of an installation, scanned by ``scan`` or by the command of the settings.

    Without either it warns; in development it does not.
    """
    if scan is None and installation.settings.scan_command:
        scan = CommandScan(installation.settings.scan_command)
    if scan is None:
        with warnings.catch_warnings():
            if installation.settings.mode == Mode.DEVELOPMENT:
                warnings.simplefilter("ignore", UserWarning)
            scan = UnsafeNoScan()
    return Attachments(installation, folder=data_dir / "attachments", scan=scan)


def _checked(sent: Sequence[Sent]) -> tuple[AttachmentType, ...]:
    if len(sent) > MAX_FILES_AT_ONCE:
        raise Malformed("limit_exceeded", what="attachments", limit=MAX_FILES_AT_ONCE)
    if not sent or not all(each.content for each in sent):
        raise Malformed("attachment_empty")
    if any(len(each.content) > MAX_FILE_BYTES for each in sent):
        raise Malformed("limit_exceeded", what="attachment", limit=MAX_FILE_BYTES)
    if sum(len(each.content) for each in sent) > MAX_REQUEST_BYTES:
        raise Malformed("limit_exceeded", what="attachments", limit=MAX_REQUEST_BYTES)
    return tuple(sniff(each.content) for each in sent)
