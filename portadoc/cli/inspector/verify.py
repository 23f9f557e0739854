"""``portadoc inspector verify``: does an export hold that somebody was given? Offline, without an installation."""

from pathlib import Path
from typing import Any, Final

import click

from portadoc.cli.inputs import INPUT_FILE, Moment, read_file, read_text
from portadoc.cli.offline.options import ANCHOR, TRUST
from portadoc.cli.output import language, language_option, moment, printable, write_json
from portadoc.i18n import render

_PDF: Final = b"%PDF-"


@click.command()
@click.argument("file", type=INPUT_FILE)
@ANCHOR
@TRUST
@click.option("--at", type=Moment(), help="Judge a PDF for this time, ISO 8601; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@language_option
def verify(*, file: str, anchor_file: str | None, trust_file: Path, at: int | None, as_json: bool) -> None:
    """Verify the export of a visit in FILE: signed JSON, or PDF (needs portadoc[pdf]).

    Who signed the JSON is judged for the time that it names, a PDF for --at. The anchor comes from the
    institution, which writes it with `portadoc trust anchors`. Exit code 0: it holds; 1: it does not; 4: the
    anchor or the trust file has to be mended.
    """
    from portadoc.clock import SystemClock
    from portadoc.inspector.office.exports import MAX_EXPORT_BYTES

    raw, now = read_file(file, max_bytes=MAX_EXPORT_BYTES), SystemClock().now() if at is None else at
    told = (
        _pdf(raw, anchor_file, trust_file, now)
        if raw.startswith(_PDF)
        else _json(raw, anchor_file, trust_file, now)
    )
    if as_json:
        write_json({"holds": True, **told})
        return
    code = "export_pdf_holds" if told["form"] == "pdf" else "export_holds"
    shown = {**told, "made_at": moment(told["made_at"]) if "made_at" in told else ""}
    message = render(code, shown, language())
    click.secho(printable(message.text), fg="green", bold=True)
    click.echo(printable(message.action))


def _json(raw: bytes, anchor_file: str | None, trust_file: Path, now: int) -> dict[str, Any]:
    from portadoc.cli.offline.sources import believed
    from portadoc.inspector.office.verifying import open_export

    found = open_export(raw, signers=believed(anchor_file, trust_file), now=now)
    names = ("export", "visit", "made_at", "complete")
    told = {"form": "json", "signed_by": found["institution"]["name"], "institution": found["institution"]["id"]}
    return {**told, **{name: found[name] for name in names}, "entries": len(found["entries"])}


def _pdf(raw: bytes, anchor_file: str | None, trust_file: Path, now: int) -> dict[str, Any]:
    from portadoc.cli.offline.sources import believed, read_trust
    from portadoc.inspector.office.verifying import signer_of_pdf
    from portadoc.keys.certificates import from_pem
    from portadoc.keys.purposes import KeyPurpose

    if anchor_file is not None:
        believed(anchor_file, trust_file)  # says what is wrong with the file
        anchors = from_pem(read_text(anchor_file))
    else:
        trust = read_trust(trust_file)
        anchors = tuple(each.certificate for each in trust.anchors if KeyPurpose.RECEIPT in each.purposes)
    return {"form": "pdf", "signed_by": signer_of_pdf(raw, anchors=anchors, at=now)}
