"""``portadoc verify``: is this presentation to be believed? Offline: nothing is fetched, nothing is kept.

The same file, time and trust pack give the same bytes of ``--json``, on every machine and in every year.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from portadoc.cli.inputs import INPUT_FILE, Day, Moment
from portadoc.cli.offline.options import ANCHOR, DATA_DIR, OPERATOR, TRUST
from portadoc.cli.output import (
    language,
    language_option,
    report_as_json,
    without_environment,
    write_json,
    write_report,
)
from portadoc.i18n import render
from portadoc.schemas.profiles import DEFAULT_PROFILE, PROFILES, profile
from portadoc.verification.rendering.wording import printable

if TYPE_CHECKING:
    from portadoc.cli.offline.sources import Sources
    from portadoc.formats.trust_pack import TrustPack
    from portadoc.schemas.projections.rows import Claim
    from portadoc.verification.policy import KeyBindingRefused, KeyBindingRequired, VerificationPolicy
    from portadoc.verification.report import VerificationReport

POLICY_ID: Final = "offline"
_MAX_BINDING_AGE_S: Final = 300
_COUNTRIES: Final = frozenset({"country", "state", "nationalities", "flag_or_base_state"})
_CODED: Final[dict[tuple[str, ...], str]] = {
    ("status", "code"): "situation",
    ("person", "gender"): "paper.sex",
    ("insured", "gender"): "paper.sex",
}
"""Where a value is a code, and the texts of the catalogue that say it in words."""
_EXIT: Final = {"green": 0, "red": 1, "amber": 3}


@click.command()
@click.argument("file", type=INPUT_FILE, required=False)
@click.option(
    "--batch",
    "batch_folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Judge every file of a folder instead: texts, photographs, PDF. Needs --with.",
)
@click.option("--with", "pack_file", type=INPUT_FILE, help="Trust pack to judge from.")
@ANCHOR
@OPERATOR
@TRUST
@DATA_DIR
@click.option(
    "--status-list", "status_files", type=INPUT_FILE, multiple=True, help="Status list token; repeatable."
)
@click.option(
    "--withdrawal-list",
    "withdrawal_files",
    type=INPUT_FILE,
    multiple=True,
    help="Withdrawal list of a status list given: from when entries are withdrawn; repeatable.",
)
@click.option(
    "--seal-certificates",
    "certificate_files",
    type=INPUT_FILE,
    multiple=True,
    help="Certificates of seals, as their issuer publishes them; repeatable. A trust pack brings its own.",
)
@click.option("--at", type=Moment(), help="Judge for this time, ISO 8601; UTC unless it says more.")
@click.option(
    "--on", "--date", "day", type=Day(), help="Judge periods for this day; default: the day of that time, UTC."
)
@click.option("--audience", help="Who the holder presented to; needs --nonce. Requires key binding.")
@click.option("--nonce", help="The nonce that the holder was given; needs --audience.")
@click.option("--preset", "preset_id", help="Judge by the rules of this preset.")
@click.option("--type", "types", multiple=True, help="Accept this vct only; repeatable. Default: all known types.")
@click.option(
    "--profile",
    "profile_id",
    type=click.Choice(tuple(PROFILES)),
    default=DEFAULT_PROFILE.id,
    show_default=True,
    help="Edition of the protocols.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="With --batch: print a table for spreadsheets.")
@click.option("--html", "as_html", is_flag=True, help="Print the report as an HTML page.")
@language_option
def verify(
    *,
    file: str | None,
    batch_folder: Path | None,
    pack_file: str | None,
    anchor_file: str | None,
    operator: str | None,
    trust_file: Path,
    status_files: tuple[str, ...],
    withdrawal_files: tuple[str, ...],
    certificate_files: tuple[str, ...],
    at: int | None,
    as_json: bool,
    as_csv: bool,
    as_html: bool,
    **asked: Any,
) -> None:
    """Verify the SD-JWT, SD-JWT+KB or seal in FILE (- for standard input), offline; or every file of a folder.

    FILE is its text, or a picture (PNG, JPEG) or PDF with its code, which needs portadoc[scan].
    With a trust pack, its trust and its status lists count, and --anchor or --trust says who may sign it. Without
    one, those of --trust and --status-list. Exit code 0: authentic and in force (green); 1: do not rely on it
    (red); 2: there is no attestation in it to judge; 3: something is not established (amber); 4: the trust file,
    the anchor or the pack has to be mended. Of a folder the gravest counts; a file without a document counts as
    red.
    """
    from portadoc.clock import SystemClock

    list_files = (*status_files, *withdrawal_files)
    _check_usage(pack_file, anchor_file=anchor_file, operator=operator, list_files=list_files)
    _check_forms(file, batch_folder, pack_file, as_json=as_json, as_csv=as_csv, as_html=as_html)
    if as_json or as_html or as_csv:
        without_environment()
    now = SystemClock().now() if at is None else at
    sources = partial(_sources, pack_file, anchor_file, trust_file, list_files, operator=operator, at=now)
    if batch_folder is not None:
        form = "json" if as_json else "csv" if as_csv else "text"
        raise click.exceptions.Exit(_batch(batch_folder, sources(), at=now, form=form, **asked))
    from portadoc.cli.offline.attestations import attestation_in

    policy, text = _policy(now=now, **asked), attestation_in(str(file), now=now)
    found = sources()
    report = _report(text, found, policy, certificate_files, now=now)
    if as_html:
        _tell_page(report)
    else:
        _tell(report, found.pack, as_json=as_json)
    raise click.exceptions.Exit(_EXIT[report.colour])


def _check_usage(
    pack_file: str | None, *, anchor_file: str | None, operator: str | None, list_files: tuple[str, ...]
) -> None:
    if pack_file is None and anchor_file is not None:
        raise click.UsageError("--anchor says who may sign the pack: it needs --with")
    if pack_file is None and operator is not None:
        raise click.UsageError("--operator says whose pack it has to be: it needs --with")
    if pack_file is not None and list_files:
        raise click.UsageError("--with brings its own lists: leave out --status-list and --withdrawal-list")


def _check_forms(
    file: str | None,
    batch_folder: Path | None,
    pack_file: str | None,
    *,
    as_json: bool,
    as_csv: bool,
    as_html: bool,
) -> None:
    if (file is None) == (batch_folder is None):
        raise click.UsageError("Missing argument 'FILE' (or --batch DIR, and not both).")
    if batch_folder is not None and pack_file is None:
        raise click.UsageError("--batch judges from a trust pack: it needs --with")
    if batch_folder is None and as_csv:
        raise click.UsageError("--csv is for --batch")
    if as_json + as_csv + as_html > 1 or (batch_folder is not None and as_html):
        raise click.UsageError("--json or --html, not both" if file else "--json or --csv, one of them")


def _sources(
    pack_file: str | None,
    anchor_file: str | None,
    trust_file: Path,
    list_files: tuple[str, ...],
    *,
    operator: str | None,
    at: int,
) -> "Sources":
    from portadoc.cli.offline.sources import from_files, usable_pack

    if pack_file is None:
        return from_files(trust_file, list_files, at=at)
    return usable_pack(pack_file, anchor_file, trust_file, operator=operator, at=at)


def _report(
    text: str, sources: "Sources", policy: "VerificationPolicy", certificate_files: tuple[str, ...], *, now: int
) -> "VerificationReport":
    from portadoc.cli.offline.sources import seal_signers
    from portadoc.formats.visible_seal import PREFIX
    from portadoc.verification.pack_answers import packed_types
    from portadoc.verification.procedure import verify_presentation
    from portadoc.verification.seal_procedure import verify_sealed

    if sources.pack is not None:
        policy = replace(policy, type_metadata=packed_types(sources.pack))
    if not text.startswith(PREFIX):
        return verify_presentation(text, trust=sources.trust, status=sources.status, policy=policy, now=now)
    signers = seal_signers(sources.pack, certificate_files)
    return verify_sealed(text, trust=sources.trust, signers=signers, status=sources.status, policy=policy, now=now)


def _batch(
    folder: Path,
    sources: "Sources",
    *,
    at: int,
    form: str,
    day: date | None,
    preset_id: str | None,
    profile_id: str,
    **single: Any,
) -> int:
    from portadoc.cli.offline.batch import verify_batch

    if any(single.values()):
        raise click.UsageError("--audience, --nonce and --type are for a single FILE")
    assert sources.pack is not None, "a batch was asked for with a pack"
    return verify_batch(
        folder, sources.pack, at=at, day=day, preset_id=preset_id, profile_id=profile_id, form=form
    )


def _policy(
    *,
    now: int,
    day: date | None,
    audience: str | None,
    nonce: str | None,
    preset_id: str | None,
    types: tuple[str, ...],
    profile_id: str,
) -> "VerificationPolicy":
    """Return what is decided before the file is read. Raises Refused[preset_unknown]."""
    from portadoc.formats.dcql.query import parse_query
    from portadoc.schemas.catalogue import ACCEPTED_VCTS, SEAL_VCTS, seal_types_for
    from portadoc.verification.policy import VerificationPolicy
    from portadoc.verification.presets.presets import preset

    chosen = None if preset_id is None else preset(preset_id)
    queried = [] if chosen is None else [wanted.vct_values for wanted in parse_query(chosen.query).credentials]
    asked: frozenset[str] = frozenset().union(*queried)
    return VerificationPolicy(
        policy_id=POLICY_ID if chosen is None else chosen.id,
        policy_version="" if chosen is None else chosen.version,
        accepted_types=frozenset(types) or asked | seal_types_for(asked) or ACCEPTED_VCTS | SEAL_VCTS,
        key_binding=_key_binding(audience, nonce),
        status_required=chosen is not None and chosen.status_required,
        profile=profile(profile_id),
        on_date=day or datetime.fromtimestamp(now, UTC).date(),
    )


def _key_binding(audience: str | None, nonce: str | None) -> "KeyBindingRefused | KeyBindingRequired":
    """Require a key binding exactly when audience and nonce are given: it is decided before the file is read."""
    from portadoc.verification.policy import KeyBindingRefused, KeyBindingRequired

    if (audience is None) != (nonce is None):
        raise click.UsageError("--audience and --nonce belong together")
    if audience is None or nonce is None:
        return KeyBindingRefused()
    return KeyBindingRequired(audience=audience, nonce=nonce, max_age_s=_MAX_BINDING_AGE_S)


def _tell(report: "VerificationReport", pack: "TrustPack | None", *, as_json: bool) -> None:
    if as_json:
        write_json({**report_as_json(report), "trust_pack": None if pack is None else _facts(pack)})
        return
    write_report(report)
    _tell_more(report)
    if pack is not None:
        said = {"operator": pack.operator, "sequence": pack.sequence, "as_of": _moment(pack.as_of)}
        click.echo(f"  {render('verify_judged_from_pack', said, language()).text}")


def _tell_page(report: "VerificationReport") -> None:
    from portadoc.verification.rendering.report_html import report_page

    click.echo(report_page(report, language()))


def _facts(pack: "TrustPack") -> dict[str, str | int]:
    return {"operator": pack.operator, "sequence": pack.sequence, "as_of": pack.as_of, "exp": pack.exp}


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _tell_more(report: "VerificationReport") -> None:
    """Write who says what when nothing speaks against it, or only that a seal is bound to nobody.

    On stderr, what to do about a key binding not asked for.
    """
    if report.valid or (report.deciding_check is not None and report.deciding_check.code == "seal_not_bound"):
        said = {"institution": report.institution_id or "-", "type": report.credential_type or "-"}
        click.echo(f"  {render('verify_says', said, language()).text}")
        for label, value in _labelled(report):
            click.echo(f"    {label}: {printable(value)}")
    if any(check.code == "kb_unexpected" for check in report.checks):
        advice = render("verify_key_binding_terms", {}, language())
        click.echo(f"{advice.text} {advice.action}", err=True)


def _labelled(report: "VerificationReport") -> Iterable[tuple[str, str]]:
    """Yield label and value of each claim that its layout names."""
    from portadoc.schemas.catalogue import EVERY_LAYOUT
    from portadoc.schemas.claims import claims_at

    for row in EVERY_LAYOUT[str(report.layout)].claims:
        for _, value in claims_at(report.claims, row.path):
            if not isinstance(value, dict | list):
                yield (row.fr if language() == "fr" else row.en), _in_words(value, row)


def _in_words(value: Any, row: "Claim") -> str:
    """Return a value in words of the language: days, countries, the situation, the sex; all else as it stands."""
    from portadoc.catalogue import texts
    from portadoc.verification.rendering.wording import Words

    words, catalogue = Words(language()), texts(language())
    place = [each for each in row.field or row.path if isinstance(each, str)]
    if isinstance(value, str) and place[-1] in _COUNTRIES:
        return words.country(value)
    name = _CODED.get(tuple(place[-2:]), "")
    if f"{name}.{value}" in catalogue.entries:
        return f"{catalogue.text(f'{name}.{value}')} ({value})"
    return words.value(value)
