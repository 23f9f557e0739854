"""The commands of docs/authentic-source.md do what the page says, in the order of the page."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from portadoc.clock import SystemClock
from portadoc.formats import strict_json
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import EXAMPLES, example
from portadoc.serve.house import open_house
from portadoc.serve.run import listen, server_for
from portadoc.serve.settings import gather_settings, read_settings

ROOT = Path(__file__).resolve().parents[4]
GUIDE = (ROOT / "docs" / "authentic-source.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def run(command: str, folder: Path) -> str:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "no_proxy": "127.0.0.1"}
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


@pytest.mark.slow
def test_the_commands_of_the_guide_run(tmp_path: Path) -> None:
    listener = listen("127.0.0.1", 0)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    (script,), (settings,) = blocks("python"), blocks("toml")
    (tmp_path / "source.py").write_text(script.replace("http://127.0.0.1:8700", origin), encoding="utf-8")
    make_key, *commands = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]
    jwk = run(make_key, tmp_path)
    told = re.sub(r"^jwk = .*\n", lambda _: jwk, settings, flags=re.MULTILINE)
    (tmp_path / "portadoc.toml").write_text(f'base_url = "{origin}"\ndata_dir = "{tmp_path}/data"\n{told}')
    chosen = read_settings(gather_settings(tmp_path / "portadoc.toml", environment={}))
    said: dict[str, Any] = {}
    with open_house(chosen, clock=SystemClock(), random_bytes=system_random_bytes, environment={}) as house:
        server = server_for(house)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            for command in commands:
                said[command] = run(command, tmp_path)
        finally:
            server.should_exit = True
            thread.join()
            listener.close()
    asked = {line: strict_json.loads_object(text.encode(), what="answer") for line, text in said.items() if text}
    assert len(asked) == 13
    old = asked["python source.py GET records/case-1"]
    assert (old["state"], old["successor"]) == ("superseded", "case-2")
    assert [act["verb"] for act in old["history"]] == ["reissue", "correct"]
    assert asked["python source.py POST records/case-2/withdrawals withdrawal.json"]["state"] == "withdrawn"
    prolonged, replaced = (
        asked[f"python source.py POST records/{path}.json"]
        for path in ("case-3/prolongations prolongation", "case-4/replacements replacement")
    )
    assert (prolonged["predecessor"], replaced["predecessor"]) == ("case-3", "case-4")
    assert asked["python source.py PUT expected/case-6 expected.json"]["state"] == "pending"
    assert asked["python source.py PUT records/case-6 record.json"]["state"] == "in_force"


def test_the_guide_names_every_kind_of_record_by_its_example() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ((?:`[\w-]+`(?:, )?)+) \|", GUIDE, re.MULTILINE)
    named = {name: kind for kind, names in rows for name in re.findall(r"`([\w-]+)`", names)}
    assert named == {name: example(name).KIND for name in EXAMPLES}


def test_the_guide_names_every_verb_and_no_other() -> None:
    verbs = re.findall(r"^\| `([a-z]+)` \|", GUIDE.partition("| verb |")[2].partition("\n\n")[0], re.MULTILINE)
    (listed,) = re.findall(r"^verbs = \[(.*)\]$", GUIDE, re.MULTILINE)
    assert verbs == re.findall(r'"([a-z]+)"', listed)
