"""Package indexes on the loopback interface, with releases of this package made for the tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from publish import publish

ROOT = Path(__file__).parents[2]

RELEASE = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[0]
NEXT = re.sub(r"\d+$", lambda last: str(int(last[0]) + 1), RELEASE)


def build(version: str, out: Path) -> Path:
    """Build a wheel and a source distribution of the tree as it is, with another version."""
    tree = out / "tree"
    shutil.copytree(ROOT / "src", tree / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy2(ROOT / name, tree)
    project = tree / "pyproject.toml"
    text = project.read_text().replace(f'version = "{RELEASE}"', f'version = "{version}"', 1)
    project.write_text(text)
    command = [sys.executable, "-m", "build", "--outdir", str(out / "dist"), str(tree)]
    subprocess.run(command, check=True, capture_output=True)
    return out / "dist"


class Handler(SimpleHTTPRequestHandler):
    """Serves files, and has clients ask again: a release is published between two steps."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class Index:
    """A static index in a folder, served until the context ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.simple = folder / "simple"
        handler = partial(Handler, directory=str(folder))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/simple/"

    def __enter__(self) -> Index:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.shutdown()
        self.server.server_close()

    def publish(self, dist: Path) -> None:
        """Add the distributions of a folder."""
        publish(self.folder, dist)
