"""Settings: each is read from its variable and from its flag, and a bad value is named."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest

from pedidos_server.config import Settings, flag_name
from pedidos_server.errors import StartupError

VARIABLES = {item.name: item.metadata["env"] for item in fields(Settings)}

# name: (text as given, value as read)
GIVEN: dict[str, tuple[str, Any]] = {
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("0", 0),
    "database": ("sqlite:////var/lib/pedidos.db", "sqlite:////var/lib/pedidos.db"),
    "synchronous": ("normal", "NORMAL"),
    "busy_timeout": ("2.5", 2.5),
    "max_body": ("2048", 2048),
    "max_message": ("1000", 1000),
    "max_subscribers": ("50", 50),
    "retention_events": ("500", 500),
    "retention_days": ("0.5", 0.5),
    "retention_bytes": ("1000000", 1_000_000),
    "tail_events": ("100", 100),
    "tail_bytes": ("65536", 65_536),
    "heartbeat": ("5", 5.0),
    "cors_origins": (
        "https://loja.example, https://outra.example,",
        ("https://loja.example", "https://outra.example"),
    ),
    "hosts": ("pedidos.example,", ("pedidos.example",)),
    "auth": ("off", "OFF"),
    "trusted_hops": ("1", 1),
    "max_writes": ("60", 60),
    "max_streams": ("5", 5),
    "log_level": ("debug", "DEBUG"),
}

BAD = [
    *[("port", text) for text in ("", "-1", "65536", "http", "80.5", "8000 8001")],
    *[("synchronous", text) for text in ("OFF", "EXTRA", "2")],
    *[("busy_timeout", text) for text in ("0", "-1", "nan", "inf", "meia", "1e9")],
    *[("heartbeat", text) for text in ("0", "-1", "nan", "inf", "26", "x")],
    *[("retention_days", text) for text in ("0", "-1", "nan", "inf", "1e300", "x")],
    *[
        (name, text)
        for name in (
            *["max_body", "max_message", "max_subscribers"],
            *["retention_events", "retention_bytes", "tail_events", "tail_bytes"],
        )
        for text in ("0", "-1", "1.5", "muito", "1e6")
    ],
    *[("auth", text) for text in ("sim", "1")],
    *[("trusted_hops", text) for text in ("-1", "11", "um")],
    *[("max_writes", text) for text in ("-1", "muitas")],
    *[("max_streams", text) for text in ("0", "-1")],
    *[("log_level", text) for text in ("TRACE", "10", "INFO,DEBUG")],
]
BAD = [(name, text) for name, text in BAD if text]


def test_the_defaults() -> None:
    assert Settings.load({}) == Settings()


def test_every_setting_is_tested_here() -> None:
    assert set(GIVEN) == set(VARIABLES)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable(name: str) -> None:
    text, value = GIVEN[name]
    settings = Settings.load({VARIABLES[name]: text})
    assert getattr(settings, name) == value != getattr(Settings(), name)
    assert settings == Settings(**{name: value}), "it sets nothing else"


@pytest.mark.parametrize("name", VARIABLES)
def test_a_flag_wins_over_its_variable(name: str) -> None:
    text, value = GIVEN[name]
    assert getattr(Settings.load({VARIABLES[name]: "x"}, {name: text}), name) == value


@pytest.mark.parametrize("name", VARIABLES)
def test_an_empty_variable_is_none(name: str) -> None:
    assert Settings.load({VARIABLES[name]: ""}) == Settings()


@pytest.mark.parametrize(("name", "text"), BAD)
def test_a_bad_value_is_named_with_where_it_stands(name: str, text: str) -> None:
    with pytest.raises(StartupError) as refused:
        Settings.load({VARIABLES[name]: text})
    assert VARIABLES[name] in str(refused.value) and text in str(refused.value)
    with pytest.raises(StartupError) as refused:
        Settings.load({}, {name: text})
    assert flag_name(name) in str(refused.value) and text in str(refused.value)


def test_variables_have_one_prefix_and_flags_are_the_fields() -> None:
    assert all(variable.startswith("PEDIDOS_") for variable in VARIABLES.values())
    assert len(set(VARIABLES.values())) == len(VARIABLES)
    assert flag_name("max_body") == "--max-body"


def test_the_help_names_each_flag_its_variable_and_its_default() -> None:
    command = [sys.executable, "-m", "pedidos_server", "serve", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    shown = " ".join(shown.split())
    for item in fields(Settings):
        default = ",".join(item.default) if isinstance(item.default, tuple) else str(item.default)
        assert f"{flag_name(item.name)} VALOR" in shown
        assert item.metadata["env"] in shown and default in shown


def test_a_bad_flag_ends_the_command_with_one_line() -> None:
    command = [sys.executable, "-m", "pedidos_server", "serve", "--max-body", "muitos"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode not in (0, None)
    assert "--max-body" in done.stderr and "Traceback" not in done.stderr
