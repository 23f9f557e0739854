"""``portadoc issuer paper``: the official paper of a decided record, as a sealed PDF."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from portadoc.catalogue import LANGUAGES
from portadoc.cli.installation import installation, settings_options
from portadoc.cli.issuing.records import named_record, record_told, require_issuer
from portadoc.cli.issuing.seal import PINS, require_folder
from portadoc.cli.output import write_json

if TYPE_CHECKING:
    from portadoc.issuer import PaperDocument
    from portadoc.schemas.seals import PinShown

_OWNER_ONLY: Final = 0o600


@click.command()
@click.argument("institution")
@click.argument("record_id", metavar="[RECORD]", required=False)
@click.option("--record", "record_file", type=click.Path(exists=True, dir_okay=False), help="Record as JSON.")
@click.option("--example", "example_name", help="A record of the examples (test data) instead.")
@click.option("--out", "folder", type=click.Path(file_okay=False), default=".", help="Folder for the file.")
@click.option(
    "--language",
    "languages",
    type=click.Choice((*LANGUAGES, "host")),
    multiple=True,
    default=("en",),
    help="Language of the paper, twice for a paper in two; host is that of the State of work.",
)
@click.option(
    "--pin", type=click.Choice(PINS), default="none", help="How much of the personal number the seal holds."
)
@click.option("--until-certificate-ends", is_flag=True, help="Let it end with the certificate of its key.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def paper(
    *,
    institution: str,
    record_id: str | None,
    record_file: str | None,
    example_name: str | None,
    folder: str,
    languages: tuple[str, ...],
    pin: "PinShown",
    until_certificate_ends: bool,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Make the official paper of a decided RECORD of INSTITUTION (its slug): a sealed PDF, a new one at each call.

    Needs portadoc[pdf]. On standard output is the name of the file; the verification code goes to standard error.
    """
    named = named_record(record_id, record_file, example_name)
    require_folder(Path(folder))
    with installation(settings_file, data_dir) as house:
        require_issuer(house, institution)
        kept, found = named.kept(house, institution)
        made = house.issuer.paper(
            institution,
            kept,
            languages=languages,
            pin=pin,
            until_certificate_ends=until_certificate_ends,
        )
    if found:
        click.echo(record_told(kept, found=found), err=True)
    _tell(made, _kept(Path(folder), made), as_json=as_json)


def _kept(folder: Path, made: "PaperDocument") -> str:
    """Write the file so that its owner alone can read it: it is about a person. Return its name."""
    file = folder / f"{made.credential_id}.paper.pdf"
    file.touch(mode=_OWNER_ONLY)
    file.write_bytes(made.pdf)
    return str(file)


def _tell(made: "PaperDocument", file: str, *, as_json: bool) -> None:
    from portadoc.cli.output import moment

    if as_json:
        told = {name: getattr(made, name) for name in made.__slots__ if name != "pdf"}
        write_json({**told, "file": file})
        return
    click.echo(file)
    click.echo(f"verification code: {made.code}", err=True)
    click.echo(f"paper of record {made.record_id}", err=True)
    click.echo(f"can be read until {moment(made.expires_at)}", err=True)
    if made.workplaces_left_out:
        click.echo(f"places of work on the page and not in its digital seal: {made.workplaces_left_out}", err=True)
