"""A disk that is full, and an instance folder that can't be written."""

from __future__ import annotations

import shutil
import subprocess

from reliability.faults.asking import ask
from reliability.faults.case import Trial, case
from reliability.servers import TITLES, Server, serving

APP = "reliability.faults.storage_app:app"
KINDS = ("gunicorn-gthread", "granian")
TIMES = 10
LIMIT = 2_000_000
BOUNDARY = "--fault-boundary"
# The server and its workers see the mount, nobody else does, and it ends with them.
MOUNT = (
    'mkdir "$RELIABILITY_FOLDER/disk" && '
    'mount -t tmpfs -o {} none "$RELIABILITY_FOLDER/disk" && exec "$@"'
)
SMALL, LARGE = b"x" * 20_000, b"x" * (LIMIT + 1_000_000)


def may_mount() -> bool:
    """Whether this process may make a mount namespace, as root mostly may."""
    if shutil.which("unshare") is None:
        return False
    words = ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def with_disk(options: str) -> list[str]:
    """Words before a command that give it a disk of its own as the folder "disk"."""
    return ["unshare", "-m", "sh", "-c", MOUNT.format(options), "sh"]


@case("disk full")
def fill_disk(trial: Trial) -> None:
    """The disk of the instance folder, the log file and spooled uploads runs full, then is freed:
    saving, a row in SQLite and a large upload get the application's 507 meanwhile, pages and signed
    sessions go on, all works again afterwards. Where no disk can be mounted, a limit to the size of
    files stands for it."""
    is_real = may_mount()
    if not is_real:
        trial.remark("no disk could be mounted: the size of files was limited instead")
    before = with_disk(f"size={LIMIT}") if is_real else ["prlimit", f"--fsize={LIMIT}"]
    for kind in KINDS:
        trial.place = TITLES[kind]
        with serving(kind, APP, python=trial.python, before=before) as server:
            workers = server.workers()
            check_writing(trial, server, 200, SMALL)
            trial.equal(ask(server.port, "/fill", "POST").status, 507, "status of filling the disk")
            check_writing(trial, server, 507, SMALL if is_real else LARGE, row=is_real)
            check_visits(trial, server)
            trial.equal(ask(server.port, "/free", "POST").status, 200, "status of freeing the disk")
            check_writing(trial, server, 200, SMALL[:1000])
            trial.equal(server.workers(), workers, "worker processes")


@case("read-only instance folder")
def close_folder(trial: Trial) -> None:
    """The instance folder is on a disk that was mounted read-only: the application starts, saving,
    a row in SQLite and an instance resource get its 503, pages and signed sessions go on."""
    for kind in KINDS:
        trial.place = TITLES[kind]
        # Nobody makes files in /sys, not even root.
        closed = {"before": with_disk("ro")} if may_mount() else {"INSTANCE": "/sys"}
        with serving(kind, APP, python=trial.python, **closed) as server:
            workers = server.workers()
            for _ in range(TIMES):
                for target in ("/save/some", "/row", "/resource"):
                    method = "GET" if target == "/resource" else "POST"
                    trial.tried += 1
                    reply = ask(server.port, target, method, SMALL)
                    trial.equal((reply.status, reply.text), (503, "read-only"), target)
            check_visits(trial, server)
            trial.equal(server.workers(), workers, "worker processes")


def check_writing(
    trial: Trial, server: Server, status: int, content: bytes, *, row: bool = True
) -> None:
    """Save, upload and insert, each several times."""
    form = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\n".encode()
    # Only what is larger than the parser keeps in memory goes to disk.
    uploaded = content if len(content) > len(SMALL) else content * 40
    form += uploaded + f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    for number in range(TIMES):
        # A file that is there already has room for as much again.
        attempts = [(f"/save/{status}-{number}", content, {}), ("/upload", form, kind)]
        for target, body, headers in [*attempts, ("/row", b"", {})][: 3 if row else 2]:
            trial.tried += 1
            reply = ask(server.port, target, "POST", body, headers)
            trial.equal(reply.status, status, f"status of {target[:5]}: {reply.text[:80]!r}")


def check_visits(trial: Trial, server: Server) -> None:
    """A signed session goes on, whatever the disk does."""
    cookie: dict[str, str] = {}
    for number in range(1, TIMES + 1):
        trial.tried += 1
        reply = ask(server.port, "/visit", headers=cookie)
        cookie = {"Cookie": reply.cookie}
        trial.equal((reply.status, reply.text), (200, str(number)), "a visit")
