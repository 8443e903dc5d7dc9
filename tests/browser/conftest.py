from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# The server processes are started as in the tests of serving.
sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """The folder for pictures of the pages: $HIPFLASK_SCREENSHOTS, else the test's own."""
    folder = Path(os.environ.get("HIPFLASK_SCREENSHOTS") or tmp_path / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
