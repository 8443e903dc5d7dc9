"""What happens when a blueprint is registered, and blueprints of one's own."""

from __future__ import annotations

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from ..harness import Lab, scenario
from .blueprints import shape, where


@scenario
def setup_state_facts(lab: Lab):
    app = lab.app()
    bp = Blueprint("bp", __name__, url_prefix="/p", subdomain="s", url_defaults={"a": 1})

    def look(state):
        lab.say(
            type(state).__name__,
            state.app is app,
            state.blueprint is bp,
            sorted(state.options),
            state.first_registration,
            state.subdomain,
            state.url_prefix,
            state.name,
            state.name_prefix,
            sorted(state.url_defaults.items()),
        )

    bp.record(look)
    app.register_blueprint(bp, url_prefix="/q", extra="option")
    outer = Blueprint("outer", __name__)
    outer.register_blueprint(bp)
    app.register_blueprint(outer)


@scenario
def setup_state_of_ones_own(lab: Lab):
    class State(BlueprintSetupState):
        def add_url_rule(self, rule, endpoint=None, view_func=None, **options):
            lab.say("add_url_rule", rule, endpoint, sorted(options))
            super().add_url_rule("/state" + rule, endpoint, view_func, **options)

    class Own(Blueprint):
        def make_setup_state(self, app, options, first_registration=False):
            lab.say("make_setup_state", sorted(options), first_registration)
            return State(self, app, options, first_registration)

    app = lab.app()
    bp = Own("bp", __name__)
    bp.add_url_rule("/x", "x", where, methods=["GET"])
    app.register_blueprint(bp, url_prefix="/p")
    return shape(app)


@scenario
def register_overridden(lab: Lab):
    class Own(Blueprint):
        def register(self, app, options):
            lab.say("register", app.name, sorted(options))
            super().register(app, options)

    app = lab.app()
    bp = Own("bp", __name__)
    bp.add_url_rule("/", "x", where)
    app.register_blueprint(bp, url_prefix="/own")
    outer = Blueprint("outer", __name__)
    outer.register_blueprint(bp)
    app.register_blueprint(outer, url_prefix="/outer")
    return shape(app)


@scenario
def add_url_rule_overridden(lab: Lab):
    class Own(Blueprint):
        def add_url_rule(
            self, rule, endpoint=None, view_func=None, provide_automatic_options=None, **options
        ):
            lab.say("add_url_rule", rule, endpoint, provide_automatic_options, sorted(options))
            super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)

    app = lab.app()
    bp = Own("bp", __name__)

    @bp.route("/r", methods=["GET"])
    def r():
        return "r"

    bp.get("/g")(r)
    app.register_blueprint(bp)
    return shape(app)


@scenario
def endpoint_decorator(lab: Lab):
    app = lab.app()
    bp = Blueprint("bp", __name__)
    bp.add_url_rule("/late", endpoint="late")

    @bp.endpoint("late")
    def anything():
        return "late"

    app.register_blueprint(bp)
    return [sorted(app.view_functions), lab.brief(app, "/late")]


@scenario
def record_after_registration(lab: Lab):
    app = lab.app()
    bp = Blueprint("bp", __name__)
    app.register_blueprint(bp)
    return [
        lab.raises(bp.record, lambda state: None),
        lab.raises(bp.record_once, lambda state: None),
        lab.raises(bp.register_blueprint, Blueprint("x", __name__)),
    ]


@scenario
def blueprint_registered_after_the_first_request(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", where)
    lab.brief(app)
    return lab.raises(app.register_blueprint, Blueprint("bp", __name__))


@scenario
def hooks_only_for_the_blueprint(lab: Lab):
    app = lab.app()
    one, two = (
        Blueprint("one", __name__, url_prefix="/one"),
        Blueprint("two", __name__, url_prefix="/two"),
    )
    for bp in (one, two):
        bp.before_request(lambda bp=bp: lab.say("before", bp.name))
        bp.after_request(lambda response, bp=bp: (lab.say("after", bp.name), response)[1])
        bp.teardown_request(lambda error, bp=bp: lab.say("teardown", bp.name))
        bp.add_url_rule("/", "view", where)
        app.register_blueprint(bp)
    app.add_url_rule("/", "index", where)
    return lab.codes(app, "/", "/one/", "/two/", "/one/none")


@scenario
def endpoint_with_dots_selects_blueprints(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "not.a.blueprint", where)
    app.register_blueprint(Blueprint("not", __name__))
    app.before_request_funcs.setdefault("not", []).append(lambda: lab.say("not"))
    app.before_request_funcs.setdefault("not.a", []).append(lambda: lab.say("not.a"))
    return lab.brief(app)


@scenario
def blueprint_cli_groups(lab: Lab):
    app = lab.app()
    seen = []
    for group in ("unset", None, "custom"):
        options = {} if group == "unset" else {"cli_group": group}
        bp = Blueprint(f"bp_{group}", __name__, **options)
        bp.cli.command(f"say-{group}")(lambda group=group: print(f"t: {group}"))
        app.register_blueprint(bp)
    late = Blueprint("late", __name__)
    late.cli.command("say")(lambda: print("late"))
    app.register_blueprint(late, cli_group="renamed")
    app.register_blueprint(Blueprint("silent", __name__))
    runner = app.test_cli_runner()
    for arguments in (
        ["bp_unset", "say-unset"],
        ["say-None"],
        ["custom", "say-custom"],
        ["renamed", "say"],
        ["silent"],
    ):
        result = runner.invoke(args=arguments)
        seen.append([arguments, result.exit_code, result.output if result.exit_code == 0 else ""])
    return [seen, sorted(app.cli.commands)]


@scenario
def not_a_blueprint(lab: Lab):
    return [
        lab.raises(lab.app().register_blueprint, "bp"),
        lab.raises(lab.app().register_blueprint, None),
    ]


@scenario
def request_blueprints(lab: Lab):
    app = lab.app()
    a, b = Blueprint("a", __name__, url_prefix="/a"), Blueprint("b", __name__, url_prefix="/b")
    b.add_url_rule("/", "v", where)
    a.register_blueprint(b)
    app.register_blueprint(a)
    app.register_error_handler(404, lambda error: where())
    return lab.briefs(app, "/a/b/", "/none")
