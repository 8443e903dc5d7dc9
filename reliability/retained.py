"""What requests leave behind in memory, counted exactly: `python -m reliability.retained`.

Resident memory swings with what servers, threads and the C library keep for later. Here one thread
sends the same kind of request again and again, without a server, and what Python and malloc have
handed out is counted before and after. Ends with status 1 where anything stays.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.environments import machine, today, write_json

from reliability import app as loaded
from reliability.about import versions
from reliability.servers import ROOT, environment
from reliability.traffic import BOUNDARY, FORM

RESULTS = Path(__file__).parent / "results"
SIDES = {
    "ours": "retained.json",
    "asgi": "retained-asgi.json",
    "original": "retained-original.json",
}
REQUESTS, WARM_UP = 300, 200
# What stays is counted over this many rounds, of which the least counts: what requests leave behind
# is there after each of them, while tables grow now and then, and malloc's own stores in the first.
ROUNDS = 6
# What may be counted more for each request: blocks of Python's memory, for what has at most 512
# bytes, and bytes of malloc, which has what is larger. One of either in ten or 32 requests fails.
MOST_BLOCKS, MOST_BYTES = 0.1, 16.0

Client = Any
FORM_TYPE = {"content_type": FORM}
UPLOAD = (
    f'{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
    f"Content-Type: text/plain\r\n\r\n{'x' * 20_000}\r\n{BOUNDARY}--\r\n"
).encode()


class Sender:
    """One user, who sends each request with another token."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.number = 0

    def send(self, path: str, method: str = "GET", query: str = "", **options: Any) -> None:
        self.number += 1
        token = f"u-{self.number}"
        target = f"{path.replace('TOKEN', token)}?t={token}{query}"
        answer = self.client.open(
            target, method=method, headers={"X-Token": token}, buffered=True, **options
        )
        if token.encode() not in answer.data and answer.headers.get("X-G") != token:
            raise AssertionError(f"{method} {path}: {answer.status}, without {token}")
        answer.close()

    def note(self) -> None:
        self.send("/note/TOKEN", "POST", data=b"note=hello", **FORM_TYPE)
        self.send("/notes/TOKEN")

    def upload(self) -> None:
        # Always with the same boundary, for which the library keeps a regular expression.
        kind = f"multipart/form-data; boundary={BOUNDARY[2:]}"
        self.send("/upload/TOKEN", "POST", data=UPLOAD, content_type=kind)


Kind = Callable[[Sender], None]
KINDS: dict[str, Kind] = {
    "page": lambda sender: sender.send("/page/TOKEN"),
    "JSON": lambda sender: sender.send("/json/TOKEN"),
    "JSON posted": lambda sender: sender.send("/json/TOKEN", "POST", json={"a": [1, 2]}),
    "form and flashed message": Sender.note,
    "upload": Sender.upload,
    "raw body": lambda sender: sender.send("/raw/TOKEN", "POST", data=b"x" * 5_000),
    "streamed download": lambda sender: sender.send("/download/TOKEN", query="&lines=20"),
    "streamed template": lambda sender: sender.send("/rows/TOKEN"),
    "file": lambda sender: sender.send("/file/TOKEN"),
    "refused by abort": lambda sender: sender.send("/abort/TOKEN/404"),
    "raised": lambda sender: sender.send("/raise/TOKEN"),
    "coroutine": lambda sender: sender.send("/async/TOKEN", query="&seconds=0.0001"),
    "nested contexts and a thread": lambda sender: sender.send("/nested/TOKEN"),
}


def count(
    requests: int, kinds: dict[str, Kind] = KINDS, by_asgi: bool = False
) -> list[dict[str, Any]]:
    """Send each kind so often, and count what stays, by this interpreter's `flask`."""
    rows = []
    options: dict[str, Any] = {"door": "asgi"} if by_asgi else {}
    with quick_and_quiet(), tempfile.TemporaryDirectory(prefix="retained-") as folder:
        sender = Sender(loaded.create_app(Path(folder)).test_client(**options))
        sender.send("/enter/TOKEN", "POST", data=b"user=ann", **FORM_TYPE)
        for name, kind in kinds.items():
            for _ in range(WARM_UP):
                kind(sender)
            counts = [in_use()]
            for _ in range(ROUNDS):
                for _ in range(requests):
                    kind(sender)
                counts.append(in_use())
            growth = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(counts)]
            blocks, given = (min(each) for each in zip(*growth, strict=True))
            rows.append({"kind": name, "requests": requests, "blocks": blocks, "bytes": given})
    return rows


@contextmanager
def quick_and_quiet() -> Iterator[None]:
    """Have views not pause, and not log what they raise on purpose."""
    pause = loaded.PAUSE
    loaded.PAUSE = 0.0
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        loaded.PAUSE = pause
        logging.disable(logging.NOTSET)


def in_use() -> tuple[int, int]:
    """Blocks that Python has allocated, and bytes that malloc has handed out."""
    gc.collect()
    return sys.getallocatedblocks(), loaded.bytes_of_malloc()


def failures(rows: list[dict[str, Any]]) -> list[str]:
    """The kinds of request that leave something behind."""
    return [
        f"{row['kind']}: {row['blocks']} blocks and {row['bytes']} bytes more after"
        f" {row['requests']} requests"
        for row in rows
        if row["blocks"] > MOST_BLOCKS * row["requests"]
        or row["bytes"] > MOST_BYTES * row["requests"]
    ]


def measure(python: str, requests: int, by_asgi: bool = False) -> dict[str, Any]:
    """Count in a fresh process of that interpreter; the answer is what is kept."""
    words = ["--here", "--requests", str(requests), *(["--asgi"] if by_asgi else [])]
    done = subprocess.run(
        [python, "-m", "reliability.retained", *words],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    rows = json.loads(done.stdout)
    return {
        "kind": "retained",
        "date": today(),
        "machine": machine(),
        "versions": versions(python),
        "rounds": ROUNDS,
        "rows": rows,
        "failures": failures(rows),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="reliability.retained", description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="interpreter whose flask it is")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="of each kind")
    parser.add_argument("--asgi", action="store_true", help="call the application by ASGI")
    parser.add_argument("--record", choices=SIDES, help="keep the results as this side's")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        print(json.dumps(count(arguments.requests, by_asgi=arguments.asgi)))
        return 0
    results = measure(arguments.python, arguments.requests, arguments.asgi)
    for row in results["rows"]:
        print(f"{row['kind']}: {row['blocks']:+} blocks, {row['bytes']:+} bytes", file=sys.stderr)
    for text in results["failures"]:
        print(f"FAILED {text}", file=sys.stderr)
    if arguments.record:
        write_json(RESULTS / SIDES[arguments.record], results)
    return int(bool(results["failures"]))


if __name__ == "__main__":
    sys.exit(main())
