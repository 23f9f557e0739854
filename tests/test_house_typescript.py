"""The house rules that a program can measure, for the inspector's TypeScript."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from portadoc.catalogue import FALLBACK, texts

ROOT = Path(__file__).resolve().parent.parent
ROOM = ROOT / "inspector"
LAYERS = (
    ("words",),
    ("scanner",),
    ("session",),
    ("scans",),
    ("visits",),
    ("offline",),
    ("parts",),
    ("screens", "visit_screens"),
    ("",),
)
"""The folders of the app, the lowest first: each imports from itself and those before it. The last is the top."""
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_LINE, MOST_MODULES = 400, 60, 115, 12

FUNCTION = re.compile(
    r"^(?P<indent>\s*)(?:"
    r"(?:export )?(?:async )?function\*? ?(?P<function>\w+)"
    r"|(?:export )?const (?P<constant>\w+)[^=]*= (?:async )?\(.*"
    r"|(?:(?:static|override|async|get|set) )*(?P<method>\*?#?(?!(?:if|for|while|switch|catch|return)\b)\w+)\(.*"
    r")"
)
IMPORT = re.compile(r"""(?:from |import\(|import )["'`](\.[^"'`]+)["'`]""")
FORBIDDEN = {
    "a default export": re.compile(r"^export default\b", re.MULTILINE),
    "any": re.compile(r"(?::|<|\bas|\|)\s*any\b(?!\s+\w)"),
    "a way around the types": re.compile(r"@ts-(?:ignore|nocheck)|eslint-disable"),
    "markup from text": re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInner"),
    "code from text": re.compile(r"\beval\(|new Function\("),
}


def sources() -> list[Path]:
    """Return what people wrote; what is generated says so in its folder, and is written by its own rules."""
    found = [*(ROOM / "core").rglob("*.ts"), *(ROOM / "app").rglob("*.ts*"), *ROOM.glob("bundling/*.ts")]
    return sorted(path for path in [*found, ROOM / "build.ts"] if "generated" not in path.parts)


def code(path: Path) -> str:
    """Return a source without its comments; what looks like one within quotation marks stays."""
    source = path.read_text(encoding="utf-8")
    quoted_or_comment = r"""("[^"\n]*"|'[^'\n]*'|`[^`]*`)|/\*.*?\*/|//[^\n]*"""
    return re.sub(quoted_or_comment, lambda found: found[1] or "", source, flags=re.DOTALL)


def name(path: Path) -> str:
    return path.relative_to(ROOM).as_posix()


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every function with its length: from its head to the brace that ends it, by the indentation."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        head = FUNCTION.match(line)
        if head is None:
            continue
        called = head["function"] or head["constant"] or head["method"]
        end = re.compile(rf"{head['indent']}(?:\}}\)?;?|\);)$")
        length = next((at for at, each in enumerate(lines[number:], 1) if end.match(each)), 1)
        opens = line.endswith(("{", "(")) or (head["function"] is not None and not line.endswith("}"))
        yield f"{name(path)}:{number + 1} {called}", length if opens else 1


def test_what_measures_functions_finds_them() -> None:
    found = {key.split(" ")[1]: size for path in sources() for key, size in functions(path)}
    assert len(found) > 500
    assert {"openedTrustPack", "Viewfinder", "verdictOf"} & set(found)
    assert max(found.values()) > 30


def test_no_function_is_over_60_lines() -> None:
    sizes = dict(pair for path in sources() for pair in functions(path) if "/tests/" not in pair[0])
    assert {each: size for each, size in sizes.items() if size > LONGEST_FUNCTION} == {}


def test_no_file_is_over_400_lines_and_no_line_over_115_characters() -> None:
    written = [*sources(), *(ROOM / "app/styles").glob("*.css")]
    contents = {name(path): path.read_text(encoding="utf-8").split("\n") for path in written}
    assert {each: len(lines) for each, lines in contents.items() if len(lines) > LONGEST_FILE + 1} == {}
    long = [
        f"{each}:{number}"
        for each, lines in contents.items()
        for number, line in enumerate(lines, 1)
        if len(line) > LONGEST_LINE
    ]
    assert long == []


def test_no_folder_holds_more_than_12_modules() -> None:
    folders: dict[str, int] = {}
    for path in sources():
        folders[name(path.parent)] = folders.get(name(path.parent), 0) + 1
    assert {folder: count for folder, count in folders.items() if count > MOST_MODULES} == {}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_stands_in_the_sources_that_opens_them_to_faults(what: str) -> None:
    assert [name(path) for path in sources() if FORBIDDEN[what].search(code(path))] == []


def imported(path: Path) -> Iterator[str]:
    """Yield what a source imports of its own room, as paths in it."""
    for found in IMPORT.findall(code(path)):
        target = (path.parent / found).resolve()
        if target.is_relative_to(ROOM):
            yield target.relative_to(ROOM).as_posix()


def test_the_core_knows_nothing_of_the_app() -> None:
    breaches = [
        (name(path), target)
        for path in sources()
        if name(path).startswith("core/")
        for target in imported(path)
        if not target.startswith("core/")
    ]
    assert breaches == []


def layer(module: str) -> int:
    folder = module.split("/")[1] if module.count("/") > 1 else ""
    return next(number for number, folders in enumerate(LAYERS) if folder in folders)


def test_the_app_imports_downward_only() -> None:
    """No folder leads up: what holds for visits or scans holds whatever shows them."""
    breaches = [
        (name(path), target)
        for path in sources()
        if name(path).startswith("app/") and "tests" not in path.parts
        for target in imported(path)
        if target.startswith("app/") and target.endswith((".ts", ".tsx")) and layer(target) > layer(name(path))
    ]
    assert breaches == []


def quoted(path: Path) -> Iterator[str]:
    """Yield the texts between quotation marks of any source that may name a key."""
    source = path.read_text(encoding="utf-8")
    source = code(path) if path.suffix in {".ts", ".tsx"} else source
    yield from re.findall(r'"([^"\n]*)"', source)
    yield from re.findall(r"'([^'\n]*)'", source)


def patterns(path: Path) -> Iterator[re.Pattern[str]]:
    """Yield the keys that a source makes out of parts, as what they match; each part that varies is a group."""
    source = path.read_text(encoding="utf-8")
    made = re.findall(r"`([a-z_]+\.[^`\n]*\$\{[^`\n]*)`", source)
    made += re.findall(r'f"([a-z_]+\.[^"\n]*\{[^"\n]*)"', source)
    for each in made:
        fixed = re.split(r"\$?\{[^{}]*\}", each)
        yield re.compile(r"([A-Za-z0-9_.]*)".join(map(re.escape, fixed)))


def is_made(key: str, made: Iterable[re.Pattern[str]], words: frozenset[str]) -> bool:
    """Tell whether a source makes a key out of parts, and the parts that vary are words of some source."""
    found = (pattern.fullmatch(key) for pattern in made)
    return any(set(re.findall(r"\w+", " ".join(each.groups()))) <= words for each in found if each)


def readers() -> list[Path]:
    """Return every source that may say a text of the catalogue: the app, pages and paper."""
    rooms = [ROOT / room for room in ("inspector", "issuer", "wallet_sim", "portadoc/catalogue", "verification")]
    others = [path for room in rooms for ending in ("py", "html", "js") for path in room.rglob(f"*.{ending}")]
    written = [path for path in others if not {"node_modules", "static"} & set(path.parts[:-2])]
    return [
        *(path for path in sources() if "tests" not in path.parts),
        *written,
        *ROOM.glob("core/generated/*.ts"),
    ]


def test_every_text_that_the_app_asks_for_is_there() -> None:
    keys = set(texts(FALLBACK).entries)
    families = {key.split(".")[0] for key in keys}
    asked = {
        (name(path), each)
        for path in sources()
        if name(path).startswith("app/") and not path.name.endswith(".test.ts")
        for each in re.findall(r'"([a-z_]+(?:\.[A-Za-z0-9_]+)+)"', code(path))
        if each.split(".")[0] in families
    }
    assert len(asked) > 150
    assert sorted(pair for pair in asked if pair[1] not in keys) == []


def test_every_text_of_the_catalogue_is_said_somewhere() -> None:
    reading = readers()
    said = {each for path in reading for each in quoted(path)}
    made = {pattern for path in reading for pattern in patterns(path)}
    coded = [*reading, *(ROOT / "verifier").rglob("*.py")]  # whose codes reach the app as well
    words = frozenset(word for path in coded for word in re.findall(r"\w+", code(path)))
    keys = texts(FALLBACK).entries
    assert [key for key in keys if key not in said and not is_made(key, made, words)] == []
