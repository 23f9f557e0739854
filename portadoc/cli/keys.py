"""``portadoc keys``: the key ring of an installation."""

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portadoc.cli.installation import read, settings_options
from portadoc.cli.output import write_json, write_table

if TYPE_CHECKING:
    from portadoc.keys.key_ring import KeyRing


@click.group()
def keys() -> None:
    """Make and list keys. Private keys stay in their files and are never printed."""


@keys.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def init(*, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Make keys and trust configuration of a development installation where there are none, as serve does."""
    ring = _ring(settings_file, data_dir, may_make=True)
    if as_json:
        write_json({"keys": len(ring.keys), "institutions": sorted(ring.index.institutions)})
    else:
        click.echo(f"{len(ring.keys)} keys for {len(ring.index.institutions)} institutions; next: portadoc serve")


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def list_keys(*, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """List the keys: institution, purpose, state, algorithm, end of validity, key id."""
    entries = [asdict(entry) for entry in _ring(settings_file, data_dir).keys]
    rows = [
        {name: entry[name] for name in ("institution", "purpose", "state", "alg", "not_after", "kid")}
        for entry in entries
    ]
    if as_json:
        write_json({"keys": rows})
        return
    for row in rows:
        end = row["not_after"]
        row["not_after"] = datetime.fromtimestamp(end, UTC).date().isoformat() if end else "-"
    write_table(("institution", "purpose", "state", "alg", "not_after", "kid"), rows)


@keys.command()
@click.argument("institution")
@click.argument("purpose")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def new(*, institution: str, purpose: str, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Make a new key of INSTITUTION for PURPOSE; the one in use until now is retired and stays known."""
    from portadoc.clock import SystemClock
    from portadoc.keys.purposes import KeyPurpose
    from portadoc.randomness import system_random_bytes

    if purpose not in (known := [each.value for each in KeyPurpose]):
        raise click.BadParameter(f"one of {', '.join(known)}", param_hint="PURPOSE")
    ring = _ring(settings_file, data_dir).new_key(
        institution, KeyPurpose(purpose), now=SystemClock().now(), random_bytes=system_random_bytes
    )
    entry = ring.keys[-1]
    if as_json:
        write_json({"institution": entry.institution, "purpose": entry.purpose, "kid": entry.kid})
    else:
        click.echo(f"made {entry.kid}; running servers take it up when they start again")


@keys.command()
@click.argument("institution")
@click.option("--registrar", required=True, help="Institution of the key ring that certifies.")
@click.option("--output", type=click.Path(dir_okay=False), help="File to write; standard output when left out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def registration(
    *,
    institution: str,
    registrar: str,
    output: str | None,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Make the registration certificate of INSTITUTION: all that it asks wallets.

    That is what the presets ask of the types it verifies, and identity data of who comes for what it issues.
    """
    from portadoc.clock import SystemClock
    from portadoc.serve.registrations import certified, registration_of, registry_of

    settings = read(settings_file, data_dir)
    known = settings.institutions
    if institution not in known:
        raise click.BadParameter(f"one of {', '.join(known)}", param_hint="INSTITUTION")
    ring = _ring(settings_file, data_dir)
    registered = registration_of(
        known[institution],
        registry_uri=registry_of(ring, registrar),
        now=SystemClock().now(),
        pid_types=settings.issuer_settings().pid_types,
    )
    certificate = certified(registered, ring, registrar)
    if output is not None:
        Path(output).write_text(certificate + "\n", encoding="ascii")
    if as_json:
        write_json({"certificate": certificate, "claims": registered.to_json()})
    elif output is None:
        click.echo(certificate)
    else:
        click.echo(f"registered {len(registered.credentials)} credential types; name the file in the settings")


def _ring(settings_file: str | None, data_dir: str | None, *, may_make: bool = False) -> "KeyRing":
    from portadoc.clock import SystemClock
    from portadoc.randomness import system_random_bytes
    from portadoc.serve.house import open_key_ring

    return open_key_ring(
        read(settings_file, data_dir),
        clock=SystemClock(),
        random_bytes=system_random_bytes,
        environment=dict(os.environ),
        may_make=may_make,
    )
