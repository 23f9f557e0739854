"""What commands of the issuer share: the record to issue, and the institution that is named."""

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


def read_record(record_file: str | None, example_name: str | None) -> "Record":
    """Return the record of a file or of the examples.

    Raises click.UsageError unless exactly one is named, Refused[example_unknown].
    """
    from datetime import UTC, datetime

    from portadoc.clock import SystemClock
    from portadoc.formats import strict_json
    from portadoc.schemas.examples import example
    from portadoc.schemas.records import record_from_json

    if (record_file is None) == (example_name is None):
        raise click.UsageError("give exactly one of --record and --example")
    if example_name is not None:
        return example(example_name, datetime.fromtimestamp(SystemClock().now(), UTC).date())
    return record_from_json(strict_json.loads_object(Path(str(record_file)).read_bytes(), what="record"))
