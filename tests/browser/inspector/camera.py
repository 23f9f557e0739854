"""A fake camera: what it sees is drawn as a video file, which Chromium plays in a loop in place of a device.

A page in the hand is never straight, sharp or evenly lit: each symbol is turned, blurred and covered with noise.
Uncompressed YUV4MPEG2, written at test time and never kept.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import segno
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Playwright

from tests.browser.inspector.running import camera_flags, launch

WIDTH, HEIGHT, FRAMES_A_SECOND = 1280, 720, 30
_PAPER = 232
_INK = 24


@dataclass(frozen=True)
class Shot:
    """How a symbol stands before the camera: pixels of a module, degrees, blur in pixels, strength of noise."""

    pixels: float = 5.0
    degrees: float = 4.0
    blur: float = 1.2
    noise: int = 12


def picture(text: str, shot: Shot = Shot(), *, seed: int = 1) -> Image.Image:
    """Return what the camera sees of one symbol (level M), in grey."""
    symbol = segno.make(text, error="m", micro=False, boost_error=False)
    modules = symbol.symbol_size(border=4)[0]
    drawn = Image.new("L", (modules, modules), _PAPER)
    drawn.putdata([_INK if dark else _PAPER for row in symbol.matrix_iter(border=4) for dark in row])
    side = min(round(modules * shot.pixels), HEIGHT - 8)
    large = drawn.resize((side, side), Image.Resampling.NEAREST)
    scene = Image.new("L", (WIDTH, HEIGHT), 150)
    scene.paste(large, ((WIDTH - side) // 2, (HEIGHT - side) // 2))
    scene = scene.rotate(shot.degrees, Image.Resampling.BILINEAR, fillcolor=150)
    scene = scene.filter(ImageFilter.GaussianBlur(shot.blur))
    return _noisy(scene, shot.noise, seed)


def side_by_side(one: str, other: str, shot: Shot = Shot()) -> Image.Image:
    """Return a picture of two symbols at once."""
    scene = Image.new("L", (WIDTH, HEIGHT), 150)
    for at, text in enumerate((one, other)):
        half = WIDTH // 2
        left = (WIDTH - HEIGHT) // 2 + (HEIGHT - half) // 2
        scene.paste(picture(text, shot, seed=at).crop((left, 0, left + half, HEIGHT)), (half * at, 0))
    return scene


def nothing() -> Image.Image:
    """Return a picture without any symbol."""
    return Image.new("L", (WIDTH, HEIGHT), 150)


def _noisy(scene: Image.Image, strength: int, seed: int) -> Image.Image:
    grains = hashlib.shake_256(bytes([seed])).digest(WIDTH * HEIGHT)
    grain = Image.frombytes("L", (WIDTH, HEIGHT), grains)
    return Image.blend(scene, grain, strength / 255)


def write_video(path: Path, pictures: Sequence[tuple[Image.Image, int]]) -> Path:
    """Write a video of pictures, each shown for a number of frames (at 30 in a second)."""
    colourless = bytes([128]) * (WIDTH * HEIGHT // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n".encode())
        for seen, times in pictures:
            frame = b"FRAME\n" + seen.tobytes() + colourless
            for _ in range(times):
                file.write(frame)
    return path


@contextmanager
def camera_browser(playwright: Playwright, video: Path) -> Iterator[Browser]:
    """Yield a Chromium whose camera plays a video; the film is chosen at the start, so each needs its own."""
    with launch(playwright, *camera_flags(video)) as browser:
        yield browser


class Scene:
    """What stands before a camera: it can change while the camera runs, as it does in life.

    Chromium reads the film picture by picture, in a loop, and opens it anew for every stream. So the file is
    written over in place, grows by whole pictures, and never gets shorter under a running camera.
    """

    def __init__(self, film: Path) -> None:
        self.film = film
        self.begin(nothing())

    def begin(self, *seen: Image.Image, frames_each: int = 1) -> None:
        """Begin a new film: a camera that runs plays the old one to its end of days, the next one plays this."""
        self.film.unlink(missing_ok=True)
        self._pictures = 0
        write_video(self.film, [])
        self.show(*seen, frames_each=frames_each)

    def show(self, *seen: Image.Image, frames_each: int = 1) -> None:
        """Show pictures from now on, in a loop, each for a number of frames (at 30 in a second)."""
        loop = [each for each in seen for _ in range(frames_each)]
        wanted = max(self._pictures, len(loop))
        self._pictures = wanted + -wanted % len(loop)
        colourless = bytes([128]) * (WIDTH * HEIGHT // 2)
        pictures = [b"FRAME\n" + each.tobytes() + colourless for each in seen]
        with self.film.open("r+b") as file:
            header = len(file.readline())
            size = len(pictures[0])
            os.truncate(file.fileno(), header + size * self._pictures)
            for at in range(self._pictures):
                os.pwrite(file.fileno(), pictures[at // frames_each % len(pictures)], header + size * at)
