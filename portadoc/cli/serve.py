"""``portadoc serve``: all roles on one port."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from portadoc.cli.installation import read, settings_options

if TYPE_CHECKING:
    from portadoc.serve.settings import PortadocSettings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8700, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
@click.option("--base-url", help="Public origin; by default http://127.0.0.1 with the port.")
@settings_options
def serve(
    *,
    host: str,
    port: int,
    workers: int,
    base_url: str | None,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Serve issuer, verifier, wallet and pages until told to stop.

    In development the roles reach one another on this machine only, over plain HTTP.
    """
    from portadoc.serve.run import listen, serve_one
    from portadoc.web.logs import set_up_logging

    set_up_logging()
    with _until_told_to_stop():
        with listen(host, port) as listener:
            port = listener.getsockname()[1]
            settings = read(settings_file, data_dir, base_url=base_url or _origin(settings_file, data_dir, port))
            if workers == 1:
                serve_one(settings, listener, ready=lambda: _announce(settings))
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
    from portadoc.cli.installation import gather

    return None if "base_url" in gather(settings_file, data_dir).by_name else f"http://127.0.0.1:{port}"
