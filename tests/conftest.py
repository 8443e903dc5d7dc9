"""What all tests share."""

from __future__ import annotations

import importlib.util
import os
import signal

import pytest

# In the background of a shell, as in CI, Ctrl-C may be ignored, and what tests start inherits
# that. Some of them send the signal to see what it does.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Not in the environments of extensions and of deployments.
if importlib.util.find_spec("hypothesis"):
    from hypothesis import HealthCheck, settings

    # How long a busy machine takes to think of examples is no fault of the tests.
    settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("busy")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where $HIPFLASK_NO_SKIPS says that every need is met, and a test was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("HIPFLASK_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
