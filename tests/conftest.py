"""What all tests share."""

from __future__ import annotations

import os
import signal

import pytest

# In the background of a shell, as in CI, Ctrl-C may be ignored, and what tests start inherits
# that. Some of them send the signal to see what it does.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where $HIPFLASK_NO_SKIPS says that every need is met, and a test was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("HIPFLASK_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
