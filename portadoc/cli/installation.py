"""What commands that work on an installation share: its settings, and its services opened in process."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from portadoc.config import Settings
    from portadoc.serve.house import House
    from portadoc.serve.settings import PortadocSettings


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options by which a command finds its installation."""
    file = click.option(
        "--config",
        "settings_file",
        type=click.Path(exists=True, dir_okay=False),
        envvar="PORTADOC_SETTINGS_FILE",
        help="Settings file; portadoc.toml of the working folder when there is one.",
    )
    folder = click.option("--data-dir", help="Folder of database, keys and simulated wallet.")
    return file(folder(command))


def gather(settings_file: str | None, data_dir: str | None, **more: Any) -> "Settings":
    """Return what was set where, the command line last."""
    from portadoc.serve.settings import gather_settings

    command_line = {name: value for name, value in {"data_dir": data_dir, **more}.items() if value is not None}
    file = Path(settings_file) if settings_file else None
    return gather_settings(file, environment=os.environ, command_line=command_line)


def read(settings_file: str | None, data_dir: str | None, **more: Any) -> "PortadocSettings":
    """Return checked settings; an origin that nobody set is the one that the folder's keys were made for.

    Raises Misconfigured.
    """
    from portadoc.serve.house import installed_origin
    from portadoc.serve.settings import read_settings

    gathered = gather(settings_file, data_dir, **more)
    settings = read_settings(gathered)
    if "base_url" in gathered.by_name:
        return settings
    origin = installed_origin(settings.data_dir)
    return read_settings(gather(settings_file, data_dir, **more, base_url=origin)) if origin else settings


@contextmanager
def installation(
    settings_file: str | None, data_dir: str | None, *, profile: str | None = None
) -> Iterator["House"]:
    """Yield the services of an installation that is there, in this process; ``profile`` other than it is set.

    Raises Misconfigured.
    """
    from portadoc.clock import SystemClock
    from portadoc.randomness import system_random_bytes
    from portadoc.serve.house import open_house
    from portadoc.serve.tls.lan import own_lan

    settings = read(settings_file, data_dir, profile=profile)
    lan = own_lan(settings.data_dir, settings.base_url)
    with open_house(
        settings,
        clock=SystemClock(),
        random_bytes=system_random_bytes,
        environment=dict(os.environ),
        ca_file=str(lan.authority_file) if lan else None,
        own_address=lan.address if lan else None,
        may_make=False,
    ) as house:
        yield house


def require_verifier(house: "House", institution: str) -> None:
    """Refuse a slug that no verifying institution of the installation has. Raises click.BadParameter."""
    known = [each.slug for each in house.verifier.settings.institutions]
    if institution not in known:
        raise click.BadParameter(f"one of {', '.join(known) or 'none'}", param_hint="INSTITUTION")
