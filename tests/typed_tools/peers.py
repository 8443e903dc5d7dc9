"""Operations like those of `torture.py`, declared for FastAPI and for Litestar.

`python peers.py fastapi_app` serves one on a free port, whose URL it prints.
"""

# Not postponed: FastAPI and Litestar find the classes of annotations here.
import datetime
import decimal
import enum
import socket
import sys
import uuid
from typing import Annotated, Any, Literal

import msgspec
import pydantic


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Model(pydantic.BaseModel):
    name: Annotated[str, pydantic.Field(min_length=1, max_length=10)]
    number: Annotated[int, pydantic.Field(gt=-10, lt=10)]
    amount: decimal.Decimal
    took: datetime.timedelta
    raw: bytes
    flag: bool
    colour: Colour
    counts: dict[str, int]
    unique: set[int]
    maybe: int | None = None


class Struct(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=10)]
    number: Annotated[int, msgspec.Meta(gt=-10, lt=10)]
    amount: decimal.Decimal
    took: datetime.timedelta
    raw: bytes
    flag: bool
    colour: Colour
    counts: dict[str, int]
    unique: set[int]
    maybe: int | None = None


def fastapi_app() -> Any:
    from fastapi import FastAPI, Query

    app = FastAPI()

    @app.post("/everything")
    async def everything(it: Model) -> Model:
        return it

    @app.get("/query")
    async def query(
        number: Annotated[int, Query(ge=0, le=100)],
        ratio: float | None = None,
        flag: bool = False,
        colour: Colour | None = None,
        day: datetime.date | None = None,
        key: uuid.UUID | None = None,
        choice: Literal["a", "b"] = "a",
        numbers: Annotated[list[int], Query(max_length=3)] = [],  # noqa: B006
    ) -> dict[str, str]:
        return {"number": str(number)}

    return app


def litestar_app() -> Any:
    from litestar import Litestar, get, post
    from litestar.params import Parameter

    @post("/everything")
    async def everything(data: Struct) -> Struct:
        return data

    @get("/query")
    async def query(
        number: Annotated[int, Parameter(ge=0, le=100)],
        ratio: float | None = None,
        flag: bool = False,
        colour: Colour | None = None,
        day: datetime.date | None = None,
        key: uuid.UUID | None = None,
        choice: Literal["a", "b"] = "a",
    ) -> dict[str, str]:
        return {"number": str(number)}

    from litestar.openapi import OpenAPIConfig

    config = OpenAPIConfig(title="Like", version="1.0", path="/")
    return Litestar([everything, query], openapi_config=config)


if __name__ == "__main__":
    import uvicorn

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        server = uvicorn.Server(uvicorn.Config(globals()[sys.argv[1]](), log_level="error"))
        server.run([listening])
