"""``portadoc config``: which settings are in force, where they came from, whether they hold."""

import os
from typing import TYPE_CHECKING

import click

from portadoc.cli.installation import gather, read, settings_options
from portadoc.cli.output import write_json, write_table

if TYPE_CHECKING:
    from portadoc.keys.key_ring import KeyRing
    from portadoc.serve.settings import PortadocSettings


@click.group()
def config() -> None:
    """Show and check settings."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def show(*, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Show what was set and where: settings file, environment or command line; the rest are defaults."""
    from portadoc.serve.settings import DEMO_INSTITUTIONS, known_settings

    made = {name: (value, source) for name, value, source in gather(settings_file, data_dir).explain()}
    rows = [{"name": name, "value": made[name][0], "source": made[name][1]} for name in sorted(made)] + [
        {"name": name, "value": default, "source": "default"}
        for name, (default, _) in known_settings().items()
        if name not in made and "*" not in name
    ]
    if not any(name.startswith("institutions.") for name in made):
        rows += [
            {"name": f"institutions.{slug}.{name}", "value": value, "source": "default"}
            for slug, each in DEMO_INSTITUTIONS.items()
            for name, value in each.items()
        ]
    if as_json:
        write_json({"settings": rows})
    else:
        write_table(("name", "value", "source"), [{**row, "value": _spelled(row["value"])} for row in rows])


def _spelled(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def check(*, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Check settings, their relations, the passphrase, every key, and the papers of institutions that verify.

    Lists the presets that each institution may ask: those that fit the types it verifies and its registration
    certificate. Exit code 4 names what has to be mended.
    """
    settings = read(settings_file, data_dir)
    ring = _key_ring(settings)
    asking = _askable_presets(settings, ring)
    keys = 0 if ring is None else len(ring.keys)
    if as_json:
        names = sorted(settings.institutions)
        write_json({"ok": True, "mode": settings.mode, "institutions": names, "keys": keys, "may_ask": asking})
        return
    click.echo(f"ok: {settings.mode}, {len(settings.institutions)} institutions, {settings.base_url}, {keys} keys")
    for slug, presets in asking.items():
        click.echo(f"{slug} may ask: {', '.join(presets) or 'no preset'}")


def _key_ring(settings: "PortadocSettings") -> "KeyRing | None":
    """Return the key ring, every key of it checked; None where a development installation has none yet."""
    from portadoc.clock import SystemClock
    from portadoc.randomness import system_random_bytes
    from portadoc.schemas.profiles import Mode
    from portadoc.serve.house import installed_origin, open_key_ring

    if settings.mode != Mode.PRODUCTION and not installed_origin(settings.data_dir):
        return None
    ring = open_key_ring(
        settings,
        clock=SystemClock(),
        random_bytes=system_random_bytes,
        environment=dict(os.environ),
        may_make=False,
    )
    ring.check()
    return ring


def _askable_presets(settings: "PortadocSettings", ring: "KeyRing | None") -> dict[str, list[str]]:
    """Return the presets that each verifying institution may ask. Raises Misconfigured[paper_unusable]."""
    from portadoc.clock import SystemClock
    from portadoc.keys.purposes import KeyPurpose
    from portadoc.verification.presets.presets import PRESETS
    from portadoc.verifier.papers import read_papers, read_registration
    from portadoc.verifier.questions import may_ask

    verifier, now, asking = settings.verifier_settings(), SystemClock().now(), {}
    for each in verifier.institutions:
        registration = None
        if ring is not None:
            signer = ring.signer(each.slug, KeyPurpose.REQUEST)
            papers = read_papers(each, signer=signer, now=now, skew_s=verifier.clock_skew_s)
            registration = papers.registration
        elif each.registration_certificate:
            _, registration = read_registration(each, now=now, skew_s=verifier.clock_skew_s)
        types = each.registered_types
        asking[each.slug] = [
            name
            for name, preset in PRESETS.items()
            if may_ask(preset, registered_types=types, registration=registration)
        ]
    return asking
