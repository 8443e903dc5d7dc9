"""Nothing that a stranger sends is kept without a bound; `make reliability` tries all places."""

from __future__ import annotations

from pathlib import Path

import pytest
from reliability.strangers import KINDS, MOST_BLOCKS, Strangers, growth, make_app

# Rounds of 300, so that a store that is emptied when full is, in one of them.
COUNT, WARM_UP = 1_200, 1_100

# Those that a store of the package once was, or may be, filled from.
STORED = (
    "path",
    "host",
    "content type",
    "used for url_for",
    "used for url_for_blueprint",
    "used for mimetype",
    "used for error",
    "used for template",
)


@pytest.mark.parametrize("kind", STORED)
def test_requests_leave_nothing_behind(kind: str, tmp_path: Path) -> None:
    strangers = Strangers(make_app(tmp_path))
    assert growth(strangers, KINDS[kind], COUNT, WARM_UP) <= MOST_BLOCKS


def test_what_is_kept_is_counted(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    kept: list[str] = []
    app.before_request(lambda: kept.append(app.config["NAME"] + str(len(kept))))
    app.config["NAME"] = "n"
    assert growth(Strangers(app), KINDS["path"], 400, 10) > MOST_BLOCKS
