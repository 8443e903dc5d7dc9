"""Add the distributions of a folder to an index: publish.py INDEX FOLDER."""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "distribution"))

import index


def publish(folder: Path, dist: Path) -> None:
    """Copy the distributions of ``dist`` into a folder and write its index anew."""
    for file in [*dist.glob("*.whl"), *dist.glob("*.tar.gz")]:
        shutil.copy2(file, folder)
    index.publish(folder)


if __name__ == "__main__":
    publish(*map(Path, sys.argv[1:]))
