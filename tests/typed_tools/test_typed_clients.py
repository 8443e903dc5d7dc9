"""Clients that other people's tools generate from the document work against the example."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import NODE_MODULES, served

from flask import Flask

PROGRAM = """
import createClient from "openapi-fetch";
import type { components, paths } from "./things";

const api = createClient<paths>({ baseUrl: process.argv[2] });

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("no data");
  return value;
}

const credentials = { name: "typescript", password: "correct horse" };
const account = known((await api.POST("/v1/accounts", { body: credentials })).data);
const headers = { Authorization: `Bearer ${account.token}` };
const body: components["schemas"]["NewItem"] = { name: "Lamp", price: 1250, tags: ["desk"] };
const made = known((await api.POST("/v1/items", { body, headers })).data);
const change = { params: { path: { item_id: made.id } }, body: { price: 1000 }, headers };
const changed = known((await api.PATCH("/v1/items/{item_id}", change)).data);
const query = { tag: ["desk"], order: "cheapest" as const };
const found = known((await api.GET("/v1/items", { params: { query } })).data);
const wrong = await api.POST("/v1/items", { body: { ...body, price: -1 }, headers });
const pointers = wrong.error && "errors" in wrong.error ? wrong.error.errors : [];
console.log(JSON.stringify([changed.price, found.total, found.items[0]?.name, pointers]));
"""


@pytest.fixture
def document(example: Flask, tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_bytes(example.test_client().get("/openapi.json").data)
    return path


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, cwd=cwd, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_python_client_works(
    example: Flask, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = Path(sys.executable).with_name("openapi-python-client")
    run(generate, "generate", "--path", document, "--meta", "none", "--output-path", "things",
        cwd=tmp_path)  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path))
    things: Any = importlib.import_module("things")
    models: Any = importlib.import_module("things.models")

    def call(module: str, **arguments: Any) -> Any:
        return importlib.import_module(f"things.api.{module}").sync(**arguments)

    with served(example) as url:
        client = things.Client(base_url=url)
        credentials = models.Credentials(name="python", password="correct horse")
        account = call("accounts.v1_create_account", client=client, body=credentials)
        signed_in = things.AuthenticatedClient(base_url=url, token=account.token)
        new = models.NewItem(name="Lamp", price=1250, tags=["desk"])
        made = call("items.v1_create_item", client=signed_in, body=new)
        assert made.owner.name == "python"
        change = models.ItemChange(price=1000)
        changed = call("items.v1_change_item", item_id=made.id, client=signed_in, body=change)
        assert (changed.price, changed.name) == (1000, "Lamp")
        found = call("items.v1_search_items", client=client, tag=["desk"], max_price=1000)
        assert [it.id for it in found.items] == [made.id]
        assert found.items[0].added.tzinfo is not None
        refused = call(
            "items.v1_create_item", client=signed_in, body=models.NewItem(name="", price=-1)
        )
        assert isinstance(refused, models.ProblemDetails)
        assert [it.pointer for it in refused.errors] == ["/name", "/price"]
        gone = call("items.v1_show_item", item_id=made.id + 1, client=client)
        assert isinstance(gone, models.ProblemDetails)


def test_the_typescript_client_works(
    example: Flask, document: Path, tmp_path: Path, node_tool: Callable[[str], str]
) -> None:
    generate = [node_tool("openapi-typescript"), "--default-non-nullable", "false"]
    run(*generate, document, "--output", "things.ts", cwd=tmp_path)
    (tmp_path / "program.ts").write_text(PROGRAM)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "process.d.ts").write_text("declare const process: { argv: string[] };")
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    options = ["--strict", "--target", "es2022", "--module", "es2022"]
    options += ["--moduleResolution", "bundler", "--skipLibCheck"]
    run(node_tool("tsc"), *options, "program.ts", "process.d.ts", cwd=tmp_path)
    with served(example) as url:
        printed = run("node", "program.js", url, cwd=tmp_path)
    price, total, name, errors = json.loads(printed)
    assert (price, total, name) == (1000, 1, "Lamp")
    assert [(it["pointer"], it["code"]) for it in errors] == [("/price", "minimum")]
