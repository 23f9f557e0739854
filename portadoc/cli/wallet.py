"""``portadoc wallet``: the simulated wallet of the installation."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portadoc.cli.installation import installation, settings_options
from portadoc.cli.issuing.identity import identify
from portadoc.cli.output import printable, write_json, write_table
from portadoc.errors import Error, Refused, Unavailable
from portadoc.i18n import render

if TYPE_CHECKING:
    from portadoc.schemas.claims import ClaimPath
    from portadoc.serve.house import House
    from portadoc.wallet_sim.presentation import PresentationOutcome, Preview, SharedCredential
    from portadoc.wallet_sim.store import HeldCredential


@click.group()
def wallet() -> None:
    """Obtain, present and list credentials (a simulated wallet, for tests and demonstrations)."""


wallet.add_command(identify)


@contextmanager
def _calling(settings_file: str | None, data_dir: str | None) -> Iterator["House"]:
    """Yield the installation; of an address that its wallet could not call, say which and what to do about it.

    Raises Unavailable[peer_tls_failed], [peer_unreached], Refused[peer_not_admitted].
    """
    with installation(settings_file, data_dir) as house:
        try:
            yield house
        except Error as exc:
            told = _told(exc, house)
            if told is exc:
                raise
            raise told from exc


def _told(error: Error, house: "House") -> Error:
    from portadoc.wallet_sim.transport import UnsafeLoopbackTransport

    address, reason = error.params.get("address"), error.params.get("reason", "")
    if address is None:
        return error
    if error.code == "fetch_blocked":
        is_here = isinstance(house.wallet.means.transport, UnsafeLoopbackTransport)
        admits = house.settings.base_url if is_here else "https://"
        return Refused("peer_not_admitted", address=address, reason=reason, admits=admits)
    if error.code != "fetch_failed":
        return error
    if reason == "tls":
        return Unavailable("peer_tls_failed", address=address)
    return Unavailable("peer_unreached", address=address, reason=reason)


@wallet.command()
@click.argument("offer")
@click.option("--tx-code", help="Transaction code that came by another channel.")
@click.option("--copies", default=1, show_default=True, type=click.IntRange(1, 100), help="Copies to obtain.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def accept(
    *,
    offer: str,
    tx_code: str | None,
    copies: int,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Obtain what OFFER promises from a running issuer; verify it, then keep it."""
    with _calling(settings_file, data_dir) as house:
        held = house.wallet.accept(offer, tx_code=tx_code, copies=copies, browser=house.wallet.sign_in)
    _write_kept(held, as_json=as_json)


@wallet.command()
@click.argument("issuer")
@click.option("--type", "configurations", multiple=True, required=True, help="Configuration; repeatable.")
@click.option("--copies", default=1, show_default=True, type=click.IntRange(1, 100), help="Copies to obtain.")
@click.option(
    "--by-hand", is_flag=True, help="Sign in with a browser of your own: open an address, paste where it ends."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def ask(
    *,
    issuer: str,
    configurations: tuple[str, ...],
    copies: int,
    by_hand: bool,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Ask ISSUER (its credential issuer identifier) for what nobody offered.

    The authorization code flow: at the issuer's pages the holder identifies with the PID in this wallet, and
    approves. What comes is verified, then kept.
    """
    with _calling(settings_file, data_dir) as house:
        browser = _by_hand if by_hand else house.wallet.sign_in
        held = house.wallet.ask(issuer, configurations, browser=browser, copies=copies)
    _write_kept(held, as_json=as_json)


def _by_hand(address: str) -> str:
    """Let the person at the terminal sign in, and return the address that they were sent to."""
    click.echo(f"open in a browser:\n{printable(address)}", err=True)
    return str(click.prompt("the address to which it led in the end", err=True)).strip()


@wallet.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def resume(*, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Ask again for what issuers promised for later and is due now; say what is still to come."""
    with _calling(settings_file, data_dir) as house:
        held = house.wallet.resume()
        pending = [{"type": each.vct, "ask_at": each.ask_at} for each in house.wallet.pending()]
    _write_kept(held, as_json=as_json, pending=pending)


@wallet.command()
@click.argument("configuration", metavar="TYPE")
@click.option("--copies", default=1, show_default=True, type=click.IntRange(1, 100), help="Copies to obtain.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def renew(
    *, configuration: str, copies: int, as_json: bool, settings_file: str | None, data_dir: str | None
) -> None:
    """Obtain fresh copies of TYPE (a configuration) by the access that the issuer left with the wallet."""
    with _calling(settings_file, data_dir) as house:
        held = house.wallet.renew(configuration, copies=copies)
    _write_kept(held, as_json=as_json)


@wallet.command("sign-in")
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def sign_in(*, address: str, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Be the holder at ADDRESS, an authorization page of Portadoc's issuer, for a wallet or test of another.

    Identifies with the PID in this wallet, approves, and prints the address to which the browser is sent then.
    """
    with _calling(settings_file, data_dir) as house:
        left = house.wallet.sign_in(address)
    if as_json:
        write_json({"address": left})
    else:
        click.echo(printable(left))


def _write_kept(
    held: Sequence["HeldCredential"], *, as_json: bool, pending: Sequence[dict[str, Any]] | None = None
) -> None:
    rows = [{"id": each.id, "type": each.vct, "issuer": each.issuer} for each in held]
    if as_json:
        write_json({"credentials": rows} if pending is None else {"credentials": rows, "pending": pending})
        return
    for row in rows:
        click.echo(f"kept {row['id']}  {row['type']}  from {row['issuer']}")
    for each in pending or ():
        at = datetime.fromtimestamp(each["ask_at"], UTC).strftime("%Y-%m-%d %H:%M:%S")
        click.echo(f"still to come: {each['type']}, not before {at} UTC")


@wallet.command()
@click.argument("request")
@click.option("--yes", is_flag=True, help="Share without asking, unless an issuer does not want it.")
@click.option(
    "--save",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for what was presented, the nonce and the audience: the holder's own record.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; shares without asking.")
@settings_options
def present(
    *,
    request: str,
    yes: bool,
    folder: Path | None,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Answer REQUEST (an openid4vp: link) with the least that satisfies it."""
    with _calling(settings_file, data_dir) as house:
        preview = house.wallet.preview(request)
        shared = [_would_share(each) for each in preview.shared]
        if not as_json:
            _write_question(preview, shared)
        if yes or as_json:
            house.wallet.require_wanted(preview)
        elif not click.confirm("share this?"):
            house.wallet.decline(preview)
            raise click.exceptions.Exit(1)
        outcome = house.wallet.present(preview)
    if folder is not None:
        _save(folder, preview, outcome)
    if as_json:
        warnings = [{"code": each.code, "params": dict(each.params)} for each in preview.warnings]
        told = {"status": outcome.status, "redirect_uri": outcome.redirect_uri, "shared": shared}
        write_json({**told, "warnings": warnings})
        return
    click.echo("presented")
    if outcome.redirect_uri is not None:
        click.echo(printable(f"continue in the browser: {outcome.redirect_uri}"))


def _save(folder: Path, preview: "Preview", outcome: "PresentationOutcome") -> None:
    """Write what was sent and to whom, for the holder's eyes only."""
    asked = preview.request.request
    files = {"nonce.txt": asked.nonce, "audience.txt": asked.client_id}
    for query_id, texts in outcome.presentations.items():
        for place, text in enumerate(texts, 1):
            files[f"presentation-{query_id}{'' if place == 1 else f'-{place}'}.txt"] = text
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    click.echo(f"saved: {folder}", err=True)


def _would_share(shared: "SharedCredential") -> dict[str, Any]:
    """Return what a verifier would read and what it would not, as paths; no values."""
    from portadoc.formats.jws import unverified_claims
    from portadoc.formats.sd_jwt import parse, process

    held = parse(shared.credential.sd_jwt)
    closable = process(unverified_claims(held.jws_text), held.disclosures).disclosed
    hidden = [path for path in closable if path not in shared.disclosed]
    opened = set(shared.disclosed)
    return {
        "query": shared.query_id,
        "type": shared.credential.vct,
        "opened_up": [_path(path) for path in shared.disclosed],
        "readable": sorted(shared.claims),
        "in_any_case": sorted(name for name in shared.claims if (name,) not in opened),
        "hidden": [_path(path) for path in hidden],
    }


def _path(path: "ClaimPath") -> str:
    return "/".join(map(str, path))


def _write_question(preview: "Preview", shared: list[dict[str, Any]]) -> None:
    """Write who asks and what speaks against it, and what is opened up, readable in any case, and stays hidden."""
    asking = preview.request
    click.echo(printable(f"asked by {asking.verifier_id} ({asking.verifier_country or '-'})"))
    click.echo(printable(f"  calls itself {asking.request.client_id}"))
    for warning in preview.warnings:
        message = render(warning.code, warning.params)
        click.echo(printable(f"  warning: {message.text} {message.action}"))
    for item in asking.request.transaction_data:
        details = "; ".join(f"{name}: {text}" for name, text in item.details.items())
        click.echo(printable(f"  asks you to acknowledge {item.type} ({details})"))
    for each in shared:
        click.echo(printable(f"  {each['type']}"))
        for label, name in (
            ("opened up", "opened_up"),
            ("readable in any case", "in_any_case"),
            ("stays hidden", "hidden"),
        ):
            click.echo(printable(f"    {label + ':':<22}{', '.join(each[name]) or 'nothing'}"))


@wallet.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def list_held(*, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """List the credentials held."""
    with installation(settings_file, data_dir) as house:
        held = house.wallet.credentials()
    rows = [
        {"id": each.id, "type": each.vct, "issuer": each.issuer, "received_at": each.received_at} for each in held
    ]
    if as_json:
        write_json({"credentials": rows})
        return
    write_table(("id", "type", "issuer"), rows)


@wallet.command()
@click.argument("credential_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def show(*, credential_id: str, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Print the credential ID as an SD-JWT with all its disclosures, for portadoc verify - or inspect -.

    Whoever has the text can read every claim in it; the holder's key stays in the wallet.
    """
    with installation(settings_file, data_dir) as house:
        found = [each for each in house.wallet.credentials() if each.id == credential_id]
    if not found:
        raise Refused("credential_id_unknown")
    if as_json:
        write_json({"id": found[0].id, "type": found[0].vct, "sd_jwt": found[0].sd_jwt})
    else:
        click.echo(found[0].sd_jwt)
