"""``portadoc inspect``: see what something says, before anybody believes it."""

import click

from portadoc.cli.inputs import Moment, read_anything
from portadoc.cli.output import language, language_option, write_json


@click.command()
@click.argument("anything")
@click.option("--at", type=Moment(), help="Look at its times from this time (UTC); default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@language_option
def inspect(*, anything: str, at: int | None, as_json: bool) -> None:
    """Decode and explain ANYTHING: text, the name of a file, or - for standard input.

    An offer or request link, a signed request, an SD-JWT, a status list, a withdrawal list, an aggregation of
    status lists, a trust pack, a receipt, metadata of an issuer, server or type, a DCQL query, keys, a
    certificate, a chain or a bundle of anchors, another signed or encrypted token, a trust configuration; the
    text of a seal, the signed export of a visit; and every code in a picture (PNG, JPEG) or PDF, which needs
    portadoc[scan].
    Nothing is verified and nothing is fetched; private keys are never shown. Exit code 1: it is none of these.
    """
    from portadoc.cli.inspection.recognise import inspect_input
    from portadoc.cli.inspection.show import inspection_as_json, inspection_lines
    from portadoc.clock import SystemClock
    from portadoc.inspector.batch.reading import MAX_FILE_BYTES

    now = SystemClock().now() if at is None else at
    found = inspect_input(read_anything(anything, max_bytes=MAX_FILE_BYTES), now=now)
    if as_json:
        write_json(inspection_as_json(found, language()))
        return
    for line in inspection_lines(found, language()):
        click.echo(line)
