"""``portadoc serve``: all roles on one port."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import click

from portadoc.cli.installation import gather, read, settings_options

if TYPE_CHECKING:
    from portadoc.serve.lan import LanServer
    from portadoc.serve.settings import PortadocSettings

_OWN_ADDRESS: Final = "auto"
_LAN_FOLDER: Final = ".portadoc-lan"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8700, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
@click.option("--base-url", help="Public origin; by default http://127.0.0.1 with the port.")
@click.option(
    "--lan",
    is_flag=False,
    flag_value=_OWN_ADDRESS,
    metavar="[ADDRESS]",
    help="HTTPS on the local network, for phones, under an authority of this installation's own.",
)
@settings_options
def serve(
    *,
    host: str,
    port: int,
    workers: int,
    base_url: str | None,
    lan: str | None,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Serve issuer, verifier, wallet and pages until told to stop.

    In development the roles reach one another on this machine only, over plain HTTP. With --lan phones reach them
    by HTTPS at this machine's address; management stays on this machine.
    """
    from portadoc.serve.run import listen, serve_one
    from portadoc.web.logs import set_up_logging

    set_up_logging()
    if lan is not None:
        _require_alone(host=host, workers=workers, base_url=base_url)
        with _until_told_to_stop():
            _serve_lan(lan, port, settings_file, data_dir)
        return
    with _until_told_to_stop():
        with listen(host, port) as listener:
            port = listener.getsockname()[1]
            settings = read(settings_file, data_dir, base_url=base_url or _origin(settings_file, data_dir, port))
            if workers == 1:
                serve_one(settings, [listener], ready=lambda: _announce(settings))
                return
        from portadoc.serve.workers import serve_many

        serve_many(
            settings,
            host=host,
            port=port,
            workers=workers,
            settings_file=settings_file,
            ready=lambda: _announce(settings),
        )


def _require_alone(*, host: str, workers: int, base_url: str | None) -> None:
    """Refuse options beside --lan that it decides by itself. Raises click.UsageError."""
    if host != "127.0.0.1" or base_url is not None:
        raise click.UsageError(
            "--lan says where to listen and what the origin is: leave out --host and --base-url."
        )
    if workers != 1:
        raise click.UsageError("--lan serves with one process: it listens twice, for phones and for this machine.")


def _serve_lan(wish: str, port: int, settings_file: str | None, data_dir: str | None) -> None:
    from portadoc.clock import SystemClock
    from portadoc.randomness import system_random_bytes
    from portadoc.serve.house import passphrase_of
    from portadoc.serve.lan import open_lan, own_address
    from portadoc.serve.run import listen_on_lan, serve_one

    address = own_address() if wish == _OWN_ADDRESS else wish
    if data_dir is None and "data_dir" not in gather(settings_file, None).by_name:
        data_dir = _LAN_FOLDER  # keys name their origin, so those of http://127.0.0.1 are of no use here
    settings = read(settings_file, data_dir)
    lan = open_lan(
        settings.data_dir,
        address=address,
        passphrase=passphrase_of(settings, dict(os.environ)),
        clock=SystemClock(),
        random_bytes=system_random_bytes,
    )
    with listen_on_lan(lan.address, port) as listeners:
        origin = lan.origin(listeners[0].getsockname()[1])
        settings = read(settings_file, data_dir, base_url=origin)
        serve_one(settings, listeners, lan=lan, ready=lambda: _announce_lan(settings, lan))


def _announce_lan(settings: "PortadocSettings", lan: "LanServer") -> None:
    """Say where phones find the app and how they come to trust this machine."""
    import segno

    _announce(settings)
    app = f"{settings.base_url}/inspect/"
    click.echo(f"\nThe inspector app, for a phone on the same network: {app}\n", err=True)
    segno.make(app, error="m", micro=False).terminal(out=sys.stderr, compact=True)
    click.echo(
        f"""
The phone has to trust this installation's own authority, once:
  file         {lan.authority_file}
  or download  {app}lan-ca.pem  (the phone will warn; go on, for this one file)
  SHA-256      {lan.fingerprint}
Compare the SHA-256 on the phone with the one above before you install it.
  Android      Settings, Security, Encryption and credentials, Install a certificate, CA certificate
  iPhone       open the file, then Settings, General, VPN and Device Management, Install;
               then Settings, General, About, Certificate Trust Settings, switch it on
It vouches for local addresses only. Take it off the phone again when you no longer need it.""",
        err=True,
    )


@contextmanager
def _until_told_to_stop() -> Iterator[None]:
    """Let the block run until Ctrl-C or SIGTERM, which end it in order: files closed, exit code 0."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)
    click.echo("Stopped", err=True)


def _announce(settings: "PortadocSettings") -> None:
    """Say where it is served; called when the installation has been opened and connections are taken."""
    from portadoc.schemas.profiles import Mode

    click.echo(f"Portadoc on {settings.base_url}/  (data in {settings.data_dir}, {settings.mode})", err=True)
    if settings.mode == Mode.DEVELOPMENT:
        click.echo("Development: demo institutions, keys of this machine, calls to itself only.", err=True)


def _origin(settings_file: str | None, data_dir: str | None, port: int) -> str | None:
    """Return the origin to use when nobody has set one: this machine with the port that was taken.

    Keys that were made for another port then say so, since their certificates name the origin.
    """
    return None if "base_url" in gather(settings_file, data_dir).by_name else f"http://127.0.0.1:{port}"
