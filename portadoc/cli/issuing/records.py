"""What commands of the issuer share: the record to issue, and the institution that is named."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from portadoc.schemas.records import Record
    from portadoc.serve.house import House


def require_issuer(house: "House", institution: str) -> None:
    """Refuse a slug that no issuing institution of the installation has. Raises click.BadParameter."""
    known = house.issuer.settings.by_slug
    if institution not in known:
        raise click.BadParameter(f"one of {', '.join(known) or 'none'}", param_hint="INSTITUTION")


@dataclass(frozen=True, slots=True)
class NamedRecord:
    """A record that is there (``record_id``), or one that was read; an example is test data, new at each call."""

    record_id: str | None
    record: "Record | None"
    is_example: bool

    def kept(self, house: "House", institution: str) -> tuple[str, bool]:
        """Return the id under which it is filed, and whether a file's record was found in force, saying the same.

        Raises as ``Records.upload_once``.
        """
        if self.record is None:
            return str(self.record_id), False
        if self.is_example:
            return house.issuer.upload(institution, self.record), False
        record_id, is_new = house.issuer.life_cycle.upload_once(institution, self.record)
        return record_id, not is_new


def named_record(record_id: str | None, record_file: str | None, example_name: str | None) -> NamedRecord:
    """Return the record that is named, that of a file or one of the examples.

    Raises click.UsageError unless exactly one is given, Refused[example_unknown].
    """
    from datetime import UTC, datetime

    from portadoc.clock import SystemClock
    from portadoc.formats import strict_json
    from portadoc.schemas.examples import example
    from portadoc.schemas.records import record_from_json

    if sum(each is not None for each in (record_id, record_file, example_name)) != 1:
        raise click.UsageError("give RECORD (its id), or exactly one of --record and --example")
    record: Record | None = None
    if example_name is not None:
        record = example(example_name, datetime.fromtimestamp(SystemClock().now(), UTC).date())
    elif record_file is not None:
        record = record_from_json(strict_json.loads_object(Path(record_file).read_bytes(), what="record"))
    return NamedRecord(record_id, record, example_name is not None)


def record_told(record_id: str, *, found: bool) -> str:
    """Return the line that names a record, and says when it was in force before."""
    return f"record: {record_id}" + ("  (in force already: nothing was filed)" if found else "")
