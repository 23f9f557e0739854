"""``portadoc config``: which settings are in force, where they came from, whether they hold."""

import os

import click

from portadoc.cli.installation import gather, read, settings_options
from portadoc.cli.output import write_json


@click.group()
def config() -> None:
    """Show and check settings."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def show(*, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Show what was set and where: settings file, environment or command line; the rest are defaults."""
    from portadoc.serve.settings import known_settings

    made = {name: (value, source) for name, value, source in gather(settings_file, data_dir).explain()}
    rows = [{"name": name, "value": made[name][0], "source": made[name][1]} for name in sorted(made)] + [
        {"name": name, "value": default, "source": "default"}
        for name, (default, _) in known_settings().items()
        if name not in made and "*" not in name
    ]
    if as_json:
        write_json({"settings": rows})
        return
    for row in rows:
        click.echo(f"{row['name']:<36}{row['value']!s:<32}{row['source']}")


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def check(*, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Check settings, their relations, the passphrase and every key; exit code 4 names what has to be mended."""
    from portadoc.clock import SystemClock
    from portadoc.randomness import system_random_bytes
    from portadoc.schemas.profiles import Mode
    from portadoc.serve.house import installed_origin, open_key_ring

    settings = read(settings_file, data_dir)
    keys = 0
    if settings.mode == Mode.PRODUCTION or installed_origin(settings.data_dir):
        ring = open_key_ring(
            settings,
            clock=SystemClock(),
            random_bytes=system_random_bytes,
            environment=dict(os.environ),
            may_make=False,
        )
        ring.check()
        keys = len(ring.keys)
    if as_json:
        write_json(
            {"ok": True, "mode": settings.mode, "institutions": sorted(settings.institutions), "keys": keys}
        )
    else:
        click.echo(
            f"ok: {settings.mode}, {len(settings.institutions)} institutions, {settings.base_url}, {keys} keys"
        )
