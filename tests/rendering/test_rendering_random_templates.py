"""Random templates render as by Jinja: text, errors, their lines, and the order of evaluation.

Set ``HIPFLASK_TEMPLATES`` to compare another number of them than 300.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from tests.rendering.random_templates import Case, cases, outcomes

EXAMPLES = int(os.environ.get("HIPFLASK_TEMPLATES", "300"))


@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # of calls of constants, in templates
@given(case=cases())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_random_template_renders_as_by_jinja(case: Case) -> None:
    ours, theirs = outcomes(case)
    assert ours == theirs
