"""Settings: one declaration each, read from the environment and from the command line alike."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from zoneinfo import ZoneInfo

from .errors import StartupError
from .origins import is_host_name, is_origin

MIB = 1024 * 1024
_WHOLE = re.compile("[0-9]{1,15}")


def _whole(least: int, most: int = 2**40) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text) if _WHOLE.fullmatch(text.strip()) else least - 1
        if not least <= value <= most:
            raise ValueError(f"use um número inteiro de {least} a {most}")
        return value

    return parse


def _number(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:  # nan is in no range
            raise ValueError(f"use um número de {least:g} a {most:g}, com ponto")
        return value

    return parse


def _choice(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.upper() not in words:
            raise ValueError("use " + " ou ".join(words))
        return text.upper()

    return parse


def _host(text: str) -> str:
    return text.removeprefix("[").removesuffix("]")  # as an IPv6 address stands in a URL


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _origins(text: str) -> tuple[str, ...]:
    found = [origin.rstrip("/") for origin in _list(text)]
    for origin in found:
        if not is_origin(origin):
            raise ValueError(f"{origin!r} não é uma origem; use por exemplo http://192.168.0.10:5173, sem caminho")
    return tuple(found)


def _public_url(text: str) -> str:
    url = text.strip().rstrip("/").lower()
    if not url.startswith(("http://", "https://")) or not is_origin(url):
        raise ValueError(
            "use o endereço que aparece no navegador, sem caminho, por exemplo https://pedidos.loja.example"
        )
    return url


def _names(text: str) -> tuple[str, ...]:
    for name in (found := _list(text)):
        if not is_host_name(name):
            raise ValueError(f"{name!r} não é um nome; use por exemplo pedidos.loja.com.br, sem http:// e sem porta")
    return tuple(found)


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text.strip()).key
    except (ValueError, LookupError, OSError):  # OSError: "America" is a folder
        raise ValueError("não é um fuso; use por exemplo America/Sao_Paulo, como na lista da IANA") from None


def _setting(default: Any, env: str, parse: Callable[[str], Any], help: str) -> Any:
    return field(default=default, metadata={"env": env, "parse": parse, "help": help})


@dataclass(frozen=True, slots=True)
class Settings:
    """All that can be set. Each field names its environment variable; the flag is the same in kebab-case."""

    host: str = _setting("127.0.0.1", "PEDIDOS_HOST", _host, "endereço em que o servidor escuta")
    port: int = _setting(8000, "PEDIDOS_PORT", _whole(0, 65_535), "porta; 0 escolhe uma livre")
    database: str = _setting("sqlite:///pedidos.db", "PEDIDOS_DATABASE_URL", str, "banco de dados, sqlite:///caminho")
    synchronous: str = _setting(
        "FULL",
        "PEDIDOS_SYNCHRONOUS",
        _choice("FULL", "NORMAL"),
        "FULL: um pedido confirmado sobrevive à queda de energia; NORMAL: mais rápido, sem essa garantia",
    )
    busy_timeout: float = _setting(
        30.0, "PEDIDOS_BUSY_TIMEOUT", _number(0.1, 3_600), "segundos à espera de outro programa que trava o banco"
    )
    cache_mb: int = _setting(
        64, "PEDIDOS_CACHE_MB", _whole(4, 16_384), "MB de memória para o cache do banco; menos em máquina pequena"
    )
    max_body: int = _setting(8 * MIB, "PEDIDOS_MAX_BODY", _whole(1024), "bytes do corpo de uma requisição")
    max_message: int = _setting(
        64 * 1024, "PEDIDOS_MAX_MESSAGE", _whole(125), "bytes de uma mensagem WebSocket recebida"
    )
    max_subscribers: int = _setting(
        20_000, "PEDIDOS_MAX_SUBSCRIBERS", _whole(1), "conexões WebSocket e SSE ao mesmo tempo"
    )
    retention_events: int = _setting(
        100_000, "PEDIDOS_RETENTION_EVENTS", _whole(1), "eventos guardados para quem reconecta"
    )
    retention_days: float = _setting(
        30.0, "PEDIDOS_RETENTION_DAYS", _number(0.001, 36_500), "dias que um evento é guardado"
    )
    retention_bytes: int = _setting(256 * MIB, "PEDIDOS_RETENTION_BYTES", _whole(1), "bytes de eventos guardados")
    tail_events: int = _setting(32_768, "PEDIDOS_TAIL_EVENTS", _whole(1), "eventos mantidos na memória")
    tail_bytes: int = _setting(32 * MIB, "PEDIDOS_TAIL_BYTES", _whole(1024), "bytes de eventos na memória")
    heartbeat: float = _setting(
        20.0, "PEDIDOS_HEARTBEAT", _number(1, 25), "segundos entre dois sinais de vida do servidor (até 25)"
    )
    cors_origins: tuple[str, ...] = _setting(
        (), "PEDIDOS_CORS_ORIGINS", _origins, "outras origens permitidas, separadas por vírgula"
    )
    hosts: tuple[str, ...] = _setting(
        (), "PEDIDOS_HOSTS", _names, "nomes pelos quais o servidor atende, além de IPs e nomes locais"
    )
    public_url: str = _setting(
        "",
        "PEDIDOS_PUBLIC_URL",
        _public_url,
        "endereço que os navegadores usam, atrás de um proxy, por exemplo https://pedidos.loja.example",
    )
    auth: str = _setting(
        "AUTO",
        "PEDIDOS_AUTH",
        _choice("AUTO", "ON", "OFF"),
        "ON: só com token; OFF: aberto a todos; AUTO: aberto só a este computador, e só enquanto não há token",
    )
    trusted_hops: int = _setting(
        0, "PEDIDOS_TRUSTED_HOPS", _whole(0, 10), "quantos proxies há à frente (X-Forwarded-For e -Proto)"
    )
    max_writes: int = _setting(
        1_200, "PEDIDOS_MAX_WRITES", _whole(0), "gravações por minuto de um token; 0 não limita"
    )
    max_streams: int = _setting(200, "PEDIDOS_MAX_STREAMS", _whole(1), "conexões em tempo real de um token")
    timezone: str = _setting(
        "", "PEDIDOS_TIMEZONE", _zone, "fuso da loja, por exemplo America/Sao_Paulo; sem ele, o do sistema"
    )
    log_level: str = _setting(
        "INFO",
        "PEDIDOS_LOG_LEVEL",
        _choice("DEBUG", "INFO", "WARNING", "ERROR"),
        "DEBUG, INFO, WARNING ou ERROR",
    )
    log_file: str = _setting(
        "", "PEDIDOS_LOG_FILE", str, "arquivo do registro, 60 MB ao todo; sem ele, a saída de erros do programa"
    )

    @classmethod
    def load(
        cls, environ: Mapping[str, str] | None = None, flags: Mapping[str, str | None] | None = None
    ) -> Settings:
        """The settings of the environment, with the flags that were given on top.

        Raises StartupError that names the variable or flag, the value and what it takes.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for item in fields(cls):
            env = item.metadata["env"]
            text, source = environ.get(env), env
            flag = (flags or {}).get(item.name)
            if flag is not None:
                text, source = flag, flag_name(item.name)
            if text is None or text == "":
                continue
            try:
                values[item.name] = item.metadata["parse"](text)
            except ValueError as error:
                raise StartupError(f"{source}={text!r} não serve: {error}") from None
        return cls(**values)


def flag_name(field_name: str) -> str:
    return "--" + field_name.replace("_", "-")
