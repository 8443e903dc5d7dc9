"""Faults put into the pipeline on purpose, each with the tests that have to turn red.

Every fast path has a slow twin, and a comparison of the two must fail when one of them is broken.
These are the breakages that were once found to go unnoticed, and more of their kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from .trial import SOURCES, Trial


@dataclass(frozen=True)
class Sabotage:
    """An edit of one file: the text ``before`` stands there once and becomes ``after``."""

    name: str
    path: str
    before: str
    after: str
    tests: tuple[str, ...]

    def trial(self) -> Trial:
        source = (SOURCES / self.path).read_text()
        assert source.count(self.before) == 1, f"{self.name}: not once in {self.path}"
        return Trial(self.path, source.replace(self.before, self.after), self.tests)


DOORS = ("tests/pipeline/test_doors.py",)
TABLE = ("tests/routing/test_table.py",)
URLS = ("tests/differential/test_werkzeug_map.py",)
CHANGES = ("tests/pipeline/test_following_changes.py",)
SIGNALS = ("tests/test_signals.py",)
TEARDOWN = ("tests/pipeline/test_teardown.py",)
SESSIONS = ("tests/test_sessions.py",)
SHORT_SESSIONS = ("tests/test_session_shortcuts.py",)
SMALL_BODIES = ("tests/asgi/test_asgi_small_bodies.py",)
CONTEXTS = ("tests/rendering/test_rendering_contexts.py",)
CONNECTION = "flask/websockets/connection.py"
WEBSOCKETS = (
    "tests/websocket/test_websockets_messages.py",
    "tests/websocket/test_websockets_disconnect.py",
)
HOSTS = ("tests/pipeline/test_hosts.py",)
FILES = ("tests/test_files.py",)
SIGNING = ("tests/test_signing.py",)
HEADERS = ("tests/test_headers.py",)
WSGI = "flask/doors/wsgi.py"
PLAIN_ASGI = "flask/doors/plain_asgi.py"
PLAIN_THREAD = "flask/doors/plain_thread.py"
PLAIN = ("tests/asgi/test_asgi_plain.py",)
CONDUCTOR = "flask/pipeline/_conductor_sync.py"
STEPS = "flask/pipeline/steps.py"
RESPONSE = "flask/pipeline/response.py"
PROGRAM = "flask/pipeline/program.py"

SABOTAGES = (
    # Three that once left all tests green.
    Sabotage(
        "the plain way answers something else",
        WSGI,
        "body, content_type = rv.encode(), html",
        'body, content_type = b"BROKEN", html',
        DOORS,
    ),
    Sabotage(
        "the routing table finds nothing but errors",
        "flask/routing/table.py",
        "        root = self.root\n        if root is None or",
        "        raise LookupError\n        root = self.root\n        if root is None or",
        URLS,
    ),
    Sabotage(
        "the routing table knows no allowed methods",
        "flask/routing/table.py",
        "        methods: set[str] = set()\n",
        "        return None\n        methods: set[str] = set()\n",
        TABLE,
    ),
    # The plain way.
    Sabotage(
        "the plain way sends the body of HEAD",
        WSGI,
        'return iter(() if method == "HEAD" else (body,))',
        "return iter((body,))",
        DOORS,
    ),
    Sabotage(
        "the plain way takes everything for 200, also where a session was opened",
        WSGI,
        "ctx._session_object is None\n                    and ",
        "",
        DOORS,
    ),
    Sabotage(
        "the plain way forgets functions for this response",
        WSGI,
        "is None\n                    and ctx._response_functions is None\n",
        "is None\n",
        DOORS,
    ),
    Sabotage(
        "the plain way leaves the request context behind",
        WSGI,
        "            elif (request := ctx._request) is None:\n"
        "                reset_request(request_token)\n",
        "            elif (request := ctx._request) is None:\n",
        DOORS,
    ),
    Sabotage(
        "the plain way overlooks receivers of request_started",
        WSGI,
        'if plan.is_direct and not started and method != "OPTIONS":',
        'if plan.is_direct and method != "OPTIONS":',
        SIGNALS,
    ),
    Sabotage(
        "the plain way overlooks receivers of request_finished",
        WSGI,
        "                    and not finished\n                    and ctx._session_object is",
        "                    and ctx._session_object is",
        SIGNALS,
    ),
    Sabotage(
        "a refused cookie is not looked at where nobody asks for the session",
        WSGI,
        "steps.is_without_session(app, environ, program)",
        "True",
        SESSIONS,
    ),
    Sabotage(
        "the inlined way forgets functions of teardown_request",
        WSGI,
        "not plan.has_plain_end\n                or tearing_down",
        "tearing_down",
        DOORS,
    ),
    Sabotage(
        "the inlined way leaves the request context of a request that was looked at behind",
        WSGI,
        "                finally:\n                    reset_request(request_token)\n",
        "                finally:\n",
        DOORS,
    ),
    Sabotage(
        "the inlined way sends a text as it is although a function comes after the view",
        WSGI,
        "plan.has_plain_answer\n                    and ",
        "",
        DOORS,
    ),
    Sabotage(
        "a getter of a session interface's subclass is not called for an untouched session",
        WSGI,
        "if touch_session is not None and body is not None:",
        "if False:",
        DOORS,
    ),
    # The conductor.
    Sabotage(
        "an overridden dispatch_request is not called",
        CONDUCTOR,
        "if replaced.dispatch_request:",
        "if False:",
        ("differential:overrides",),
    ),
    Sabotage(
        "an overridden finalize_request is not called",
        WSGI,
        "if replaced.finalize_request:",
        "if False:",
        ("differential:overrides",),
    ),
    Sabotage(
        "a hook's answer does not keep the view from being called",
        CONDUCTOR,
        "        if rv is None:\n            if replaced.dispatch_request:",
        "        if True:\n            if replaced.dispatch_request:",
        ("tests/test_blueprints.py",),
    ),
    Sabotage(
        "functions for this response run after those of the application",
        CONDUCTOR,
        "for after in ctx._response_functions or ():",
        "for after in reversed(ctx._response_functions or ()):",
        ("tests/test_ctx.py",),
    ),
    Sabotage(
        "one failed teardown function ends the others",
        CONDUCTOR,
        "        except BaseException as raised:\n"
        "            failed = merge_teardown_errors(failed, raised)\n"
        "    try:\n        if request_tearing_down.receivers:",
        "        except BaseException as raised:\n"
        "            failed = merge_teardown_errors(failed, raised)\n            break\n"
        "    try:\n        if request_tearing_down.receivers:",
        TEARDOWN,
    ),
    Sabotage(
        "the error that ended a request is not told to its teardown",
        CONDUCTOR,
        "error, ctx.error = ctx.error, None",
        "error, ctx.error = None, None",
        SIGNALS,
    ),
    Sabotage(
        "got_request_exception is not sent",
        CONDUCTOR,
        "got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)",
        "pass",
        SIGNALS,
    ),
    Sabotage(
        "HTTP exceptions are not given to their handlers",
        CONDUCTOR,
        "return error if handler is None else handler(error)",
        "return error",
        ("differential:errors",),
    ),
    # Steps and programs.
    Sabotage(
        "hooks of outer blueprints run last",
        PROGRAM,
        "inwards = (None, *reversed(blueprints))",
        "inwards = (None, *blueprints)",
        ("tests/test_blueprints.py",),
    ),
    Sabotage(
        "after hooks run in the order of their declaration",
        PROGRAM,
        'if kind.when != "before":',
        'if kind.when == "end":',
        ("tests/test_blueprints.py",),
    ),
    Sabotage(
        "plans are never thrown away",
        "flask/pipeline/invalidation.py",
        "            self.number += 1\n            self.program = None",
        "            self.number += 1",
        CHANGES,
    ),
    Sabotage(
        "replaced methods of classes go unnoticed",
        PROGRAM,
        "            if len(namespace) != size:\n                return False\n",
        "            pass\n",
        CHANGES,
    ),
    Sabotage(
        "replaced methods of Flask go unnoticed",
        PROGRAM,
        "    CLASSES.watch(cls)\n",
        "",
        CHANGES,
    ),
    Sabotage(
        "replaced methods of contexts, requests and sessions go unnoticed",
        "flask/app.py",
        "or program.classes_hold()",
        "or True",
        CHANGES,
    ),
    Sabotage(
        "signals do not tell their sender",
        STEPS,
        "        ):\n            receiver(app, **values)",
        "        ):\n            receiver(None, **values)",
        SIGNALS,
    ),
    Sabotage(
        "the methods of an automatic OPTIONS answer are lost",
        STEPS,
        'allowed = ", ".join(methods)',
        'allowed = ""',
        URLS,
    ),
    Sabotage(
        "the session is not saved",
        STEPS,
        "            standard.save_where_needed(app, ctx._session, response)\n",
        "",
        SESSIONS,
    ),
    Sabotage(
        "a permanent session is not refreshed",
        STEPS,
        "(session.permanent or not program.has_standard_session)",
        "False",
        SESSIONS,
    ),
    Sabotage(
        "the error of a closed connection is told to teardown functions",
        STEPS,
        "if error is None and not isinstance(raised, _DISCONNECTS):",
        "if error is None:",
        TEARDOWN,
    ),
    # WebSockets.
    Sabotage(
        "a WebSocket message that waits for the client is taken for sent",
        CONNECTION,
        "                if awaited is ENDED:\n",
        "                if True:\n",
        WEBSOCKETS,
    ),
    Sabotage(
        "iterating a WebSocket has no limit of the size",
        CONNECTION,
        "                    if text is not None and len(text) * 4 <= self._limit:\n",
        "                    if text is not None:\n",
        WEBSOCKETS,
    ),
    Sabotage(
        "any error of a server's send means that the client is gone",
        CONNECTION,
        "                    if not says_gone(error):\n                        raise\n",
        "",
        WEBSOCKETS,
    ),
    # Sessions and contexts.
    Sabotage(
        "cookies of another key are believed",
        "flask/sessions.py",
        "        except BadSignature:\n            pass",
        "        except BadSignature:\n            return interface.session_class(user='root')",
        SESSIONS,
    ),
    Sabotage(
        "reading a session does not vary by cookie",
        "flask/sessions.py",
        "        if varies:\n            _vary_by_cookie(response)",
        "",
        SESSIONS,
    ),
    Sabotage(
        "a cookie with a name of which there are two is read as if there were one",
        "flask/sessions.py",
        " or header.count(name) != 1",
        "",
        SHORT_SESSIONS,
    ),
    Sabotage(
        "cookies inside of quotes are found",
        "flask/sessions.py",
        " or '\"' in header",
        "",
        SHORT_SESSIONS,
    ),
    Sabotage(
        "a replaced way to read cookies is not asked",
        "flask/sessions.py",
        "        or not _reads_as_built_in.holds()\n",
        "",
        SHORT_SESSIONS,
    ),
    Sabotage(
        "a replaced way to save sessions is not asked",
        "flask/http/session_answers.py",
        " or not _unpatched.holds()",
        "",
        SHORT_SESSIONS,
    ),
    Sabotage(
        "a permanent session loses its end",
        "flask/http/session_answers.py",
        "    if session.permanent:\n        return None  # its cookie has an end\n",
        "",
        SHORT_SESSIONS,
    ),
    Sabotage(
        "a session is saved without a look at the size of its cookie",
        "flask/http/session_answers.py",
        "not max_size or len(cookie) <= max_size",
        "True",
        SHORT_SESSIONS,
    ),
    Sabotage(
        "receivers of the finished request see no response of a session",
        WSGI,
        "                            and not finished\n",
        "",
        SHORT_SESSIONS,
    ),
    Sabotage(
        "tiny texts are never compressed",
        "flask/http/signing.py",
        "len(text) - len(set(text)) <= _FEW_REPEATED",
        "len(text) - len(set(text)) <= 14",
        SIGNING,
    ),
    Sabotage(
        "a host with a label that is too long is learnt without an adapter",
        PROGRAM,
        "        and len(name) < 64\n",
        "",
        HOSTS,
    ),
    Sabotage(
        "a host with an empty label is learnt without an adapter",
        PROGRAM,
        '        and all(map(str.isalnum, name.replace("-", "0").split(".")))\n',
        "",
        HOSTS,
    ),
    Sabotage(
        "hosts are learnt without an adapter also where rules have hosts",
        PROGRAM,
        "if not self.one_domain or not _is_plain_host",
        "if not _is_plain_host",
        HOSTS,
    ),
    Sabotage(
        "a rule that may fail to compile is not compiled at once",
        "flask/routing/rule.py",
        "if self.defaults or count != len(self._converters):",
        "if self.defaults:",
        ("tests/routing",),
    ),
    # Templates.
    Sabotage(
        "a patched context of Jinja is not made",
        "flask/rendering/pristine.py",
        '    (EvalContext, "__init__"),\n',
        "",
        CONTEXTS,
    ),
    Sabotage(
        "globals of one template are not seen",
        "flask/rendering/template.py",
        "            or maps[0]\n",
        "",
        CONTEXTS,
    ),
    Sabotage(
        "contexts escape whatever the template",
        "flask/rendering/template.py",
        "eval_ctx.autoescape = autoescape(name) if callable(autoescape) else autoescape",
        "eval_ctx.autoescape = True",
        CONTEXTS,
    ),
    Sabotage(
        "the built-in variables replace those that are passed",
        "flask/templating.py",
        'if request_context is not None and "request" not in context:',
        "if request_context is not None:",
        CONTEXTS,
    ),
    Sabotage(
        "functions for the variables of templates are not called",
        "flask/app.py",
        "if name in processors and processors[name] != _BUILT_IN_PROCESSORS:",
        "if False:",
        CONTEXTS,
    ),
    Sabotage(
        "functions of a blueprint for the variables of templates are not called",
        "flask/app.py",
        "names = (None, *reversed(current._blueprints))",
        "names = (None,)",
        CONTEXTS,
    ),
    Sabotage(
        "a replaced ensure_sync is not asked for the variables of templates",
        "flask/app.py",
        'type(self).ensure_sync is _ENSURE_SYNC and "ensure_sync" not in self.__dict__',
        "True",
        CONTEXTS,
    ),
    Sabotage(
        "an environment that reloads does not look again",
        "flask/rendering/finding.py",
        "        and not environment.auto_reload\n",
        "",
        CONTEXTS,
    ),
    Sabotage(
        "a class's own way to find templates is not asked",
        "flask/rendering/finding.py",
        "else (watched.canary.__flags__ & IS_UNCHANGED and watched.held) or watched.holds()",
        "else True",
        CONTEXTS,
    ),
    Sabotage(
        "an environment's own way to find templates is not asked",
        "flask/rendering/finding.py",
        '        and "get_or_select_template" not in attributes\n',
        "",
        CONTEXTS,
    ),
    # Files.
    Sabotage(
        "a file whose response has a Vary gets another one",
        "flask/wrappers.py",
        "            or self.direct_passthrough  # a file, which may have such a header\n",
        "",
        FILES,
    ),
    Sabotage(
        "a request class is not asked for the environment of a file",
        "flask/helpers.py",
        "        and context.app.request_class is Request\n",
        "",
        FILES,
    ),
    Sabotage(
        "a replaced request is not asked for the environment of a file",
        "flask/helpers.py",
        "        and request is _REQUEST\n",
        "",
        FILES,
    ),
    Sabotage(
        "a static folder stays what it was",
        "flask/sansio/scaffold.py",
        "if folder is not joined_folder or self.root_path is not root_path:",
        "if not joined:",
        FILES,
    ),
    Sabotage(
        "a file that the client has is sent with all of its headers",
        "flask/http/emission.py",
        "if not is_removed_from_304(h[0])], iter(())",
        "], iter(())",
        FILES,
    ),
    Sabotage(
        "the rest of a path may begin with a slash",
        "flask/routing/table.py",
        'if edge.takes_rest and part and "\\n" not in path:',
        'if edge.takes_rest and "\\n" not in path:',
        TABLE,
    ),
    Sabotage(
        "steps of the tree are tried in the order of their rules",
        "flask/routing/tree.py",
        "sorted(state.dynamic, key=_weight)",
        "state.dynamic",
        TABLE,
    ),
    Sabotage(
        "NaN is looked for in no JSON text",
        "flask/params/codec.py",
        "        if json_may_be_not_finite(data):\n",
        "        if False:\n",
        ("tests/params/test_params_finite.py",),
    ),
    Sabotage(
        "the rest of a path may have a line end",
        "flask/routing/table.py",
        'if edge.takes_rest and part and "\\n" not in path:',
        "if edge.takes_rest and part:",
        TABLE,
    ),
    Sabotage(
        "a copied context has a session of its own",
        "flask/ctx.py",
        "return type(self)(self.app, self.request.environ, self.request, self._session)",
        "return type(self)(self.app, self.request.environ, self.request)",
        ("tests/test_ctx.py",),
    ),
    # Small bodies and plain answers by ASGI.
    Sabotage(
        "a small body loses a byte on the plain path",
        PLAIN_ASGI,
        "            ctx._body = posted\n",
        "            ctx._body = posted[:-1]\n",
        SMALL_BODIES,
    ),
    Sabotage(
        "any body is taken for JSON",
        PLAIN_ASGI,
        'ctx._has_json = sent_type == b"application/json"',
        "ctx._has_json = True",
        SMALL_BODIES,
    ),
    Sabotage(
        "a request that was asked for is not closed",
        PLAIN_ASGI,
        "                        ctx.close_request()\n",
        "                        pass\n",
        SMALL_BODIES,
    ),
    Sabotage(
        "an encoded body is sent without its type",
        PLAIN_ASGI,
        "body, content_type = rv.body, text_type(rv.header)",
        "body, content_type = rv.body, html",
        SMALL_BODIES,
    ),
    Sabotage(
        "an encoded body from a thread is sent without its type",
        PLAIN_THREAD,
        "body, content_type = rv.body, text_type(rv.header)",
        "body, content_type = rv.body, html",
        PLAIN,
    ),
    Sabotage(
        "a request of a thread that was asked for is not closed",
        PLAIN_THREAD,
        "                        ctx.close_request()\n",
        "                        pass\n",
        PLAIN,
    ),
    Sabotage(
        "a session that a thread's view used is not saved",
        PLAIN_THREAD,
        "                    and ctx._session_object is None\n",
        "",
        PLAIN,
    ),
    Sabotage(
        "a receiver that a thread's view connected is not told of the end",
        PLAIN_THREAD,
        "                tearing_down\n                or app_tearing_down\n",
        "                app_tearing_down\n",
        PLAIN,
    ),
    Sabotage(
        "a file from a thread's plain view is not sent by its path",
        PLAIN_THREAD,
        'if extensions and "http.response.pathsend" in extensions:',
        "if False:",
        PLAIN,
    ),
    Sabotage(
        "a thread's views take the slow path",
        PLAIN_ASGI,
        '                and scope["http_version"] < "2"\n',
        '                and scope["http_version"] < "1"\n',
        PLAIN,
    ),
    Sabotage(
        "the event of a mailbox wakes nobody",
        "flask/doors/threads.py",
        "        os.eventfd_write(self._descriptor, 1)\n",
        "",
        ("tests/asgi/test_asgi_threads.py",),
    ),
    Sabotage(
        "the message of a body that is not all there is lost",
        "flask/doors/body.py",
        "        return _Begun(receive, partial(_return, message))",
        "        return receive",
        SMALL_BODIES,
    ),
    Sabotage(
        "JSON that was read is not kept",
        "flask/wrappers.py",
        "                        self._cached_json = value, value\n",
        "",
        SMALL_BODIES,
    ),
    Sabotage(
        "JSON is read however the class was patched",
        "flask/wrappers.py",
        "                and reads_json_as_built_in()\n",
        "",
        SMALL_BODIES,
    ),
    Sabotage(
        "the second variable of a path has the value of the first",
        "flask/routing/table.py",
        "other: other_text if second is None",
        "other: text if second is None",
        TABLE,
    ),
    # Headers, signatures, forms.
    Sabotage(
        "a header is found by its name as it is written alone",
        "flask/http/headers.py",
        "if name.lower() == sought:\n                        return value",
        "if name == key:\n                        return value",
        HEADERS,
    ),
    Sabotage(
        "a header that somebody replaced the look-up of is found without it",
        "flask/http/headers.py",
        "if type is None and key.__class__ is str and _lookups_unpatched.holds():",
        "if type is None and key.__class__ is str:",
        HEADERS,
    ),
    Sabotage(
        "a relative location is sent as it is",
        "flask/http/emission.py",
        "_PLAIN_HEADERS.issuperset(names[:1] + names[2:])",
        "True",
        HEADERS,
    ),
    Sabotage(
        "a long key is cut",
        "flask/http/signing.py",
        "key = hashlib.sha1(key).digest()  # nosec B324",
        "key = key[:_BLOCK]",
        SIGNING,
    ),
    Sabotage(
        "a cookie is given the time of the one before",
        "flask/http/signing.py",
        "if second != now:",
        "if not second:",
        SIGNING,
    ),
    Sabotage(
        "digits after a percent sign are read in lower case alone",
        "flask/http/forms.py",
        '_DIGITS = "0123456789abcdefABCDEF"',
        '_DIGITS = "0123456789abcdef"',
        ("tests/test_forms.py",),
    ),
    Sabotage(
        "OPTIONS is answered by the view",
        WSGI,
        'if plan.is_direct and not started and method != "OPTIONS":',
        "if plan.is_direct and not started:",
        DOORS,
    ),
    Sabotage(
        "a path that no rule has is no error to hooks",
        WSGI,
        "ctx.keep_routing_error(NotFound())",
        "pass",
        DOORS,
    ),
    Sabotage(
        "every method of a rule is said to be wrong",
        STEPS,
        "if methods and method.upper() not in methods:",
        "if methods:",
        ("differential:rules", "differential:methods", "differential:response_objects"),
    ),
    Sabotage(
        "any method is allowed that stands in lower case",
        STEPS,
        "if methods and method.upper() not in methods:",
        "if methods and method not in methods:",
        ("differential:response_objects", "differential:methods"),
    ),
    Sabotage(
        "an error page is one list of bytes to hooks",
        RESPONSE,
        "page.response = OnePiece(",
        "OnePiece(",
        ("differential:response_objects",),
    ),
    Sabotage(
        "the error page of HEAD has a body to hooks",
        RESPONSE,
        'has_body = environ["REQUEST_METHOD"] != "HEAD"',
        "has_body = True",
        ("differential:response_objects",),
    ),
    Sabotage(
        "headers of an error are lost",
        RESPONSE,
        "page._first_headers = (*headers, page._first_headers[1])",
        "pass",
        ("differential:response_objects",),
    ),
    Sabotage(
        "a mark of classes says what an earlier generation did",
        "flask/pipeline/invalidation.py",
        """                self.generation = next(self._numbers)
                getattr(self.canary, "__init__", None)
""",
        """                getattr(self.canary, "__init__", None)
                self.generation = next(self._numbers)
""",
        CHANGES,
    ),
    Sabotage(
        "a comparison counts as made before it is",
        "flask/http/pristine.py",
        "            self.held = False  # for other threads, until it is known\n",
        "",
        ("tests/test_pristine.py",),
    ),
    Sabotage(
        "contexts are made without their constructor",
        PROGRAM,
        '_CONTEXT_NAMES = ("__init__", "match_request"',
        '_CONTEXT_NAMES = ("match_request"',
        CHANGES,
    ),
    Sabotage(
        "paths are looked up before they are decoded",
        "flask/routing/table.py",
        "if not values and path.isascii():",
        "if not values:",
        DOORS,
    ),
    Sabotage(
        "receivers of one application are not sent signals",
        STEPS,
        "for key in everybodys | those_of_app if those_of_app else everybodys.copy():",
        "for key in everybodys.copy():",
        SIGNALS,
    ),
    Sabotage(
        "receivers of everybody are not sent signals of an application that has its own",
        STEPS,
        "everybodys | those_of_app if",
        "those_of_app.copy() if",
        SIGNALS,
    ),
    Sabotage(
        "a receiver is sent a signal after it was disconnected",
        STEPS,
        "for key in everybodys | those_of_app if those_of_app else everybodys.copy():\n"
        "        receiver: t.Any = receivers.get(key)\n",
        "known = [(k, receivers.get(k)) for k in {*everybodys, *(those_of_app or ())}]\n"
        "    for key, receiver in known:\n",
        SIGNALS,
    ),
    Sabotage(
        "another choice of receivers is overlooked",
        STEPS,
        "or kind.receivers_for is not _RECEIVERS_FOR",
        "or False",
        SIGNALS,
    ),
    Sabotage(
        "a replaced conversion to a number goes unnoticed",
        PROGRAM,
        "            or converters_as_built_in() != self._has_built_in_converters\n",
        "",
        CHANGES,
    ),
    Sabotage(
        "a table is used though conversion to a number was replaced",
        PROGRAM,
        "            and self._has_built_in_converters\n",
        "",
        CHANGES,
    ),
    Sabotage(
        "a JSON response of the provider's own is not made",
        WSGI,
        'and "response" not in own_provider',
        "and True",
        CHANGES,
    ),
    Sabotage(
        "a replaced JSON response goes unnoticed",
        WSGI,
        "classes.__flags__ & IS_UNCHANGED\n                                and type(provider)",
        "True\n                                and type(provider)",
        CHANGES,
    ),
)
