"""``portadoc conformance``: whether an issuer, of whatever make, keeps to OpenID4VCI 1.0 and a profile of it."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from portadoc.cli.output import printable, write_json, write_table

if TYPE_CHECKING:
    from portadoc.conformance.checks import ModuleReport, RunReport
    from portadoc.conformance.programs import Listener, OfferSource
    from portadoc.conformance.trial import Trial
    from portadoc.wallet_sim.transport import Transport

_FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_COLOURS: Final = {"failed": "red", "warned": "yellow", "skipped": "yellow", "passed": "green"}
CLIENT_ID: Final = "https://conformance-kit.invalid/wallet"
CALLBACK: Final = "portadoc-conformance://back"
SIGN_IN_SECONDS: Final = 300
_NAMES_TOLD: Final = 30
_NAME_CHARS: Final = 100


@click.group()
def conformance() -> None:
    """Test a service of any make from outside, by HTTP alone, and say what breaks which rule."""


@conformance.command("issuer")
@click.argument("url")
@click.option("--profile", "profile_id", default="ietf-latest", show_default=True, help="Profile to test against.")
@click.option(
    "--kit",
    "folder",
    type=_FOLDER,
    default="conformance-kit",
    show_default=True,
    help="Folder of the kit's own keys, made on first use.",
)
@click.option("--configuration", "configurations", multiple=True, help="Credential configuration to ask for.")
@click.option("--offer", "offers", multiple=True, help="A credential offer; may be repeated, each is used once.")
@click.option("--tx-code", help="Transaction code of the offers that ask for one.")
@click.option("--offers-from", metavar="PROGRAM", help="Program that prints an offer for each WANT (see below).")
@click.option("--sign-in", metavar="PROGRAM", help="Program that signs in for ADDRESS (see below).")
@click.option("--no-sign-in", is_flag=True, help="Nobody signs in; what needs a person is skipped.")
@click.option("--client-id", default=CLIENT_ID, show_default=True, help="The name of the kit's wallet.")
@click.option("--public-client", is_flag=True, help="Speak as a wallet that nobody vouches for.")
@click.option("--redirect-uri", help="Where the issuer sends the browser; must suit the way to sign in.")
@click.option("--ca-file", type=click.Path(exists=True, dir_okay=False), help="Authority of the server (PEM).")
@click.option("--origin", "origins", multiple=True, help="Further origin on this machine that may be called.")
@click.option("--module", "modules", multiple=True, help="Run this module only; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--junit", type=_NEW_FILE, help="Also write JUnit XML to this file.")
@click.option("--markdown", type=_NEW_FILE, help="Also write a Markdown table to this file.")
def judge_issuer(**options: Any) -> None:
    """Test the issuer whose Credential Issuer Identifier is URL.

    The issuer has to trust the kit's wallet provider where the profile asks for attestations (wallet-provider).
    Modules that need an offer or a person, and have none, are skipped. Exit code 0: nothing failed, nothing was
    skipped; 1: something failed; 3: nothing failed and the run is incomplete.

    \b
    --offers-from runs PROGRAM WANT and takes an offer from the first line that it prints and a transaction code
    from the second; no line when there is no such offer. WANT is one of
      pre-authorized, pre-authorized-with-tx-code, authorization-code, deferred, several,
      deferred-ready (no offer: make ready what was deferred last).
    --sign-in runs PROGRAM ADDRESS, which signs in, agrees, and prints the address that the browser is sent to.
    """
    from portadoc.conformance.programs import Listener, can_be_run
    from portadoc.conformance.table import NAMES

    chosen = _Options(**options)
    for name in chosen.modules:
        if name not in NAMES:
            raise click.BadParameter(f"{name!r} is no module", param_hint="--module")
    for option, program in (("--offers-from", chosen.offers_from), ("--sign-in", chosen.sign_in)):
        if program is not None and not can_be_run(program):
            raise click.BadParameter(f"{program!r} is no program that can be run", param_hint=option)
    listener = None
    if chosen.sign_in is None and not chosen.no_sign_in:
        listener = Listener(say=lambda line: click.echo(line, err=True), wait_s=SIGN_IN_SECONDS)
    try:
        report = _carried_out(_trial(chosen, listener), chosen)
    finally:
        if listener is not None:
            listener.close()
    _write_run(report, as_json=chosen.as_json, junit=chosen.junit, markdown=chosen.markdown)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """What the command line says."""

    url: str
    profile_id: str
    folder: Path
    configurations: tuple[str, ...]
    offers: tuple[str, ...]
    tx_code: str | None
    offers_from: str | None
    sign_in: str | None
    no_sign_in: bool
    client_id: str
    public_client: bool
    redirect_uri: str | None
    ca_file: str | None
    origins: tuple[str, ...]
    modules: tuple[str, ...]
    as_json: bool
    junit: Path | None
    markdown: Path | None


def _carried_out(trial: "Trial", chosen: _Options) -> "RunReport":
    """Return the report of a run, of one that ends at once where nothing that could be an issuer answers."""
    from portadoc.conformance.conversation.first_contact import first_contact
    from portadoc.conformance.run import not_begun, run

    met = first_contact(trial.wire, chosen.url, own_authority=chosen.ca_file is not None)
    if met.refusal:
        return not_begun(trial, met.refusal)
    for name in chosen.configurations:
        if met.configurations and name not in met.configurations:
            known = ", ".join(printable(each[:_NAME_CHARS]) for each in met.configurations[:_NAMES_TOLD])
            raise click.BadParameter(
                f"the issuer has no configuration {name!r}; it has: {known}", param_hint="--configuration"
            )
    return run(trial, chosen=chosen.modules, told=(lambda _: None) if chosen.as_json else _write_module)


def _trial(chosen: _Options, listener: "Listener | None") -> "Trial":
    from portadoc.clock import SystemClock
    from portadoc.conformance.kit import open_kit
    from portadoc.conformance.programs import sign_in_program
    from portadoc.conformance.run import MAX_REQUESTS, MAX_SECONDS
    from portadoc.conformance.trial import Setting, Trial
    from portadoc.conformance.wire import Wire
    from portadoc.randomness import system_random_bytes
    from portadoc.schemas.profiles import profile

    setting = Setting(
        url=chosen.url,
        profile=profile(chosen.profile_id),
        configuration_ids=chosen.configurations,
        client_id=chosen.client_id,
        redirect_uri=chosen.redirect_uri or (listener.redirect_uri if listener else CALLBACK),
        own_authority=chosen.ca_file is not None,
        attested=not chosen.public_client,
    )
    transport = _transport(chosen.url, chosen.origins, chosen.ca_file)
    return Trial(
        setting,
        wire=Wire(transport, max_requests=MAX_REQUESTS, max_seconds=MAX_SECONDS),
        kit=open_kit(chosen.folder, clock=SystemClock(), random_bytes=system_random_bytes),
        offers=_offers(chosen.offers, chosen.tx_code, chosen.offers_from),
        sign_in=listener or (sign_in_program(chosen.sign_in) if chosen.sign_in is not None else None),
    )


@conformance.command("wallet-provider")
@click.option(
    "--kit",
    "folder",
    type=_FOLDER,
    default="conformance-kit",
    show_default=True,
    help="Folder of the kit's own keys, made on first use.",
)
@click.option("--out", "out_folder", type=_FOLDER, required=True, help="Folder to write to.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def write_wallet_provider(*, folder: Path, out_folder: Path, as_json: bool) -> None:
    """Write what an issuer has to trust for the kit's wallets to be heard.

    anchors.pem holds the certificate authority of the kit's wallet provider, trust.json the same for Portadoc.
    """
    import json

    from portadoc.clock import SystemClock
    from portadoc.conformance.kit import open_kit
    from portadoc.randomness import system_random_bytes

    kit = open_kit(folder, clock=SystemClock(), random_bytes=system_random_bytes)
    out_folder.mkdir(parents=True, exist_ok=True)
    files = {"anchors.pem": kit.anchors_pem(), "trust.json": json.dumps(kit.trust_json(), indent=2) + "\n"}
    for name, text in files.items():
        (out_folder / name).write_text(text, encoding="utf-8")
        if not as_json:
            click.echo(f"written: {out_folder / name}")
    if as_json:
        write_json({"files": [str(out_folder / name) for name in files]})


@conformance.command("modules")
@click.option("--profile", "profile_id", default="ietf-latest", show_default=True, help="Profile whose modules.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_modules(*, profile_id: str, as_json: bool) -> None:
    """List the modules of a profile."""
    from portadoc.conformance.table import modules_of
    from portadoc.schemas.profiles import profile

    rows = [{"name": each.name, "title": each.title} for each in modules_of(profile(profile_id).id, ())]
    if as_json:
        write_json({"modules": rows})
    else:
        write_table(("name", "title"), rows)


def _transport(url: str, origins: tuple[str, ...], ca_file: str | None) -> "Transport":
    """Return the way to the issuer: on this machine to the named origins alone, else to public addresses alone."""
    from portadoc.errors import Refused
    from portadoc.fetch import SafeFetch, is_loopback_host, parse_target
    from portadoc.wallet_sim.transport import NetworkTransport, UnsafeLoopbackTransport

    try:
        parse_target(url, schemes=frozenset({"http", "https"}))
    except Refused as exc:
        raise click.BadParameter(f"{url!r} is not the address of an issuer", param_hint="URL") from exc
    parts = urlsplit(url)
    if not is_loopback_host(parts.hostname or ""):
        return NetworkTransport(SafeFetch(ca_file=ca_file))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # who names an address of this machine knows it
        return UnsafeLoopbackTransport(frozenset({f"{parts.scheme}://{parts.netloc}", *origins}), ca_file=ca_file)


def _offers(links: tuple[str, ...], tx_code: str | None, program: str | None) -> "OfferSource":
    from portadoc.conformance.programs import ListedOffers, NoOffers, OfferProgram
    from portadoc.conformance.trial import wants_of

    if program is not None:
        return OfferProgram(program)
    return ListedOffers(links, tx_code, wants_of) if links else NoOffers()


def _write_module(report: "ModuleReport") -> None:
    from portadoc.conformance.reports import module_lines

    for line, outcome in module_lines(report):
        click.echo(click.style(printable(line), fg=_COLOURS.get(outcome.value)))


def _write_run(report: "RunReport", *, as_json: bool, junit: Path | None, markdown: Path | None) -> None:
    from portadoc.conformance.reports import closing_lines, to_json, to_junit, to_markdown

    if junit is not None:
        junit.write_text(to_junit(report), encoding="utf-8")
    if markdown is not None:
        markdown.write_text(to_markdown([report]), encoding="utf-8")
    if as_json:
        write_json(to_json(report))
    else:
        for line in closing_lines(report):
            click.echo(printable(line))
    if report.failed or report.incomplete:
        raise click.exceptions.Exit(1 if report.failed else 3)
