"""The audit of what the package needs tells findings from silence."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from reliability.hostile import audit


def test_what_is_needed_is_what_the_package_runs_on() -> None:
    assert {"werkzeug", "jinja2", "itsdangerous", "click", "blinker", "markupsafe"} <= (
        audit.needed().keys()
    )


def test_vulnerabilities_are_counted_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    answers = [
        {"name": "sound", "version": "1", "vulns": []},
        {"name": "flawed", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]},
        {"name": "strange", "skip_reason": "unknown"},
    ]
    assert audit.report("pypi", answers) == 1
    printed = capsys.readouterr().out
    assert "flawed 2: PYSEC-1, mended in 3" in printed
    assert printed.endswith("asked about flawed, sound\n")


@pytest.mark.parametrize(
    "answers", [None, [], [{"name": "flask", "skip_reason": "not found"}]], ids=repr
)
def test_silence_is_not_called_an_audit(
    answers: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "ask", lambda service, versions: answers)
    assert audit.main() == 0
    assert "NOT AUDITED" in capsys.readouterr().out
