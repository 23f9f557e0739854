"""The files and templates of a package of pages, and how a browser gets them."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from portadoc.errors import Refused

MARK: Final = "mark.svg"
"""The mark of the house, which every role's pages show."""
_MAX_AGE_S: Final = 86_400
_HERE: Final = "portadoc.web.pages"


class PageFiles:
    """The static files of ``package``, served under ``path``: media types by name, and the mark of the house.

    ``made`` holds the content of files that are made elsewhere and stand in no folder of the package.
    """

    def __init__(
        self,
        package: str,
        *,
        path: str,
        media_types: Mapping[str, str],
        made: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        self._package, self._path, self._made = package, path, made
        self._media_types = {**media_types, MARK: "image/svg+xml"}
        self._bytes = cache(self._read)

    def static_file(self, name: str) -> Response:
        """Return a file that the pages use. Raises Refused[not_found]."""
        if name not in self._media_types:
            raise Refused("not_found")
        headers = {"Cache-Control": f"max-age={_MAX_AGE_S}"}
        return Response(self._bytes(name), headers=headers, media_type=self._media_types[name])

    def address(self, name: str) -> str:
        """Return the address of a file; it changes with the content, so a browser never shows an old one."""
        return f"{self._path}/{name}?v={hashlib.sha256(self._bytes(name)).hexdigest()[:12]}"

    def _read(self, name: str) -> bytes:
        package = _HERE if name == MARK else self._package
        return self._made.get(name) or (resources.files(package) / "static" / name).read_bytes()


@cache
def templates_of(package: str) -> Environment:
    """Return the templates of a package: values are escaped, and a name that is not given is an error."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )


def load_templates(package: str) -> None:
    """Read every template of a package now, so that what runs needs none of the files any more."""
    templates = templates_of(package)
    for name in templates.list_templates(extensions=["html"]):
        templates.get_template(name)
