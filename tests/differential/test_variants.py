"""A replaced step that calls the inherited one, or a receiver, changes no answer."""

from __future__ import annotations

import fnmatch
from collections import Counter

import pytest

from . import harness, variants
from .differences import reason_for
from .run import by_topic, recorded

SCENARIOS = harness.load()
RECORDS = by_topic(recorded())
# These replace steps on the class `flask.Flask` or name its bases, so the original answers
# otherwise as well where that class is a subclass; check_oracle compares them with its answers.
ABOUT_THE_CLASS = (
    "overrides.wrapped_on_the_class*",
    "helpers.class_hierarchy",
    "replacements.unpatched_again",
)


def is_about_the_class(identity: str) -> bool:
    return any(fnmatch.fnmatchcase(identity, pattern) for pattern in ABOUT_THE_CLASS)


@pytest.mark.variants
@pytest.mark.parametrize("topic", sorted(RECORDS))
@pytest.mark.parametrize("variant", variants.VARIANTS)
def test_answers_as_without_the_addition(topic: str, variant: str) -> None:
    prepare = variants.VARIANTS[variant]
    for identity, record in RECORDS[topic].items():
        if variant == "subclassed" and is_about_the_class(identity):
            continue
        observation = harness.observe(identity, SCENARIOS[identity], prepare)
        if reason_for(identity) is None:
            assert observation == record, identity


def test_exceptions_name_scenarios() -> None:
    for pattern in ABOUT_THE_CLASS:
        assert any(fnmatch.fnmatchcase(identity, pattern) for identity in SCENARIOS), pattern


def test_scenarios_meet_every_step_and_every_signal_often() -> None:
    for names in (variants.STEPS, harness.SIGNALS):
        met = Counter(variants.of(names, identity) for identity in SCENARIOS)
        assert min(met[name] for name in names) > 100


@pytest.mark.parametrize("name", variants.STEPS)
def test_a_step_that_does_change_something_is_noticed(name: str) -> None:
    """The additions above reach the pipeline: one that fails instead is seen."""

    def fails(lab: harness.Lab) -> None:
        def step(*args: object, **kwargs: object) -> object:
            raise SystemError(name)

        lab.patch(harness.flask.Flask, name, step)

    def uses_every_step(lab: harness.Lab) -> object:
        app = lab.app(PROPAGATE_EXCEPTIONS=False)
        app.add_url_rule("/", "index", lambda: harness.flask.url_for("index"))
        app.add_url_rule("/fail", "fail", lambda: 1 // 0)
        app.register_error_handler(404, lambda error: ("missing", 404))
        return lab.hits(app, "/", "/fail", "/missing", "OPTIONS /")

    whole = harness.observe("variants.whole", uses_every_step)
    assert harness.observe("variants.broken", uses_every_step, fails) != whole
