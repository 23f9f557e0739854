"""``portadoc receipt``: who verified, when, and what came of it. Offline: nothing is fetched."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portadoc.cli.inputs import INPUT_FILE, Moment, read_text
from portadoc.cli.offline.options import ANCHOR, DATA_DIR, OPERATOR, TRUST
from portadoc.cli.output import duration, language, language_option, without_environment, write_json
from portadoc.i18n import render
from portadoc.verification.rendering.wording import printable

if TYPE_CHECKING:
    from portadoc.formats.receipt import Receipt, ReceiptCredential
    from portadoc.verification.answers import TrustAnswers


@click.group()
def receipt() -> None:
    """Read the receipts of verifications."""


@receipt.command("verify")
@click.argument("file", type=INPUT_FILE)
@click.option("--with", "pack_file", type=INPUT_FILE, help="Trust pack whose trust says who may sign receipts.")
@ANCHOR
@OPERATOR
@TRUST
@DATA_DIR
@click.option("--at", type=Moment(), help="Judge for this time, ISO 8601; UTC unless it says more.")
@click.option("--nonce", help="The nonce of the verification, unless FILE has it; needs --presentation.")
@click.option("--presentation", "presentation_file", type=INPUT_FILE, help="What was presented; needs the nonce.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@language_option
def verify_receipt(
    *,
    file: str,
    pack_file: str | None,
    anchor_file: str | None,
    operator: str | None,
    trust_file: Path,
    at: int | None,
    nonce: str | None,
    presentation_file: str | None,
    as_json: bool,
) -> None:
    """Verify the receipt in FILE (- for standard input), offline.

    FILE holds the receipt alone, or with its nonce, as a care desk saves it. Who signed it is judged for the time
    that it names; with nonce and presentation, whether it is about that one.
    Exit code 0: it holds; 1: it does not; 4: the trust file, the anchor or the pack has to be mended.
    """
    from portadoc.clock import SystemClock
    from portadoc.formats.receipt import check_commitment
    from portadoc.verification.receipts import open_receipt

    if nonce is not None and presentation_file is None:
        raise click.UsageError("--nonce and --presentation belong together")
    unverified_receipt, kept_nonce = _kept(read_text(file))
    nonce = kept_nonce if nonce is None else nonce
    if nonce is None and presentation_file is not None:
        raise click.UsageError("--presentation needs the nonce, by --nonce or in FILE")
    if as_json:
        without_environment()
    now = SystemClock().now() if at is None else at
    verifiers = _verifiers(pack_file, anchor_file, trust_file, operator, now)
    found = open_receipt(unverified_receipt, verifiers=verifiers, now=now)
    about = None
    if nonce is not None and presentation_file is not None:
        about = check_commitment(found, nonce=nonce, unverified_presentation=read_text(presentation_file))
    if as_json:
        write_json(_as_json(found, about))
    else:
        _tell(found, about)


def _kept(text: str) -> tuple[str, str | None]:
    """Return receipt and nonce of a care desk's file, or a receipt alone as it is.

    Raises Malformed[json_malformed], [member_invalid].
    """
    from portadoc.errors import Malformed
    from portadoc.formats.strict_json import loads_object

    if not text.startswith("{"):
        return text, None
    kept = loads_object(text, what="receipt")
    unverified_receipt, nonce = kept.get("receipt"), kept.get("nonce")
    if not isinstance(unverified_receipt, str):
        raise Malformed("member_invalid", member="/receipt", expected="text")
    if not isinstance(nonce, str | None):
        raise Malformed("member_invalid", member="/nonce", expected="text")
    return unverified_receipt, nonce


def _verifiers(
    pack_file: str | None, anchor_file: str | None, trust_file: Path, operator: str | None, now: int
) -> "TrustAnswers":
    """Return who may sign receipts: whom the pack trusts, else the anchor, else the trust file."""
    from portadoc.cli.offline.sources import believed, usable_pack

    if pack_file is None:
        return believed(anchor_file, trust_file)
    return usable_pack(pack_file, anchor_file, trust_file, operator=operator, at=now).trust


def _as_json(found: "Receipt", about: "ReceiptCredential | None") -> dict[str, Any]:
    from dataclasses import asdict

    place = None if about is None else found.credentials.index(about)
    return {**asdict(found), "on_date": found.on_date.isoformat(), "commitment_of": place}


def _tell(found: "Receipt", about: "ReceiptCredential | None") -> None:
    at = datetime.fromtimestamp(found.verified_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    said = {"name": found.verifier_name, "id": found.verifier_id, "at": at}
    said |= {"purpose": found.purpose, "version": found.policy_version}
    click.echo(printable(render("receipt_says", said, language()).text))
    code = "receipt_judged_for_work" if found.work else "receipt_judged_for"
    click.echo(printable(f"  {render(code, {'on_date': found.on_date.isoformat()}, language()).text}"))
    for each in found.credentials:
        code = f"verdict_{each.verdict}"
        line = f"  {each.type or '-'}, {each.issuer or '-'}: {_verdict(code)}"
        click.echo(printable(line))
        if each.status is not None:
            shown = {"source": each.status.source, "age": duration(each.status.age_s)}
            click.echo(printable(f"    {render('receipt_status', shown, language()).text}"))
    code = "receipt_commitment_not_asked" if about is None else "receipt_commitment_holds"
    click.echo(printable(render(code, {}, language()).text))


def _verdict(code: str) -> str:
    """Return the sentence of a verdict; that of a later release shows as its code."""
    from portadoc.i18n import catalogue

    return render(code, {}, language()).text if code in catalogue(language()) else code
