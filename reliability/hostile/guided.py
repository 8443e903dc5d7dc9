"""Fuzzing that is guided by coverage: atheris, in a process of its own."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from .case import Tally, case

ROOT = Path(__file__).parents[2]
RUNS = 3_000
LONGER = 15
"""How many times the seconds of other generated cases it is given."""

SEEDS = [
    b"\x01\x00a=b&c=%20",
    b"\x02\x00session=eyJhIjoxfQ.aaaaaa.bbbb; a=b",
    b"\x03\x00localhost:80",
    b"\x05\x03bytes=0-5,9-",
    b'\x07\x03W/"a", "b"',
    b"\x09\x03Mon, 01 Jan 2000 00:00:00 GMT",
    b"\x12\x00/around/a/end",
    b'\x04\x00--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--\r\n',
    b"\x04\x01a=b&c=d",
    b'\x04\x02{"a": [1, null, "\\u00e9"]}',
    b"\x01\x00multipart/form-data; boundary=\"x\"; a*=utf-8''b\n--x--",
]


@case(
    "coverage-guided",
    "atheris: bytes that steer to code not reached before, as path, query, headers, cookies,"
    " multipart, forms and JSON",
    is_long=True,
)
def coverage_guided(tally: Tally) -> None:
    if importlib.util.find_spec("atheris") is None:
        tally.skipped = "atheris is not installed"
        return
    with tempfile.TemporaryDirectory() as name:
        corpus = Path(name) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(SEEDS):
            (corpus / str(number)).write_bytes(seed)
        told = Path(name) / "failures"
        bound = (
            f"-max_total_time={int(tally.seconds * LONGER)}" if tally.seconds else f"-runs={RUNS}"
        )
        done = subprocess.run(
            [
                *(sys.executable, "-W", "ignore", "-m", "reliability.hostile.guided_child"),
                *(
                    str(told),
                    str(corpus),
                    bound,
                    "-max_len=600",
                    "-len_control=0",
                    "-timeout=10",
                    "-seed=1",
                ),
                *("-print_final_stats=1", f"-artifact_prefix={name}/"),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
        counted = re.search(r"number_of_executed_units: (\d+)", done.stderr)
        tally.tried = int(counted[1]) if counted else 0
        if told.exists():
            for line in told.read_text().splitlines():
                kind, _, shown = line.partition(": ")
                tally.fail(kind, shown)
        if done.returncode or not counted:
            tally.fail("atheris ended with", f"status {done.returncode}")
