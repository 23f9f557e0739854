"""Two browsers for the pages: a plain one that reads forms and follows links, and Chromium where there is one."""

import base64
import contextlib
import http.client
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

import pytest

from portadoc.clock import SystemClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def tour_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A house of its own behind a real server."""
    listener = listen("127.0.0.1", 0)
    settings = PortadocSettings(
        base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", data_dir=tmp_path_factory.mktemp("house")
    )
    with (
        open_house(
            settings, clock=SystemClock(), random_bytes=system_random_bytes, environment=dict(os.environ)
        ) as house,
        serving(house, listener),
    ):
        yield settings.base_url


@dataclass
class Form:
    """A form as a browser would send it: the fields, and every button that submits it."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """What the tests look at in a page; void elements and nesting are checked on the way."""

    VOID = frozenset({"meta", "link", "img", "input", "br", "hr", "path", "rect"})

    def __init__(self, status: int, url: str, headers: dict[str, str], html: str) -> None:
        super().__init__()
        self.status, self.url, self.headers, self.html = status, url, headers, html
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.lang = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], self._open

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if tag not in self.VOID:
            self._open.append(tag)
        match tag:
            case "html":
                self.lang = values["lang"]
            case "form":
                self.forms.append(Form(values["action"], values["method"]))
            case "input":
                self.forms[-1].fields[values["name"]] = values.get("value", "")
            case "button":
                self.forms[-1].buttons.append(values)
            case "a":
                self.links.append(values["href"])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}>"

    def handle_data(self, data: str) -> None:
        self.text += data


class PlainBrowser:
    """A browser without scripts: cookies by path, redirects followed, Fetch Metadata as a browser sends it."""

    def __init__(self, base_url: str, *, language: str = "en", site: str = "same-origin") -> None:
        self.base_url, self.language, self.site = base_url, language, site
        self.cookies: dict[tuple[str, str], str] = {}
        self.raw_cookies: list[str] = []

    def open(self, target: str) -> Page:
        return self._request("GET", urljoin(self.base_url, target), {}, None)

    def submit(self, page: Page, *, form: int = 0, button: int = 0, **fields: str) -> Page:
        chosen = page.forms[form]
        assert chosen.method == "post"
        values = {**chosen.fields, **fields}
        if "name" in chosen.buttons[button]:
            values[chosen.buttons[button]["name"]] = chosen.buttons[button]["value"]
        url = urljoin(page.url, chosen.action)
        return self._request(
            "POST", url, {"content-type": "application/x-www-form-urlencoded"}, urlencode(values).encode()
        )

    def _request(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Page:
        for _ in range(5):
            parts = urlsplit(url)
            connection = http.client.HTTPConnection(parts.netloc, timeout=30)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body=body, headers={**self._headers(parts.path), **headers})
            response = connection.getresponse()
            html = response.read().decode("utf-8")
            answer = {name.lower(): value for name, value in response.getheaders()}
            connection.close()
            self._keep_cookies(answer)
            if response.status != 303:
                return Page(response.status, url, answer, html)
            url, method, body, headers = urljoin(url, answer["location"]), "GET", None, {}
        raise AssertionError("too many redirects")

    def _headers(self, path: str) -> dict[str, str]:
        fitting = [f"{name}={value}" for (name, where), value in self.cookies.items() if path.startswith(where)]
        sent = {"accept": "text/html", "accept-language": self.language, "sec-fetch-site": self.site}
        return {**sent, "cookie": "; ".join(fitting)} if fitting else sent

    def _keep_cookies(self, answer: dict[str, str]) -> None:
        if "set-cookie" in answer:
            self.raw_cookies.append(answer["set-cookie"])
            for name, morsel in SimpleCookie(answer["set-cookie"]).items():
                self.cookies[name, morsel["path"]] = morsel.value


# Chromium reads commands from descriptor 3 and writes answers to descriptor 4.
_LAUNCH = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for place, end in zip((3, 4), ends):
    os.dup2(end, place)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Chromium:
    """Headless Chromium, driven over a pipe. It starts with an empty profile and no background services."""

    FLAGS = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--remote-debugging-pipe",
        "--hide-scrollbars",
    )

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM is not None
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        launch = [sys.executable, "-c", _LAUNCH, str(to_read), str(to_write)]
        self._process = subprocess.Popen(
            [*launch, CHROMIUM, *self.FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._buffer = b""
        self._numbers = itertools.count(1)
        self._session: str | None = None
        self.requested: list[str] = []
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, /, **params: object) -> dict:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            read = self._receive()
            if read.get("id") == number:
                assert "error" not in read, read["error"]
                return read["result"]

    def wait_for(self, event: str) -> None:
        while self._receive().get("method") != event:
            pass

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def run(self, script: str) -> object:
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def click(self, selector: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).click()")
        self.wait_for("Page.loadEventFired")

    def look(self, *, width: int, height: int = 900, scheme: str = "light", scale: float = 1) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=False,
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, file: Path) -> None:
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._session = None
        with contextlib.suppress(OSError, AssertionError):
            self.call("Browser.close")
        self._process.wait(timeout=20)
        os.close(self._to)
        os.close(self._from)

    def _receive(self) -> dict:
        while b"\0" not in self._buffer:
            assert select.select([self._from], [], [], 30)[0], "Chromium does not answer"
            read = os.read(self._from, 65536)
            assert read, "Chromium has gone"
            self._buffer += read
        raw, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(raw)
        params = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requested.append(params["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(params["args"]))
        return message


@pytest.fixture
def browser(tour_url: str) -> PlainBrowser:
    return PlainBrowser(tour_url)


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Chromium]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: pages were not rendered in a real browser")
    running = Chromium(tmp_path / "profile")
    yield running
    running.close()
