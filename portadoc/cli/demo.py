"""``portadoc demo``: the whole path, watched."""

import sys
import tempfile
from pathlib import Path

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def demo(*, as_json: bool) -> None:
    """Watch an A1 and a health card being issued, presented, withdrawn and refused, over real HTTP.

    Everything happens on this machine with throw-away keys, in a folder that is deleted at the end.
    """
    from portadoc.cli.output import write_json
    from portadoc.demo.show import Terminal
    from portadoc.demo.show import as_json as tale_as_json
    from portadoc.demo.story import tell_story

    terminal = Terminal(colour=sys.stdout.isatty())
    if not as_json:
        click.echo("  portadoc demo   TEST DATA, throw-away keys, not for real use")
    with tempfile.TemporaryDirectory(prefix="portadoc-demo-") as directory:
        tale = tell_story(
            Path(directory),
            tell=_quiet if as_json else terminal.tell,
            show_offer=_quiet if as_json else terminal.show_offer,
            show_result=_quiet if as_json else terminal.show_result,
            show_hostile=_quiet if as_json else terminal.show_hostile,
        )
    if as_json:
        write_json(tale_as_json(tale))
    else:
        terminal.conclude(tale)
    sys.exit(0 if tale.ok else 1)


def _quiet(*_: object) -> None:
    pass
