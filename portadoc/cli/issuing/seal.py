"""``portadoc issuer seal``: a printed seal of a decided record, as pictures and as a page."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from portadoc.catalogue import LANGUAGES
from portadoc.cli.installation import installation, settings_options
from portadoc.cli.issuing.records import named_record, record_told, require_issuer
from portadoc.cli.output import write_json
from portadoc.errors import Misconfigured

if TYPE_CHECKING:
    from portadoc.issuer import Sealed
    from portadoc.schemas.seals import PinShown
    from portadoc.serve.house import House

PINS: Final = ("none", "last4", "full")
_OWNER_ONLY: Final = 0o600


@click.command()
@click.argument("institution")
@click.argument("record_id", metavar="[RECORD]", required=False)
@click.option("--record", "record_file", type=click.Path(exists=True, dir_okay=False), help="Record as JSON.")
@click.option("--example", "example_name", help="A record of the examples (test data) instead.")
@click.option("--out", "folder", type=click.Path(file_okay=False), default=".", help="Folder for the files.")
@click.option("--png", "as_png", is_flag=True, help="Both codes as PNG, for print at 600 dots an inch.")
@click.option("--svg", "as_svg", is_flag=True, help="Both codes as SVG.")
@click.option("--pdf", "as_pdf", is_flag=True, help="A page to print with facts and codes; needs portadoc[pdf].")
@click.option("--language", type=click.Choice(tuple(LANGUAGES)), default="en", help="Language of that page.")
@click.option("--pin", type=click.Choice(PINS), default="none", help="How much of the personal number it holds.")
@click.option("--workplaces", type=click.IntRange(min=0), help="Keep so many places of work and count the others.")
@click.option("--until-certificate-ends", is_flag=True, help="Let it end with the certificate of its key.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with the text of the seal.")
@settings_options
def seal(
    *,
    institution: str,
    record_id: str | None,
    record_file: str | None,
    example_name: str | None,
    folder: str,
    as_png: bool,
    as_svg: bool,
    as_pdf: bool,
    language: str,
    pin: "PinShown",
    workplaces: int | None,
    until_certificate_ends: bool,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Seal a decided RECORD of INSTITUTION (its slug) for print. Each call makes a new seal.

    On standard output is the text of the seal and nothing else; everything about it goes to standard error.
    """
    named = named_record(record_id, record_file, example_name)
    _require_all_that_is_needed(Path(folder), as_pdf=as_pdf)
    with installation(settings_file, data_dir) as house:
        require_issuer(house, institution)
        kept, found = named.kept(house, institution)
        made = house.issuer.seal(
            institution,
            kept,
            pin=pin,
            max_workplaces=workplaces,
            until_certificate_ends=until_certificate_ends,
        )
        files = dict(_drawn(made, as_png=as_png, as_svg=as_svg))
        if as_pdf:
            files["pdf"] = _page(house, institution, made, language)
    names = [_kept(Path(folder), made, ending, content) for ending, content in files.items()]
    if found:
        click.echo(record_told(kept, found=found), err=True)
    _tell(made, kept, names, as_json=as_json)


def _require_all_that_is_needed(folder: Path, *, as_pdf: bool) -> None:
    """See before anything is sealed to what would fail behind it. Raises Misconfigured."""
    from portadoc.paper.typesetting import require_typst

    if as_pdf:
        require_typst()
    require_folder(folder)


def require_folder(folder: Path) -> None:
    """Make the folder where there is none. Raises Misconfigured[out_folder_unusable]."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise Misconfigured("out_folder_unusable", reason=exc.strerror or type(exc).__name__) from exc
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Misconfigured("out_folder_unusable", reason="permission")


def _drawn(made: "Sealed", *, as_png: bool, as_svg: bool) -> Iterator[tuple[str, bytes]]:
    from portadoc.issuer.paper.qr_symbols import qr_symbol

    for name, text in (("seal", made.text), ("code", made.verification_url)):
        symbol = qr_symbol(text)
        if as_png:
            yield f"{name}.png", symbol.png()
        if as_svg:
            yield f"{name}.svg", symbol.svg()


def _page(house: "House", institution: str, made: "Sealed", language: str) -> bytes:
    from portadoc.issuer.paper.sealed_page import sealed_page
    from portadoc.schemas.profiles import Mode

    names = house.issuer.settings.by_slug[institution].names
    return sealed_page(
        made,
        language=language,
        author=names.get(language) or next(iter(names.values())),
        made_at=house.clock.now(),
        is_test=house.settings.mode == Mode.DEVELOPMENT,
    )


def _kept(folder: Path, made: "Sealed", ending: str, content: bytes) -> str:
    """Write a file that its owner alone can read: it is about a person. Return its name."""
    file = folder / f"{made.credential_id}.{ending}"
    file.touch(mode=_OWNER_ONLY)
    file.write_bytes(content)
    return str(file)


def _tell(made: "Sealed", record_id: str, files: list[str], *, as_json: bool) -> None:
    from portadoc.cli.output import moment

    if as_json:
        told = {name: getattr(made, name) for name in made.__slots__ if name not in ("document", "warnings")}
        warnings = [{"code": each.code, "member": each.member} for each in made.warnings]
        write_json({**told, "record_id": record_id, "warnings": warnings, "files": files})
        return
    click.echo(made.text)
    for file in files:
        click.echo(f"written: {file}", err=True)
    click.echo(f"verification code: {made.verification_code}", err=True)
    click.echo(f"seal of record {record_id}, copy {made.credential_id}", err=True)
    click.echo(f"can be read until {moment(made.expires_at)} (ends with: {made.ends_with})", err=True)
    if made.workplaces_left_out:
        click.echo(f"places of work that are left out and counted: {made.workplaces_left_out}", err=True)
    for warning in made.warnings:
        click.echo(f"unusual: {warning.code} {warning.member}", err=True)
