"""The tutorial, carried out page by page: its files, its commands, and what a reader then sees."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.site

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial"
STEPS = sorted(page.stem for page in TUTORIAL.glob("[0-9]*.md"))
BLOCK = re.compile(
    r"(?:^`([\w./-]+)`:\n\n)?^```([\w+]+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL
)
BIN = Path(sys.executable).parent


def blocks(step: str) -> list[tuple[str, str, str]]:
    return BLOCK.findall((TUTORIAL / f"{step}.md").read_text(encoding="utf-8"))


def follow(step: str, project: Path) -> None:
    """Write the files of a step into the project, as a reader would."""
    for name, _, text in blocks(step):
        if name:
            file = project / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")


def commands(step: str) -> list[list[str]]:
    """The commands of a step that are to be run as they stand."""
    text = "".join(text for _, language, text in blocks(step) if language == "sh")
    return [shlex.split(line) for line in text.splitlines()]


def environment(**settings: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLASK")}
    return own | {"PATH": f"{BIN}{os.pathsep}{own['PATH']}", "PYTHONWARNINGS": "error"} | settings


def run(command: list[str], project: Path, **settings: str) -> str:
    done = subprocess.run(
        command,
        cwd=project,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def serving(command: list[str], port: int, project: Path, **settings: str) -> Iterator[str]:
    """Run a server until the block ends, and give its address once it answers."""
    process = subprocess.Popen(
        command,
        cwd=project,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for _ in range(300):
            assert process.poll() is None, process.stdout and process.stdout.read()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=30)


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The project as it is after the step that the test names, with the commands before it run."""
    folder = tmp_path / "reading"
    folder.mkdir()
    step = request.node.get_closest_marker("step").args[0]
    for earlier in STEPS[: STEPS.index(step) + 1]:
        follow(earlier, folder)
        if earlier == "3-database":
            for command in commands(earlier):
                assert "Tables are in" in run(command, folder)
    return folder


def after(step: str) -> pytest.MarkDecorator:
    return pytest.mark.step(step)


@after("1-setup")
def test_first_page_is_served(project: Path) -> None:
    port = free_port()
    command = ["flask", "--app", "readlist", "run", "--port", str(port)]
    with serving(command, port, project) as site:
        assert get(site) == (200, "Nothing to read yet.")


@after("2-factory")
def test_factory_is_found_and_its_routes_are_listed(project: Path) -> None:
    (command,) = commands("2-factory")
    listed = run(command, project)
    assert "index" in listed
    assert "/static/<path:filename>" in listed


@after("3-database")
def test_command_created_the_database_in_the_instance_folder(project: Path) -> None:
    assert (project / "instance" / "readlist.sqlite3").exists()


@pytest.mark.parametrize("debug", ["0", "1"])
@after("4-templates")
def test_empty_list_is_a_page(project: Path, debug: str) -> None:
    port = free_port()
    command = ["flask", "--app", "readlist", "run", "--no-reload", "--port", str(port)]
    with serving(command, port, project, FLASK_DEBUG=debug) as site:
        status, page = get(site)
        assert (status, "No books found." in page) == (200, True)
        assert get(f"{site}/static/style.css")[0] == 200


@after("5-forms")
def test_list_still_works_before_there_are_accounts(project: Path) -> None:
    program = (
        "from readlist import create_app\n"
        "client = create_app().test_client()\n"
        "assert client.get('/?q=emma').status_code == 200\n"
    )
    run([sys.executable, "-c", program], project)


@after("6-accounts")
def test_person_registers_logs_in_and_adds_a_book(project: Path) -> None:
    program = (
        "from readlist import create_app\n"
        "client = create_app().test_client()\n"
        "person = {'name': 'Ada', 'password': 'analytical'}\n"
        "client.post('/accounts/register', data=person)\n"
        "client.post('/accounts/login', data=person)\n"
        "book = {'title': 'Emma', 'author': 'Jane Austen', 'rating': '5'}\n"
        "page = client.post('/books/add', data=book, follow_redirects=True).text\n"
        "assert 'Emma was added.' in page and 'Change Emma' in page\n"
    )
    run([sys.executable, "-c", program], project)


@after("7-api")
def test_api_answers_and_a_missing_key_is_refused(project: Path) -> None:
    (command,) = commands("7-api")
    assert "api.book" in run(command, project)
    refused = subprocess.run(
        ["flask", "--app", "readlist", "routes"],
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode != 0
    assert "READLIST_SECRET_KEY" in refused.stderr


@after("8-tests")
def test_tests_of_the_tutorial_pass(project: Path) -> None:
    (command,) = commands("8-tests")
    output = run([*command, "-q", "-p", "no:cacheprovider", "-p", "no:xdist"], project)
    assert re.search(r"^\d\d passed", output, flags=re.MULTILINE), output


@after("9-deployment")
@pytest.mark.skipif(shutil.which("gunicorn", path=BIN) is None, reason="needs gunicorn")
def test_deployed_application_is_served_by_gunicorn(project: Path) -> None:
    (command,) = commands("9-deployment")
    port = free_port()
    server = command[0].replace("/srv/readlist/bin", str(BIN))
    here = [word.replace("127.0.0.1:8000", f"127.0.0.1:{port}") for word in [server, *command[1:]]]
    settings = {"READLIST_SECRET_KEY": "long and random", "PYTHONWARNINGS": "default"}
    with serving([*here, "--no-control-socket"], port, project, **settings) as site:
        assert json.loads(get(f"{site}/api/books")[1]) == []
        assert get(f"{site}/api/books/999")[0] == 404
        assert "Log in" in get(site)[1]
    wsgi = [*here[:-1], "wsgi:app", "--no-control-socket"]
    with serving(wsgi, port, project, **settings) as site:
        assert get(site)[0] == 200


def test_every_step_has_a_test() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [step for step in STEPS if f'@after("{step}")' not in text] == []
