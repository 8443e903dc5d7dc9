"""Words of the command line are completed in bash, zsh and fish, the application's among them."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str, str], Path]

APP = (
    "from flask import Flask\napp = Flask('shop', static_folder=None)\n"
    "@app.cli.command('restock')\ndef restock():\n    pass\n"
)
PATIENCE = 60
"""Seconds for a shell to start, to ask the program and to answer."""


@pytest.fixture
def env(project: Path, write: Write) -> dict[str, str]:
    """Put a program ``flask`` of this interpreter first on the path, beside an application."""
    write("app.py", APP)
    program = write("bin/flask", f"#!{sys.executable}\nfrom flask.cli import main\nmain()\n")
    program.chmod(0o755)
    path = os.pathsep.join([str(program.parent), os.environ["PATH"]])
    return {"PATH": path, "HOME": str(project), "TERM": "dumb", "LANG": "C.UTF-8"}


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"needs {shell}: apt install it")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_documentation_has_the_line_that_is_tried_here(shell: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "install.md"
    assert f"_FLASK_COMPLETE={shell}_source flask" in page.read_text("utf-8")


def script(shell: str, env: dict[str, str], project: Path) -> str:
    """Return what the documentation has people evaluate."""
    asked = {**env, "_FLASK_COMPLETE": f"{shell}_source"}
    return subprocess.run(
        ["flask"], env=asked, cwd=project, check=True, capture_output=True, text=True
    ).stdout


@needs("bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ro"], {"routes"}),
        (["r"], {"restock", "routes", "run"}),
        (["run", "--p"], {"--port"}),
        (["info", "--c"], {"--check"}),
    ],
)
def test_bash(env: dict[str, str], project: Path, words: list[str], offered: set[str]) -> None:
    typed = " ".join(["flask", *words])
    done = subprocess.run(
        [
            "bash",
            "--norc",
            "-c",
            'eval "$(_FLASK_COMPLETE=bash_source flask)"\n'
            f"COMP_WORDS=({typed}) COMP_CWORD={len(words)}\n"
            '_flask_completion flask\nprintf "%s\\n" "${COMPREPLY[@]}"\n',
        ],
        env=env,
        cwd=project,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert set(done.stdout.split()) == offered


@needs("fish")
@pytest.mark.parametrize(("typed", "offered"), [("flask ro", "routes"), ("flask re", "restock")])
def test_fish(env: dict[str, str], project: Path, typed: str, offered: str) -> None:
    (project / "flask.fish").write_text(script("fish", env, project))
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source flask.fish; complete -C '{typed}'"],
        env=env,
        cwd=project,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert [line.partition("\t")[0] for line in done.stdout.splitlines()] == [offered]


@needs("zsh")
@pytest.mark.parametrize(("typed", "offered"), [("flask ro", "routes"), ("flask re", "restock")])
def test_zsh(env: dict[str, str], project: Path, typed: str, offered: str) -> None:
    # zsh completes in its line editor only, which wants a terminal.
    (project / "flask.zsh").write_text(script("zsh", env, project))
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(project)
        os.execvpe("zsh", ["zsh", "-f", "-i"], env)
    try:
        send(terminal, "autoload -Uz compinit && compinit -D && . ./flask.zsh && echo rea''dy\n")
        read_until(terminal, "ready")
        send(terminal, f"{typed}\t")
        assert offered in read_until(terminal, offered)
    finally:
        os.kill(process, 9)
        os.waitpid(process, 0)
        os.close(terminal)


def send(terminal: int, text: str) -> None:
    os.write(terminal, text.encode())


def read_until(terminal: int, wanted: str) -> str:
    """Read what a terminal shows until it has shown a text."""
    shown = ""
    deadline = time.monotonic() + PATIENCE
    while wanted not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.5)[0]:
            shown += os.read(terminal, 4096).decode(errors="replace")
    return shown
