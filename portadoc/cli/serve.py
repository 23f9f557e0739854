"""``portadoc serve``: all roles on one port."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from portadoc.cli.installation import gather, read, settings_options

if TYPE_CHECKING:
    from portadoc.serve.settings import PortadocSettings
    from portadoc.serve.tls.lan import LanServer
    from portadoc.serve.tls.server_certificate import ServerTls

_OWN_ADDRESS: Final = "auto"
_PORT: Final = 8700
_LAN_FOLDER: Final = ".portadoc-lan"
_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on (default: that of base_url in the settings where it is on this machine, else 8700).",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
@click.option(
    "--public-url",
    metavar="ORIGIN",
    help="Origin that wallets and browsers see, in every address that is published: https://issuer.example "
    "(default: that of the settings, else http://127.0.0.1 with the port).",
)
@click.option("--tls-certificate", type=_FILE, help="Serve HTTPS by itself: chain in PEM, leaf first.")
@click.option("--tls-key", type=_FILE, help="The key of --tls-certificate in PEM, readable by its owner only.")
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
    port: int | None,
    workers: int,
    public_url: str | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    lan: str | None,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Serve issuer, verifier, wallet and pages until told to stop.

    Without more, the roles reach one another on this machine only, over plain HTTP. With --public-url wallets on
    phones reach them: through a proxy with TLS, or by TLS of the server itself (--tls-certificate, --tls-key).
    With --lan phones on the same network reach them by HTTPS at this machine's address. Management stays on this
    machine in any case.
    """
    from portadoc.serve.run import listen, serve_one
    from portadoc.web.logs import set_up_logging

    set_up_logging()
    files = _together(tls_certificate, tls_key)
    if lan is not None:
        _require_alone(host=host, workers=workers, decided=public_url or files)
        with _until_told_to_stop():
            _serve_lan(lan, _PORT if port is None else port, settings_file, data_dir)
        return
    if port is None:
        port = _PORT if public_url else _own_port(settings_file, data_dir)
    with _until_told_to_stop():
        with listen(host, port) as listener:
            port = listener.getsockname()[1]
            settings = read(settings_file, data_dir, base_url=public_url or _origin(settings_file, data_dir, port))
            tls = _server_certificate(files, settings)
            if workers == 1:
                serve_one(settings, [listener], ready=lambda: _announce(settings, f"{host}:{port}"), tls=tls)
                return
        from portadoc.serve.workers import serve_many

        serve_many(
            settings,
            host=host,
            port=port,
            workers=workers,
            settings_file=settings_file,
            ready=lambda: _announce(settings, f"{host}:{port}"),
            tls=tls,
        )


def _own_port(settings_file: str | None, data_dir: str | None) -> int:
    """Return the port of the origin that is set, if it is on this machine and without TLS, else the usual one."""
    from urllib.parse import urlsplit

    from portadoc.fetch import is_loopback_host

    known = gather(settings_file, data_dir).by_name
    try:
        origin = urlsplit(str(known["base_url"].value) if "base_url" in known else "")
        is_here = origin.scheme == "http" and is_loopback_host(origin.hostname or "")
        return (origin.port if is_here else None) or _PORT
    except ValueError:
        return _PORT  # reading the settings says what is wrong with it


def _together(certificate: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    """Return both files, or None for neither. Raises click.UsageError for one without the other."""
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise click.UsageError("--tls-certificate and --tls-key belong together.")
    return certificate, key


def _server_certificate(files: tuple[Path, Path] | None, settings: "PortadocSettings") -> "ServerTls | None":
    """Return what serves the origin by TLS, None where somebody else does or nobody. Raises click.UsageError.

    Raises Misconfigured as ``open_server_certificate`` does.
    """
    from urllib.parse import urlsplit

    from portadoc.clock import SystemClock
    from portadoc.serve.tls.server_certificate import open_server_certificate

    if files is None:
        return None
    origin = urlsplit(settings.base_url)
    if origin.scheme != "https" or origin.hostname is None:
        raise click.UsageError("--tls-certificate needs the origin that it is for: --public-url https://HOST.")
    return open_server_certificate(*files, host=origin.hostname, now=SystemClock().now())


def _require_alone(*, host: str, workers: int, decided: object) -> None:
    """Refuse options beside --lan that it decides by itself. Raises click.UsageError."""
    if host != "127.0.0.1" or decided:
        raise click.UsageError(
            "--lan says where to listen, what the origin is and by which certificate: leave out --host, "
            "--public-url, --tls-certificate and --tls-key."
        )
    if workers != 1:
        raise click.UsageError("--lan serves with one process: it listens twice, for phones and for this machine.")


def _serve_lan(wish: str, port: int, settings_file: str | None, data_dir: str | None) -> None:
    from portadoc.clock import SystemClock
    from portadoc.randomness import system_random_bytes
    from portadoc.serve.house import passphrase_of
    from portadoc.serve.run import listen_on_lan, serve_one
    from portadoc.serve.tls.lan import open_lan, own_address

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


def _announce(settings: "PortadocSettings", listening: str | None = None) -> None:
    """Say where it is served and by which profile; called when it has been opened and connections are taken."""
    from portadoc.schemas.profiles import Mode

    told = f"data in {settings.data_dir}, {settings.mode}, {settings.profile}"
    click.echo(f"Portadoc on {settings.base_url}/  ({told})", err=True)
    if listening is not None and not settings.base_url.endswith(f"://{listening}"):
        click.echo(f"Listening on {listening}: requests to {settings.base_url} have to arrive there.", err=True)
    if settings.mode == Mode.DEVELOPMENT:
        click.echo("Development: demo institutions, keys of this machine that nobody else believes.", err=True)


def _origin(settings_file: str | None, data_dir: str | None, port: int) -> str | None:
    """Return the origin to use when nobody has set one: this machine with the port that was taken.

    Keys that were made for another port then say so, since their certificates name the origin.
    """
    return None if "base_url" in gather(settings_file, data_dir).by_name else f"http://127.0.0.1:{port}"
