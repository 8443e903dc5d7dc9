"""What the first chapters of any introduction to Flask build, in one application."""

import blog
import echo

from flask import Flask, redirect, render_template, request, session, url_for

app = Flask(__name__)
app.secret_key = "only for these tests"
app.config["MAX_CONTENT_LENGTH"] = 16 * 1024
app.register_blueprint(blog.bp)
app.register_blueprint(echo.bp)


@app.route("/")
def index():
    return "Hello, World!"


@app.route("/hello/<name>")
def hello(name):
    return f"Hello, {name}!"


@app.route("/data", methods=["POST"])
def data():
    sent = request.json
    return {"received": sent, "count": len(sent)}


@app.route("/page/<name>")
def page(name):
    return render_template("index.html", name=name)


@app.route("/login", methods=["POST"])
def login():
    session["user"] = request.form["user"]
    return redirect(url_for("whoami"))


@app.route("/whoami")
def whoami():
    return session.get("user", "nobody")


@app.errorhandler(404)
def not_found(error):
    return "<h1>No such page</h1>", 404


if __name__ == "__main__":
    app.run(debug=True)
