"""The program of the chat servers that the tests of Flask-SocketIO start as processes.

MODE says how a server waits: with threads or with gevent. QUEUE is the address of the Redis that
joins several, NAME what one of them is called, PATIENCE for how many seconds it awaits the answer
to a ping.
"""

PROGRAM = """
import os
mode = os.environ["MODE"]
if mode == "gevent":
    from gevent import monkey
    monkey.patch_all()
import flask
from flask_socketio import (
    ConnectionRefusedError, Namespace, SocketIO, close_room, disconnect, emit, join_room,
    leave_room, send,
)

app = flask.Flask("chat")
app.secret_key = "chat"
socketio = SocketIO(
    app,
    async_mode=mode,
    message_queue=os.environ.get("QUEUE"),
    channel=f"chat-{mode}",
    ping_interval=1,
    ping_timeout=float(os.environ.get("PATIENCE", 30)),
)
gone = []

@app.get("/login/<name>")
def login(name):
    flask.session["name"] = name
    return "in"

@app.get("/tell/<text>")
def tell(text):
    socketio.emit("told", text)
    return "told"

@app.get("/server")
def server():
    return os.environ["NAME"]

@app.get("/gone")
def show_gone():
    return flask.jsonify(gone)

@socketio.on("connect")
def connect(auth):
    if auth == {"key": "wrong"}:
        raise ConnectionRefusedError("wrong key")
    emit("welcome", flask.session.get("name", "guest"))

@socketio.on("disconnect")
def left(reason):
    gone.append(flask.session.get("name", "guest"))

@socketio.on("echo")
def echo(data):
    return data

@socketio.on("count")
def count():
    flask.session["count"] = flask.session.get("count", 0) + 1
    return flask.session["count"]

@socketio.on("request")
def request_seen(data):
    seen = flask.request
    return [seen.args["q"], seen.headers["X-Key"], seen.event["message"], seen.event["args"],
        seen.namespace, len(seen.sid) > 5, flask.current_app.name, flask.url_for("login", name="a")]

@socketio.on("g")
def global_is_new():
    flask.g.seen = flask.g.get("seen", 0) + 1
    return flask.g.seen

@socketio.on("join")
def join(room):
    join_room(room)
    emit("joined", room, to=room)

@socketio.on("leave")
def leave(room):
    leave_room(room)
    return True

@socketio.on("close")
def close(room):
    close_room(room)
    return True

@socketio.on("say")
def say(room, text):
    emit("said", text, to=room, include_self=False)
    return True

@socketio.on("shout")
def shout(text):
    emit("said", text, broadcast=True)

@socketio.on("message")
def message(text):
    send(text.upper())

@socketio.on("json")
def json(data):
    send(data, json=True)

@socketio.on("work")
def work():
    def later(sid):
        socketio.sleep(0.05)
        socketio.emit("done", "work", to=sid)
    socketio.start_background_task(later, flask.request.sid)
    return "begun"

@socketio.on("kick")
def kick():
    disconnect()

@socketio.on("fail")
def fail():
    raise ZeroDivisionError

@socketio.on_error()
def on_error(error):
    emit("failed", type(error).__name__)

class Admin(Namespace):
    def on_connect(self, auth):
        return flask.session.get("name") == "ada"

    def on_status(self, data):
        return ["fine", flask.request.namespace]

socketio.on_namespace(Admin("/admin"))

def tell_port():
    # Werkzeug's server says where it listens, gevent's has to be asked.
    while not (socketio.wsgi_server and socketio.wsgi_server.started):
        socketio.sleep(0.01)
    print(f"Running on http://127.0.0.1:{socketio.wsgi_server.server_port}", flush=True)

if mode == "gevent":
    socketio.start_background_task(tell_port)
socketio.run(app, port=0, allow_unsafe_werkzeug=True)
"""
