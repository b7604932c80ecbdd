"""The orders over HTTP: ``/api/v1/pedidos``."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from ..domain.commands import Answer, ChangeOrder, CreateOrder, DeleteOrder
from ..domain.events import Cursor, encode, timestamp
from ..domain.fields import SECTORS, Priority, Status
from ..domain.order import Pedido, PedidoMudanca, PedidoNovo, named_fields, new_order
from ..domain.roles import Principal, Role
from ..storage.base import Database, Pieces
from ..storage.lists import Filters, Page
from ..storage.writer import Writer
from .access import forbidden
from .compression import VARY
from .descriptions import BODY, Historico, Mensagem, Pedidos, ProximoNumero, answers
from .downloads import Download, Downloads, caller_of
from .guard import READ, Needs
from .replies import Header, Reply, etag, json_reply
from .requests import Call, caller, if_match, not_modified, once
from .routes import route

PREFIX = "/api/v1/pedidos"
ORDER = f"{PREFIX}/<order_id:pedido_id>"
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


_WRITES = ("Idempotency-Key", "X-Pedidos-Autor", "X-Pedidos-Cliente")
_POSITION = ("ETag", "X-Pedidos-Cursor")
_LIST: dict[str, Any] = {
    "responses": answers(200, Pedidos, 304, 422, 503),
    "asks": ("If-None-Match",),
    "gives": {200: (*_POSITION, "X-Total-Count"), 304: _POSITION},
}
WRITE = Needs(Role.ESCRITA)


class Orders:
    """Answers the calls about orders. ``zone`` is the shop's; None is the system's."""

    def __init__(self, database: Database, writer: Writer, downloads: Downloads, zone: tzinfo | None) -> None:
        self._database, self._writer, self._downloads, self._zone = database, writer, downloads, zone

    @route("GET", PREFIX, READ, "Lista os pedidos, do mais novo ao mais antigo", **_LIST, models={"query": ListQuery})
    def list_orders(self, call: Call) -> Reply:
        query = ListQuery.model_validate(call.query())
        return self._list(call, query, query.status)

    @route(
        "GET",
        f"{PREFIX}/status/<status>",
        READ,
        "Lista os pedidos de um status",
        **_LIST,
        models={"path": StatusPath, "query": ListQuery},
    )
    def list_by_status(self, call: Call) -> Reply:
        status = StatusPath.model_validate({"status": call.named}).status
        return self._list(call, ListQuery.model_validate(call.query()), status)

    def _list(self, call: Call, query: ListQuery, status: str | None) -> Reply:
        """A list: its ETag is the log's position, which every change moves."""
        page = Page.parse(query.limite, query.cursor)
        filters = Filters(status, query.setor, query.prioridade, query.q, query.atualizado_desde, query.recentes)

        def tag(position: Cursor) -> str:
            since = f"-{filters.recent_since()}" if filters.recentes is not None else ""
            return f'W/"{position}{since}"'

        if call.header("IF_NONE_MATCH") is not None:
            current = self._database.head(caller_of(call.environ, call.principal)).cursor
            if not_modified(call, tag(current)):
                cursor = str(page.snapshot or current)
                return Reply(304, b"", ("ETag", tag(current)), ("X-Pedidos-Cursor", cursor), VARY)
        with self._downloads.begin(call.environ, call.principal) as download:
            found = self._database.orders(filters, page, download.room, download.caller)
        headers = [
            ("ETag", tag(found.current)),
            ("X-Pedidos-Cursor", str(found.snapshot)),
            ("X-Total-Count", str(found.total)),
        ]
        if found.next_cursor:
            following = urlencode({**call.query(), "cursor": found.next_cursor})
            headers.append(("Link", f'<{call.environ["PATH_INFO"]}?{following}>; rel="next"'))
        return _sent(download, found.pieces, *headers)

    @route(
        "GET",
        f"{PREFIX}/proximo-numero",
        READ,
        "O próximo número, só como sugestão",
        responses=answers(200, ProximoNumero, 503),
    )
    def next_number(self, call: Call) -> Reply:
        found = self._database.next_number(caller_of(call.environ, call.principal))
        return json_reply(encode({"proximo_numero": found.number, "total_pedidos": found.orders}))

    @route(
        "POST",
        PREFIX,
        WRITE,
        "Cria um pedido",
        responses=answers(201, Pedido, 409, *BODY),
        models={"body": PedidoNovo},
        asks=_WRITES,
        gives={201: ("ETag", "Location")},
        order_id="$response.body#/id",
    )
    def create_order(self, call: Call) -> Reply:
        order = new_order(call.json(PedidoNovo), self._zone)
        return _answered(self._writer.submit(CreateOrder(order, caller(call), once(call))))

    @route(
        "GET",
        ORDER,
        READ,
        "Um pedido",
        responses=answers(200, Pedido, 304, 404, 503),
        models={"path": OrderPath},
        asks=("If-None-Match",),
        gives={200: ("ETag",), 304: ("ETag",)},
    )
    def get_order(self, call: Call) -> Reply:
        with self._downloads.begin(call.environ, call.principal) as download:
            version, document = self._database.order(int(call.named), download.caller)
        tag = etag(version)
        if not_modified(call, tag):
            download.close()
            return Reply(304, b"", ("ETag", tag))
        return _sent(download, Pieces(document, None), ("ETag", tag))

    @route(
        "PATCH",
        ORDER,
        Needs(Role.PRODUCAO),  # which fields: _refuse_others_fields
        "Muda os campos enviados",
        responses=answers(200, Pedido, 404, 409, 412, *BODY),
        models={"path": OrderPath, "body": PedidoMudanca},
        asks=("If-Match", *_WRITES),
        gives={200: ("ETag",)},
        order_id="$response.body#/id",
    )
    def update_order(self, call: Call) -> Reply:
        changes = named_fields(call.json(PedidoMudanca))
        _refuse_others_fields(changes, call.principal)
        command = ChangeOrder(int(call.named), changes, if_match(call), caller(call), once(call))
        return _answered(self._writer.submit(command))

    @route(
        "DELETE",
        ORDER,
        WRITE,
        "Exclui um pedido",
        responses=answers(200, Mensagem, 400, 404, 408, 412, 413, 422, 429, 503),
        models={"path": OrderPath},
        asks=("If-Match", *_WRITES),
        order_id="$request.path.pedido_id",
    )
    def delete_order(self, call: Call) -> Reply:
        command = DeleteOrder(int(call.named), if_match(call), caller(call), once(call))
        return _answered(self._writer.submit(command))

    @route(
        "GET",
        f"{ORDER}/historico",
        READ,
        "Quem mudou o quê, e quando",
        responses=answers(200, Historico, 404, 503),
        models={"path": OrderPath},
    )
    def get_history(self, call: Call) -> Reply:
        with self._downloads.begin(call.environ, call.principal) as download:
            pieces = self._database.history(int(call.named), download.room, download.caller)
        return _sent(download, pieces)


def _sent(download: Download, pieces: Pieces, *headers: Header) -> Reply:
    """The answer of a download; one that leaves in one packet ends it at once."""
    first, rest = pieces.first, pieces.rest
    if rest is None and len(first) <= SMALL:
        download.close()
        return json_reply(first, *headers)
    if rest is None:
        headers = (*headers, ("Content-Length", str(len(first))))
    return json_reply(download.send(first, rest or iter(())), *headers)


def _answered(answer: Answer) -> Reply:
    """The HTTP answer to a command."""
    match answer.action:
        case "create":
            headers = (("ETag", etag(answer.version)), ("Location", f"{PREFIX}/{answer.order_id}"))
            return json_reply(answer.body, *headers, status=201)
        case "delete":
            return json_reply(answer.body)
        case _:
            return json_reply(answer.body, ("ETag", etag(answer.version)))


def _refuse_others_fields(changes: dict[str, Any], principal: Principal) -> None:
    """Whoever works on orders ticks their sectors and sets their status, and nothing else."""
    foreign = changes.keys() - _TICKABLE
    if foreign and principal.role < Role.ESCRITA:
        raise forbidden(
            f"O papel {principal.role.label} só muda os setores e o status, não {', '.join(sorted(foreign))}."
        )
