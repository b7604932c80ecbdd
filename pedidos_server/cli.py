"""The ``pedidos`` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields

from . import __version__
from .config import Settings, flag_name
from .errors import StartupError


def main(arguments: Sequence[str] | None = None) -> None:
    from gevent import monkey

    monkey.patch_all()
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except StartupError as error:
        sys.exit(f"pedidos: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pedidos", description="Servidor de pedidos em tempo real para oficinas.")
    parser.add_argument("--version", action="version", version=f"pedidos {__version__}")
    commands = parser.add_subparsers(title="comandos", required=True, metavar="COMANDO")

    serve = commands.add_parser(
        "serve",
        help="inicia o servidor e a página",
        description="Inicia o servidor e a página. Cada opção tem uma variável de ambiente, entre parênteses.",
    )
    _add_settings(serve)
    serve.set_defaults(run=_serve)
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    for item in fields(Settings):
        default = ",".join(item.default) if isinstance(item.default, tuple) else item.default
        shown = f"; padrão {default}" if default != "" else ""
        parser.add_argument(
            flag_name(item.name),
            metavar="VALOR",
            help=f"{item.metadata['help']} ({item.metadata['env']}{shown})".replace("%", "%%"),
        )


def _settings(options: argparse.Namespace) -> Settings:
    return Settings.load(flags={item.name: getattr(options, item.name, None) for item in fields(Settings)})


def _serve(options: argparse.Namespace) -> None:
    from . import logs
    from .addresses import addresses
    from .app import create_app
    from .embedded import serve

    settings = _settings(options)
    logs.configure(settings.log_level)
    server = create_app(settings)

    def announce(port: int) -> None:
        print(f"Pedidos {__version__} pronto. Banco: {server.database.path}")
        for label, address in addresses(settings.host, port):
            print(f"  {label}: {address}")
        print("Para parar: Ctrl+C", flush=True)

    try:
        serve(server, settings.host, settings.port, announce)
    except StartupError:
        server.close()
        raise
