"""Containers without an engine: the instructions of a Dockerfile, carried out in a folder.

A stage's root is either made by debootstrap, as Debian's image is, or is this machine's own root
with all changes kept apart (an overlay), which takes no time. Instructions then do in it by chroot
what an engine does; network and pip's settings are those of this machine.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

BUILD_SECONDS = 600
ENGINE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# How this machine reaches the registries, as a build behind a company's proxy is told.
OF_THIS_MACHINE = ("PIP_", "http_proxy", "https_proxy", "no_proxy")
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
TRUSTED_INSIDE = "/etc/trusted.crt"
Base = Callable[[Path, ExitStack], None]


@dataclass
class Image:
    """A root, and what the Dockerfile says of running it."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": ENGINE_PATH})
    folder: str = "/"
    user: str = "0"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    stop_signal: str = "SIGTERM"
    ports: list[str] = field(default_factory=list)

    def entering(
        self,
        command: Sequence[str],
        extra: dict[str, str] | None = None,
        *,
        read_only: bool = False,
    ) -> list[str]:
        """Answer the words that run a command in this root, instead of the process that does so."""
        environment = self.environment | (extra or {})
        words = [f"{name}={value}" for name, value in environment.items()]
        root = shlex.quote(str(self.root))
        mounts = [
            f"mount --bind {root} {root}",
            *([f"mount -o remount,bind,ro {root}"] if read_only else []),
            f"cd {root}",
            "mount -t proc proc proc",
            "mount -t tmpfs tmpfs dev",
            "mkdir dev/shm",
            "ln -s /proc/self/fd dev/fd",
            *(f"touch dev/{name} && mount --bind /dev/{name} dev/{name}" for name in DEVICES),
            "mount -t tmpfs -o mode=1777 tmpfs dev/shm",
            "mount -t tmpfs -o mode=1777 tmpfs tmp",
        ]
        rights = ["--no-new-privs", "--bounding-set=-all"] if read_only else []
        identity = [f"--reuid={self.user}", f"--regid={self.group}", "--clear-groups"]
        inside = f'cd {shlex.quote(self.folder)} && exec "$@"'
        program = " && ".join([*mounts, 'exec chroot . "$@"'])
        start = ["setpriv", *identity, *rights, "env", "-i", *words, "sh", "-c", inside, "sh"]
        return ["unshare", "--mount", "sh", "-c", program, "sh", *start, *command]

    @property
    def group(self) -> str:
        """The group of the user, as the root's own list has it."""
        for line in Path(f"{self.root}/etc/passwd").read_text().splitlines():
            _, _, user, group, *_ = line.split(":")
            if user == self.user:
                return group
        raise LookupError(f"no user {self.user} in {self.root}")

    def run(self, command: Sequence[str], extra: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            self.entering(command, extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}"
        return done.stdout


DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def overlay_of_this_machine(root: Path, stack: ExitStack) -> None:
    """Take this machine's root; what is written goes to memory and is gone at the end."""
    memory = root.with_suffix(".memory")
    memory.mkdir()
    mount(stack, memory, "-t", "tmpfs", "tmpfs")
    upper, work = memory / "upper", memory / "work"
    upper.mkdir()
    work.mkdir()
    options = f"lowerdir=/,upperdir={upper},workdir={work}"
    mount(stack, root, "-t", "overlay", "overlay", "-o", options)


def debootstrapped(root: Path, stack: ExitStack) -> None:
    """Make Debian's smallest root, once, and copy it."""
    made = root.parent / "debian"
    if not made.exists():
        command = ["debootstrap", "--variant=minbase", "bookworm", str(made)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=BUILD_SECONDS)
    subprocess.run(["cp", "-a", f"{made}/.", str(root)], check=True)
    # The way to the network, and whom to trust there, are this machine's.
    shutil.copy("/etc/resolv.conf", f"{root}/etc/resolv.conf")
    if TRUSTED.exists():
        # Under a name of its own, for packages that are installed later write the usual file.
        shutil.copy(TRUSTED, f"{root}{TRUSTED_INSIDE}")
    shutil.copytree("/etc/apt", f"{root}/etc/apt", dirs_exist_ok=True)
    for folder in pip_folders():
        shutil.copytree(folder, f"{root}{folder}", dirs_exist_ok=True)


def pip_folders() -> list[str]:
    """Folders of packages that this machine's pip is told of by a variable."""
    return [word for word in os.environ.get("PIP_FIND_LINKS", "").split() if Path(word).is_dir()]


def mount(stack: ExitStack, place: Path, *options: str) -> None:
    subprocess.run(["mount", *options, str(place)], check=True, capture_output=True)
    stack.callback(subprocess.run, ["umount", "--lazy", str(place)], check=False)


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """Read a Dockerfile: pairs of the instruction's name and its text."""
    lines = [
        line
        for line in dockerfile.read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = [line.strip().partition(" ") for line in joined.splitlines()]
    return [(name, text.strip()) for name, _, text in found]


class Build:
    """A build by a Dockerfile; stages are images by their names."""

    def __init__(self, context: Path, place: Path, base: Base, stack: ExitStack) -> None:
        self.context = context
        self.place = place
        self.base = base
        self.stack = stack
        self.stages: dict[str, Image] = {}
        self.image: Image
        self.network = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(OF_THIS_MACHINE) or name.lower() in OF_THIS_MACHINE
        }

    def carry_out(self, dockerfile: Path) -> Image:
        for name, text in instructions(dockerfile):
            getattr(self, f"do_{name.lower()}")(text)
        return self.image

    def do_from(self, text: str) -> None:
        found = re.fullmatch(r"debian:bookworm-slim(?: AS (\w+))?", text)
        assert found, f"this root is not at hand: {text}"
        name = found[1] or "last"
        root = self.place / name
        root.mkdir()
        self.base(root, self.stack)
        self.image = self.stages[name] = Image(root)

    def do_run(self, text: str) -> None:
        variables = self.network | {"DEBIAN_FRONTEND": "noninteractive"}
        if self.inside(TRUSTED_INSIDE).exists():
            variables["PIP_CERT"] = TRUSTED_INSIDE
        self.image.run(["sh", "-c", text], variables)

    def do_env(self, text: str) -> None:
        for word in shlex.split(text):
            name, _, value = word.partition("=")
            for known, known_value in self.image.environment.items():
                value = value.replace(f"${known}", known_value)
            self.image.environment[name] = value

    def do_workdir(self, text: str) -> None:
        self.image.folder = text
        self.inside(text).mkdir(parents=True, exist_ok=True)

    def do_copy(self, text: str) -> None:
        *sources, target = text.split()
        origin = self.context
        if sources[0].startswith("--from="):
            origin = self.stages[sources.pop(0).removeprefix("--from=")].root
        place = self.inside(os.path.join(self.image.folder, target))
        found = [path for source in sources for path in glob.glob(f"{origin}/{source.lstrip('/')}")]
        assert len(found) >= len(sources), f"not there: {sources}"
        for path in found:
            into = place / Path(path).name if target.endswith("/") else place
            into.parent.mkdir(parents=True, exist_ok=True)
            if Path(path).is_dir():
                # Of a folder, the content is copied.
                shutil.copytree(path, place, symlinks=True, dirs_exist_ok=True, ignore=NO_CACHES)
            else:
                shutil.copy2(path, into)

    def do_user(self, text: str) -> None:
        self.image.user = text

    def do_expose(self, text: str) -> None:
        self.image.ports.append(text)

    def do_stopsignal(self, text: str) -> None:
        self.image.stop_signal = text

    def do_healthcheck(self, text: str) -> None:
        self.image.health = json.loads(text.partition("CMD ")[2])

    def do_cmd(self, text: str) -> None:
        self.image.command = json.loads(text)

    def inside(self, path: str) -> Path:
        return Path(f"{self.image.root}{path}")


NO_CACHES = shutil.ignore_patterns("__pycache__")
