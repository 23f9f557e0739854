"""``portadoc serve``: all roles on one port."""

import click

from portadoc.cli.installation import read, settings_options


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
    with listen(host, port) as listener:
        port = listener.getsockname()[1]
        settings = read(settings_file, data_dir, base_url=base_url or _origin(settings_file, data_dir, port))
        click.echo(f"Portadoc on {settings.base_url}/  (data in {settings.data_dir}, {settings.mode})", err=True)
        if settings.mode == "development":
            click.echo("Development: demo institutions, keys of this machine, calls to itself only.", err=True)
        if workers == 1:
            serve_one(settings, listener)
            return
    from portadoc.serve.workers import serve_many

    serve_many(settings, host=host, port=port, workers=workers, settings_file=settings_file)


def _origin(settings_file: str | None, data_dir: str | None, port: int) -> str | None:
    """Return the origin to use when nobody has set one: this machine with the port that was taken.

    Keys that were made for another port then say so, since their certificates name the origin.
    """
    from portadoc.cli.installation import gather

    return None if "base_url" in gather(settings_file, data_dir).by_name else f"http://127.0.0.1:{port}"
