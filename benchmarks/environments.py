"""Where the implementations live: interpreters, worker processes, and what machine this is."""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.packages import COMPILED, EXTENSIONS, PEERS, SHARED

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
ORIGINAL = "3.1.3"
WORK = ROOT / ".work"


class WorkerFailed(Exception):
    """A worker ended, or answered with an error."""


class WorkerProcess:
    """One started `benchmarks.worker`; use it as a context manager, which ends it."""

    def __init__(self, python: str, *, is_ours: bool = False, seed: int = 0) -> None:
        self.process = subprocess.Popen(
            [python, "-m", "benchmarks.worker"],
            cwd=ROOT,
            env=environment(is_ours=is_ours, seed=seed),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, **order: Any) -> dict[str, Any]:
        """Send one order and wait for its answer; raises `WorkerFailed`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise WorkerFailed(f"the worker ended at {order}; its error stands above")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerFailed(f"{order.get('scenario', order['do'])}: {answer['error']}")
        return answer

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def environment(*, is_ours: bool, seed: int = 0) -> dict[str, str]:
    """The variables of a measured process.

    PYTHONPATH reaches our side only: it may name a source tree, which must not serve for the
    original. The hash seed is the same on both sides.
    """
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "FLASK_", "GRANIAN_", "GUNICORN_"))
    }
    if is_ours and "PYTHONPATH" in os.environ:
        variables["PYTHONPATH"] = os.environ["PYTHONPATH"]
    variables["PYTHONHASHSEED"] = str(seed)
    return variables


def look_at(python: str, *, is_ours: bool = False) -> dict[str, Any]:
    """What is installed beside this interpreter."""
    with WorkerProcess(python, is_ours=is_ours) as worker:
        return worker.order(do="about")


def original_python(given: str | None, ours: str) -> str:
    """The interpreter that has the original: the one given, or that of an environment made for it.

    The made one stands in .work/ and gets the libraries at the versions our side has.
    """
    if given is not None:
        return given
    versions = look_at(ours, is_ours=True)["versions"]
    compiled = [name for name in COMPILED if name in versions]
    wanted = [f"flask=={ORIGINAL}", *_like(versions, SHARED, PEERS, compiled)]
    return made_python("bench-original", wanted)


def extension_pythons(ours: str | None, original: str | None) -> tuple[str, str]:
    """Two interpreters that have the extensions, made unless given: ours, and the original's."""
    if ours is None:
        ours = made_python("bench-extensions", ["--editable", str(ROOT), *EXTENSIONS])
    if original is None:
        versions = look_at(ours, is_ours=True)["versions"]
        wanted = [f"flask=={ORIGINAL}", *_like(versions, SHARED, EXTENSIONS)]
        original = made_python("bench-extensions-original", wanted)
    return ours, original


def _like(versions: dict[str, str], *groups: Sequence[str]) -> list[str]:
    """Requirements of these packages, at those versions as far as they are known."""
    names = [name for group in groups for name in group]
    return [f"{name}=={versions[name]}" if name in versions else name for name in names]


def made_python(name: str, wanted: Sequence[str]) -> str:
    """The interpreter of an environment in .work/ that has these requirements, and made once."""
    folder = WORK / name
    python = folder / "bin" / "python"
    stamp = folder / "wanted.txt"
    if python.exists() and stamp.exists() and stamp.read_text() == "\n".join(wanted):
        return str(python)
    print(f"installing into {folder.relative_to(ROOT)}", file=sys.stderr)
    venv.create(folder, with_pip=True, clear=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *wanted], check=True, stdout=sys.stderr)
    stamp.write_text("\n".join(wanted))
    return str(python)


def describe_sides(original: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """What a reader must know before believing a ratio of these two environments."""
    notes = []
    if original["python"] != ours["python"]:
        notes.append(f"the interpreters differ: {original['python']} and {ours['python']}")
    for name in SHARED:
        versions = original["versions"].get(name), ours["versions"].get(name)
        if versions[0] != versions[1]:
            notes.append(f"{name} differs: {versions[0]} and {versions[1]}")
    if original["versions"].get("flask") == ours["versions"].get("flask"):
        notes.append("both sides run the same release: the ratio shows the harness's own error")
    return notes


def machine() -> dict[str, Any]:
    """Processor, cores, memory and system, without a name of the machine."""
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "architecture": platform.machine(),
    }


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Keep raw results, readable in a diff."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=1)
    # A list of samples belongs on one line.
    text = re.sub(r"\[[-\d.,\s]+\]", lambda found: " ".join(found[0].split()), text)
    path.write_text(text + "\n")
    print(f"wrote {path.name}", file=sys.stderr)
