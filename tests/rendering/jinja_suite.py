"""Run the tests of Jinja's source distributions with templates rendered by this package.

``python -m tests.rendering.jinja_suite [RELEASE...]`` (``make jinja``): by default all releases
that the package vouches for. Each has an environment of its own, outside of the tree.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

from flask.rendering.pristine import VERIFIED

ROOT = Path(__file__).parents[2]
PLUGIN = "jinja_plugin"


def pip(python: Path, *arguments: str) -> None:
    command = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, check=True)


def passes(release: str, folder: Path) -> bool:
    """Tell if the tests of one release pass."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    # From 3.1.5 on, some tests run on trio; before, none needs it.
    pip(python, "install", f"jinja2=={release}", "pytest", "trio", str(ROOT))
    options = ("--no-deps", "--no-binary", "jinja2", "--dest", str(folder))
    pip(python, "download", *options, f"jinja2=={release}")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder / "sdist", filter="data")
    (source,) = (folder / "sdist").iterdir()
    (source / f"{PLUGIN}.py").write_text(
        (ROOT / "tests" / "rendering" / f"{PLUGIN}.py").read_text(encoding="utf-8"),
        encoding="utf-8",
    )
    # Their configuration makes warnings errors; some are about the interpreter's later releases.
    options = ("-p", PLUGIN, "-p", "no:cacheprovider", "--quiet", "-W", "ignore")
    command = [str(python), "-m", "pytest", *options, "tests"]
    return subprocess.run(command, cwd=source, check=False).returncode == 0


def main() -> int:
    """Run them one after another, and return how many releases failed."""
    failed = []
    for release in sys.argv[1:] or sorted(VERIFIED):
        print(f"== Jinja {release}", flush=True)
        with TemporaryDirectory() as folder:
            if not passes(release, Path(folder)):
                failed.append(release)
    print("failed: " + (", ".join(failed) or "none"))
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
