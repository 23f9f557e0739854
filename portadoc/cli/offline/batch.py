"""``portadoc verify --batch``: a folder of seals, presentations, photographs and PDF, one verdict a file."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from portadoc.cli.output import TONES, language, printable, write_json
from portadoc.errors import Malformed
from portadoc.i18n import render

if TYPE_CHECKING:
    from portadoc.formats.trust_pack import TrustPack
    from portadoc.inspector.batch.verdicts import FileVerdict

MAX_FILES: Final = 10_000


def verify_batch(
    folder: Path,
    pack: "TrustPack",
    *,
    at: int,
    day: date | None,
    preset_id: str | None,
    profile_id: str,
    form: str,
) -> int:
    """Write one verdict a file and return the exit code: 0 all green, 3 some amber, 1 something not to rely on.

    Raises Misconfigured[extra_missing], Malformed[limit_exceeded], Refused[preset_unknown].
    """
    from portadoc.inspector.batch.reading import MAX_FILE_BYTES
    from portadoc.inspector.batch.verdicts import as_csv, judge_file, totals
    from portadoc.serve.scans import PackJudge, ScanTerms
    from portadoc.verification.presets.presets import preset

    on_date = day or datetime.fromtimestamp(at, UTC).date()
    terms = ScanTerms(at=at, on_date=on_date, preset=None if preset_id is None else preset(preset_id))
    judge = PackJudge(pack, profile_id=profile_id)
    verdicts = []
    for name, file in files_in(folder):
        with file.open("rb") as opened:
            raw = opened.read(MAX_FILE_BYTES + 1)
        found = judge_file(name, raw, lambda text: judge.judge(text, terms))
        verdicts.append(found)
        if form == "text":
            _tell(found)
    counted = totals(verdicts)
    if form == "json":
        write_json({"files": [each.to_json() for each in verdicts], "totals": asdict(counted)})
    elif form == "csv":
        click.echo(as_csv(verdicts), nl=False)
    else:
        click.echo(render("batch_totals", asdict(counted), language()).text)
    return counted.exit_code


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the plain files of a folder and the folders in it, in order; links lead nowhere here.

    Raises Malformed[limit_exceeded].
    """
    found = sorted(each for each in folder.rglob("*") if each.is_file() and not _is_linked(each, folder))
    if len(found) > MAX_FILES:
        raise Malformed("limit_exceeded", what="files", limit=MAX_FILES)
    yield from ((each.relative_to(folder).as_posix(), each) for each in found)


def _is_linked(file: Path, folder: Path) -> bool:
    return any(each.is_symlink() for each in (file, *file.parents) if each != folder and folder in each.parents)


def _tell(found: "FileVerdict") -> None:
    told = render(found.code, {}, language()).text if found.verdict == "unread" else found.code
    word = click.style(f"{found.colour or found.verdict:7}", fg=TONES.get(found.colour, "bright_black"))
    click.echo(f"{word} {printable(found.file)}  {found.verdict}  {printable(told)}".rstrip())
