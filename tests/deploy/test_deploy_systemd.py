"""docs/deploy/systemd.md, carried out as far as that goes without systemd as the first process."""

from __future__ import annotations

import shlex
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy_host import DEPLOY, Host, Process, needs, wait_until
from deploy_pages import commands, only
from deploy_site import Site, ask, stop

VERIFY = only("systemd", "verify")
SECURITY = only("systemd", "security")
UNITS = ("board.service", "board.socket")

Unit = dict[str, list[str]]


def read_unit(text: str) -> Unit:
    """Read the settings of a unit; those that stand there repeatedly have several values."""
    unit: Unit = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            unit.setdefault(key, []).append(value)
    return unit


def install_units(host: Host) -> tuple[Unit, Unit]:
    """Copy the units and what they start; answer the service and the socket."""
    programs = host.at("/srv/board/venv/bin")
    programs.mkdir(parents=True)
    for name in ("gunicorn",):
        (programs / name).symlink_to(Path(sys.executable).with_name(name))
    host.install(DEPLOY / "gunicorn" / "gunicorn.conf.py", "/srv/board/gunicorn.conf.py")
    texts = [
        host.install(DEPLOY / "systemd" / name, f"/etc/board/{name}").read_text() for name in UNITS
    ]
    service, listener = map(read_unit, texts)
    return service, listener


def test_every_command_of_the_page_is_run_here() -> None:
    assert {VERIFY, SECURITY} == set(commands("systemd"))


def test_units_are_valid_and_closed(host: Host) -> None:
    needs("systemd-analyze", "systemd")
    install_units(host)
    said = host.run(VERIFY)
    # It knows of each setting; anything it has to say of ours is a fault.
    assert [line for line in said.splitlines() if "board." in line] == []
    host.run(SECURITY)


@contextmanager
def notices(host: Host) -> Iterator[tuple[str, list[str]]]:
    """Listen as systemd does to what a service says of itself."""
    path = str(host.root / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(path)
        receiver.setblocking(False)

        class Heard(list[str]):
            def __contains__(self, line: object) -> bool:
                while True:
                    try:
                        self.extend(receiver.recv(4096).decode().splitlines())
                    except BlockingIOError:
                        return super().__contains__(line)

        heard = Heard()
        yield path, heard


def environment(service: Unit) -> dict[str, str]:
    return dict(line.split("=", 1) for line in service["Environment"])


def start_service(host: Host, service: Unit, listener: Unit, notify: str) -> Process:
    """Start the service as its units say, the socket held by systemd's own tool."""
    program = needs("systemd-socket-activate", "systemd")
    (path,) = listener["ListenStream"]
    (start,) = service["ExecStart"]
    variables = environment(service) | {"FLASK_PROXIES": "1", "NOTIFY_SOCKET": notify}
    passed = [f"--setenv={key}={value}" for key, value in variables.items()]
    for name in ("PATH", "FLASK_GATES"):
        passed.append(f"--setenv={name}={host.environment()[name]}")
    (folder,) = service["WorkingDirectory"]
    command = [program, f"--listen={path}", *passed, *shlex.split(start)]
    return host.start(command, Path(folder))


def test_service_is_started_reloaded_and_stopped_as_its_units_say(host: Host) -> None:
    service, listener = install_units(host)
    folder = host.install_probe()
    (folder / "app.py").rename(folder / "wsgi.py")
    forwarded = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    site = Site(name="board.example", socket=Path(listener["ListenStream"][0]), extra=forwarded)
    with notices(host) as (notify, heard):
        process = start_service(host, service, listener, notify)
        # The tool starts the service when the first visitor comes, who waits for it.
        site.wait(process)
        process.wait_until(lambda: "READY=1" in heard)
        said = ask(site, "/where").json()
        assert (said["home"], said["client"]) == ("https://board.example/", "192.0.2.7")
        stranger = Site(name="evil.example", socket=site.socket)
        assert ask(stranger, "/where").status_code == 400

        (reload,) = service["ExecReload"]
        # READY=1 is said before the last worker is forked.
        count = int(environment(service)["WEB_CONCURRENCY"])
        wait_until(lambda: len(workers(process)) == count, lambda: process.last_words)
        before = set(workers(process))
        host.run(reload.replace("$MAINPID", str(process.pid)))
        wait_until(lambda: not before & set(workers(process)), lambda: process.last_words)
        assert ask(site, "/healthz").status_code == 200

        # "mixed" is: the signal to the master only.
        assert service["KillMode"] == ["mixed"]
        stop(site, host, lambda: process.popen.send_signal(signal.SIGTERM))
        assert process.popen.wait(30) == 0, process.last_words


def workers(process: Process) -> list[int]:
    """The children of the service, which took the place of the tool that started it."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
        return [int(word) for word in file.read().split()]
