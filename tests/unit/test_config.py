"""Settings: each is read from its variable and from its flag, and a bad value is named."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from pedidos_server.config import Settings, flag_name
from pedidos_server.errors import StartupError

GUNICORN = Path(__file__).parents[2] / "gunicorn.conf.py"
VARIABLES = {item.name: item.metadata["env"] for item in fields(Settings)}

# name: (text as given, value as read)
GIVEN: dict[str, tuple[str, Any]] = {
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("0", 0),
    "database": ("sqlite:////var/lib/pedidos.db", "sqlite:////var/lib/pedidos.db"),
    "synchronous": ("normal", "NORMAL"),
    "busy_timeout": ("2.5", 2.5),
    "cache_mb": ("8", 8),
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
    "public_url": ("https://Pedidos.loja.example:8443/", "https://pedidos.loja.example:8443"),
    "auth": ("off", "OFF"),
    "trusted_hops": ("1", 1),
    "max_writes": ("60", 60),
    "max_streams": ("5", 5),
    "timezone": ("America/Sao_Paulo", "America/Sao_Paulo"),
    "log_level": ("debug", "DEBUG"),
    "log_file": ("pedidos.log", "pedidos.log"),
}

BAD = [
    *[("timezone", text) for text in ("Brasil/Lavras", "America", "../etc/passwd", "-03:00", "x" * 300)],
    *[("port", text) for text in ("", "-1", "65536", "http", "80.5", "8000 8001")],
    *[("synchronous", text) for text in ("OFF", "EXTRA", "2")],
    *[("busy_timeout", text) for text in ("0", "-1", "nan", "inf", "meia", "1e9")],
    *[("heartbeat", text) for text in ("0", "-1", "nan", "inf", "26", "x")],
    *[("retention_days", text) for text in ("0", "-1", "nan", "inf", "1e300", "x")],
    *[
        (name, text)
        for name in (
            *["cache_mb", "max_body", "max_message", "max_subscribers"],
            *["retention_events", "retention_bytes", "tail_events", "tail_bytes"],
        )
        for text in ("0", "-1", "1.5", "muito", "1e6")
    ],
    *[("auth", text) for text in ("sim", "1")],
    *[("trusted_hops", text) for text in ("-1", "11", "um")],
    *[("max_writes", text) for text in ("-1", "muitas")],
    *[("max_streams", text) for text in ("0", "-1")],
    *[("cors_origins", text) for text in ("*", "loja", "https://*", "https://loja.example/lista", "null")],
    *[("hosts", text) for text in ("http://loja.example", "loja.example/lista", "loja.example:8000", "*")],
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
    assert "use " in str(refused.value), "it says what it takes"


def test_an_ipv6_address_may_stand_in_brackets() -> None:
    assert Settings.load({"PEDIDOS_HOST": "[::1]"}).host == Settings.load({"PEDIDOS_HOST": "::1"}).host == "::1"


def test_blanks_around_a_number_are_none() -> None:
    assert Settings.load({"PEDIDOS_PORT": " 80 "}).port == 80


def test_an_origin_may_end_with_a_slash() -> None:
    assert Settings.load({"PEDIDOS_CORS_ORIGINS": "https://loja.example:8443/"}).cors_origins == (
        "https://loja.example:8443",
    )


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({}, "127.0.0.1:8000"),
        ({"PEDIDOS_PORT": ""}, "127.0.0.1:8000"),
        ({"PEDIDOS_HOST": "::", "PEDIDOS_PORT": "80"}, "[::]:80"),
    ],
)
def test_gunicorn_takes_the_same_variables(variables: dict[str, str], address: str) -> None:
    done = gunicorn_address(variables)
    assert done.stdout.strip() == address, done.stderr


def test_gunicorn_refuses_the_same_values() -> None:
    done = gunicorn_address({"PEDIDOS_PORT": "99999"})
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert "PEDIDOS_PORT='99999'" in done.stderr


def gunicorn_address(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs gunicorn's configuration with these variables, and prints where it would listen."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PEDIDOS_")}
    command = [sys.executable, "-c", f"import runpy; print(runpy.run_path({str(GUNICORN)!r})['bind'])"]
    return subprocess.run(
        command, env={**others, **variables}, capture_output=True, text=True, timeout=60, check=False
    )


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
