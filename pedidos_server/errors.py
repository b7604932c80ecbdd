"""Errors that reach a client: each is a problem+json answer (RFC 9457), in the users' Portuguese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Problem(Exception):
    """A refusal that a client is told about.

    ``status`` is the HTTP status; ``extra`` holds the problem's extension members (such as
    ``errors`` or ``pedido``); ``headers`` go with the answer; ``slug`` ends the problem's ``type``
    where its status alone does not say which one it is.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        slug: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        self.slug = slug


def invalid_fields(errors: list[dict[str, str]]) -> Problem:
    """422: ``errors`` is ``[{"campo", "mensagem"}]``, one entry a fault."""
    names = ", ".join(dict.fromkeys(error["campo"] for error in errors))
    return Problem(422, "Dados inválidos", f"Corrija os campos indicados: {names}.", extra={"errors": errors})


def not_found(pedido_id: int) -> Problem:
    return Problem(404, "Pedido não encontrado", f"Não há pedido com o id {pedido_id}.", slug="pedido-nao-encontrado")


def unavailable(detail: str, retry_after: int = 5) -> Problem:
    """503: the same request may succeed in ``retry_after`` seconds."""
    return Problem(503, "Serviço indisponível", detail, headers={"Retry-After": str(retry_after)})


class StartupError(Exception):
    """The server cannot start; the message says what to do."""
