"""``portadoc issuer example``: a record in the form in which ``--record`` and authentic sources give theirs."""

import click


@click.command()
@click.argument("name")
def example(*, name: str) -> None:
    """Print the example record NAME as JSON, as of today: test data, to start a record of your own from.

    An unknown NAME is answered with those that there are.
    """
    from datetime import UTC, datetime

    from portadoc.cli.output import write_json
    from portadoc.clock import SystemClock
    from portadoc.schemas import examples
    from portadoc.schemas.records import record_to_json

    today = datetime.fromtimestamp(SystemClock().now(), UTC).date()
    write_json(record_to_json(examples.example(name, today)))
