"""The orders over HTTP: ``/api/v1/pedidos``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any, cast
from urllib.parse import urlencode

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from ..domain.commands import Answer, ChangeOrder, CreateOrder, DeleteOrder, Once
from ..domain.events import Cursor, encode, timestamp
from ..domain.fields import SECTORS, Priority, Status
from ..domain.order import PedidoMudanca, PedidoNovo, named_fields, new_order
from ..domain.roles import Principal, Role
from ..storage import orders as queries
from ..storage.orders import Filters, Page
from ..storage.sqlite.database import Database, JsonArray
from ..storage.sqlite.statements import Connection
from ..storage.writer import Writer
from .access import forbidden
from .descriptions import answers
from .downloads import Download, Downloads, caller_of
from .guard import principal
from .requests import Environ, StrictRequest, caller, if_match, json_response, not_modified, once

PREFIX = "/api/v1/pedidos"
SMALL = 64 * 1024
"""Bytes of an answer that a socket takes at once."""
_TICKABLE = frozenset((*SECTORS, "status"))


class OrderPath(BaseModel):
    pedido_id: int = Field(description="id do pedido", json_schema_extra={"minimum": 1})


class StatusPath(BaseModel):
    status: Status


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


def _moment(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value.replace(" ", "+"))  # an unescaped "+" arrives as a space
    except ValueError:
        raise PydanticCustomError("moment", "deve ser data e hora em ISO 8601") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return timestamp(moment.astimezone(UTC))
    except OverflowError:
        raise PydanticCustomError("moment", "deve ser data e hora em ISO 8601") from None


def _sector(value: str) -> str:
    if value not in (*SECTORS, "pronto"):
        raise PydanticCustomError("sector", "use " + ", ".join((*SECTORS, "pronto")))
    return value


_SECTOR_WORDS = WithJsonSchema({"type": "string", "enum": [*SECTORS, "pronto"]})
_MOMENT_OR_DAY = WithJsonSchema({"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]})
_PAGE_CURSOR = WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,18}\.(0|[1-9][0-9]{0,17})-[0-9a-f]{8}$"})


def _as_in_an_address(schema: dict[str, Any]) -> None:
    """An address has no null: what a filter leaves out is absent, or empty."""
    for described in schema["properties"].values():
        described.pop("default")
        kinds = [kind for kind in described.pop("anyOf", ()) if kind != {"type": "null"}]
        if kinds:
            described["anyOf"] = [*kinds, {"type": "string", "enum": [""]}]


class ListQuery(BaseModel):
    """Filters and paging of the list."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_as_in_an_address)

    status: Annotated[Status | None, BeforeValidator(_empty_is_none)] = None
    setor: Annotated[
        Annotated[str, BeforeValidator(str.lower), AfterValidator(_sector), _SECTOR_WORDS] | None,
        BeforeValidator(_empty_is_none),
    ] = Field(default=None, description="primeiro setor não marcado, ou `pronto`")
    prioridade: Annotated[Priority | None, BeforeValidator(_empty_is_none)] = None
    q: str = Field(default="", max_length=200, description="procura em numero, cliente, cidade e telefone")
    atualizado_desde: Annotated[
        Annotated[str, AfterValidator(_moment), _MOMENT_OR_DAY] | None, BeforeValidator(_empty_is_none)
    ] = None
    recentes: Annotated[int | None, BeforeValidator(_empty_is_none)] = Field(
        default=None, ge=0, le=36_500, description="os em aberto, e os mudados em tantos dias"
    )
    limite: Annotated[int | None, BeforeValidator(_empty_is_none)] = Field(default=None, ge=1, le=10_000)
    cursor: Annotated[str, _PAGE_CURSOR] | None = Field(
        default=None, description="página seguinte, como dada em Link"
    )

    @classmethod
    @functools.cache
    def model_json_schema(cls, *arguments: Any, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        """Cached: flask-openapi3 asks for it on every request, and making it takes longer than the list."""
        return super().model_json_schema(*arguments, **options)


def change_order(
    writer: Writer,
    environ: Environ,
    principal: Principal,
    pedido_id: int,
    body: PedidoMudanca,
    raw_body: Callable[[], bytes],
) -> Answer:
    """Changes one order, and returns after the COMMIT. Raises Problem 400, 403, 422 or 503, or a Refusal."""
    changes = named_fields(body)
    _refuse_others_fields(changes, principal)
    by, key = caller(environ, principal), once(environ, principal, raw_body)
    return writer.submit(ChangeOrder(pedido_id, changes, if_match(environ), by, key))


def orders_blueprint(database: Database, writer: Writer, downloads: Downloads, zone: tzinfo | None) -> APIBlueprint:
    """``zone`` is the shop's; None is the system's."""
    api = APIBlueprint(
        "orders", __name__, url_prefix=PREFIX, abp_tags=[Tag(name="pedidos", description="Os pedidos")]
    )

    def key() -> Once | None:
        found = once(request.environ, principal(), cast("StrictRequest", request).body)
        principal()  # the body may have been read just now, for its key
        return found

    def listing(filters: Filters, page: Page) -> Response:
        """A list: its ETag is the log's position, which every change moves."""

        def tag(position: Cursor) -> str:
            since = f"-{filters.recent_since()}" if filters.recentes is not None else ""
            return f'W/"{position}{since}"'

        if "If-None-Match" in request.headers:
            current = database.read(queries.position, caller_of(request.environ, principal()))
            if not_modified(tag(current)):
                cursor = str(page.snapshot or current)
                return Response(status=304, headers={"ETag": tag(current), "X-Pedidos-Cursor": cursor})
        with downloads.begin(request.environ, principal()) as download:
            found, first, rest = database.stream(
                lambda connection: _open_list(connection, filters, page), download.room, download.caller
            )
        headers = {
            "ETag": tag(found.current),
            "X-Pedidos-Cursor": str(found.snapshot),
            "X-Total-Count": str(found.total),
        }
        if found.next_cursor:
            query = {**request.args.to_dict(), "cursor": found.next_cursor}
            headers["Link"] = f'<{request.path}?{urlencode(query)}>; rel="next"'
        return sent(download, first, rest, headers)

    @api.get("", summary="Lista os pedidos, do mais novo ao mais antigo", responses=answers("list"))
    def list_orders(query: ListQuery) -> Response:
        filters = Filters(
            query.status, query.setor, query.prioridade, query.q, query.atualizado_desde, query.recentes
        )
        return listing(filters, Page.parse(query.limite, query.cursor))

    @api.get("/status/<status>", summary="Lista os pedidos de um status", responses=answers("list"))
    def list_by_status(path: StatusPath, query: ListQuery) -> Response:
        filters = Filters(path.status, query.setor, query.prioridade, query.q, query.atualizado_desde, query.recentes)
        return listing(filters, Page.parse(query.limite, query.cursor))

    @api.get("/proximo-numero", summary="O próximo número, só como sugestão", responses=answers("number"))
    def next_number() -> Response:
        found = database.read(queries.next_number, caller_of(request.environ, principal()))
        return json_response(encode(found))

    @api.post("", summary="Cria um pedido", responses=answers("create"))
    def create_order(body: PedidoNovo) -> Response:
        by = caller(request.environ, principal())
        return answered(writer.submit(CreateOrder(new_order(body, zone), by, key())))

    @api.get("/<order_id:pedido_id>", summary="Um pedido", responses=answers("one"))
    def get_order(path: OrderPath) -> Response:
        with downloads.begin(request.environ, principal()) as download:
            versao, document = database.read(
                lambda connection: queries.one(connection, path.pedido_id), download.caller
            )
        tag = etag(versao)
        if not_modified(tag):
            download.close()
            return Response(status=304, headers={"ETag": tag})
        return sent(download, document, None, {"ETag": tag})

    @api.patch("/<order_id:pedido_id>", summary="Muda os campos enviados", responses=answers("update"))
    def update_order(path: OrderPath, body: PedidoMudanca) -> Response:
        raw_body = cast("StrictRequest", request).body
        return answered(change_order(writer, request.environ, principal(), path.pedido_id, body, raw_body))

    @api.delete("/<order_id:pedido_id>", summary="Exclui um pedido", responses=answers("delete"))
    def delete_order(path: OrderPath) -> Response:
        by = caller(request.environ, principal())
        return answered(writer.submit(DeleteOrder(path.pedido_id, if_match(request.environ), by, key())))

    @api.get("/<order_id:pedido_id>/historico", summary="Quem mudou o quê, e quando", responses=answers("history"))
    def get_history(path: OrderPath) -> Response:
        with downloads.begin(request.environ, principal()) as download:
            _, first, rest = database.stream(
                lambda connection: (None, queries.history(connection, path.pedido_id)), download.room, download.caller
            )
        return sent(download, first, rest)

    return api


def sent(
    download: Download, first: bytes, rest: Iterator[bytes] | None, headers: dict[str, str] | None = None
) -> Response:
    """The answer of a download; one that leaves in one packet ends it at once."""
    if rest is None and len(first) <= SMALL:
        download.close()
        return json_response(first, headers=headers)
    size = {"Content-Length": str(len(first))} if rest is None else {}
    return json_response(download.send(first, rest or iter(())), headers={**(headers or {}), **size})


def status_and_headers(answer: Answer) -> tuple[int, dict[str, str]]:
    """Of the HTTP answer to a command."""
    match answer.action:
        case "create":
            return 201, {"ETag": etag(answer.version), "Location": f"{PREFIX}/{answer.order_id}"}
        case "delete":
            return 200, {}
        case _:
            return 200, {"ETag": etag(answer.version)}


def etag(version: int) -> str:
    return f'"{version}"'


def answered(answer: Answer) -> Response:
    status, headers = status_and_headers(answer)
    return json_response(answer.body, status, headers)


def _refuse_others_fields(changes: dict[str, Any], principal: Principal) -> None:
    """Whoever works on orders ticks their sectors and sets their status, and nothing else."""
    foreign = changes.keys() - _TICKABLE
    if foreign and principal.role < Role.ESCRITA:
        raise forbidden(
            f"O papel {principal.role.label} só muda os setores e o status, não {', '.join(sorted(foreign))}."
        )


def _open_list(connection: Connection, filters: Filters, page: Page) -> tuple[queries.OrderList, JsonArray]:
    found = queries.orders(connection, filters, page)
    return found, found.documents
