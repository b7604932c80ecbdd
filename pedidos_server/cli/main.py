"""The ``pedidos`` command."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..config import Settings, flag_name
from ..errors import StartupError
from . import portuguese, terminal

if TYPE_CHECKING:
    from ..web.access import Access


def main(arguments: Sequence[str] | None = None) -> None:
    from gevent import monkey

    monkey.patch_all()
    terminal.replace_unknown_characters()
    portuguese.translate_argparse()
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except StartupError as error:
        log = logging.getLogger("pedidos")
        if any(isinstance(handler, logging.FileHandler) for handler in log.handlers):  # nobody may see the print
            log.critical("ended", extra={"reason": error})
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

    demo = commands.add_parser(
        "demo",
        help="um servidor de demonstração, com pedidos e colegas simulados",
        description="Inicia um servidor com um banco descartável, os pedidos de um dia e colegas que os trabalham.",
    )
    demo.add_argument("--host", metavar="VALOR", help="endereço em que o servidor escuta (padrão 127.0.0.1)")
    demo.add_argument("--port", metavar="VALOR", help="porta; 0 escolhe uma livre (padrão 8000)")
    demo.add_argument("--auth", metavar="VALOR", help="off: aberto também em outro endereço (PEDIDOS_AUTH)")
    demo.add_argument("--orders", type=int, default=40, metavar="N", help="pedidos ao abrir (padrão 40)")
    demo.add_argument(
        "--pace", type=float, default=1.5, metavar="S", help="segundos entre duas mudanças (padrão 1.5)"
    )
    demo.add_argument("--seed", type=int, metavar="N", help="os mesmos pedidos a cada vez")
    demo.set_defaults(run=_demo)

    _add_token_commands(commands)

    number = commands.add_parser(
        "number",
        help="o próximo número de pedido: mostra ou muda",
        description="Mostra o número que recebe o próximo pedido sem número, ou diz com qual seguir. Um número muito "
        "acima dos outros (mais de 10000), como um código de barras, não muda a sequência: para seguir dali, "
        "use --next. Funciona com o servidor ligado ou desligado.",
    )
    number.add_argument("--next", type=int, metavar="N", help="segue deste número em diante; nunca para trás")
    number.add_argument("--database", metavar="VALOR", help="banco de dados (PEDIDOS_DATABASE_URL)")
    number.set_defaults(run=_number)

    backup = commands.add_parser(
        "backup",
        help="faz uma cópia de segurança, com o servidor ligado ou desligado",
        description="Copia o banco como ele está neste momento, sem parar o servidor, e confere a cópia antes de lhe "
        "dar o nome. Não escreve por cima de nada.",
    )
    backup.add_argument("target", metavar="DESTINO", help="arquivo novo, ou pasta: o nome leva então o dia e a hora")
    backup.add_argument("--database", metavar="VALOR", help="banco de dados (PEDIDOS_DATABASE_URL)")
    backup.set_defaults(run=_backup)

    watch = commands.add_parser(
        "watch",
        help="acompanha as mudanças no terminal",
        description="Mostra cada mudança assim que é gravada; reconecta sozinho, sem perder nem repetir nenhuma. "
        "Onde o servidor pede identificação, ponha um token na variável PEDIDOS_TOKEN.",
    )
    _add_remote(watch)
    watch.add_argument("--cursor", help="retoma depois deste evento, por exemplo 1234-9f3a61c2")
    watch.add_argument("--json", action="store_true", help="as mensagens como vêm, uma por linha")
    watch.set_defaults(run=_watch)

    stress = commands.add_parser(
        "stress",
        help="testa um servidor ligado com clientes simulados",
        description="Liga clientes simulados a um servidor, muda um pedido de teste algumas vezes por segundo e mede "
        "em quanto tempo cada mudança chega a todos. Cria só o seu pedido, e o exclui no fim. "
        "Termina com 0 se tudo chegou a tempo, com 1 se não.",
    )
    _add_remote(stress)
    stress.add_argument("--clients", type=int, default=20, metavar="N", help="clientes simulados (padrão 20)")
    stress.add_argument("--seconds", type=float, default=30, metavar="S", help="duração (padrão 30)")
    stress.add_argument(
        "--token", default="", help="token com o papel escrita, onde o servidor o pede (PEDIDOS_TOKEN)"
    )
    stress.add_argument(
        "--max-ms",
        type=float,
        default=100,
        metavar="MS",
        help="o que 99 %% das entregas não podem passar (padrão 100)",
    )
    stress.add_argument("--yes", action="store_true", help="não pergunta, mesmo se o servidor já tem pedidos")
    stress.set_defaults(run=_stress)
    return parser


def _add_remote(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "url", nargs="?", default="http://127.0.0.1:8000", help="endereço do servidor (padrão %(default)s)"
    )
    parser.add_argument("--transport", choices=("websocket", "sse"), default="websocket", help="padrão %(default)s")


def _add_token_commands(commands: Any) -> None:
    from ..domain.roles import ROLES

    token = commands.add_parser(
        "token",
        help="quem pode entrar: cria, lista e revoga tokens",
        description="Tokens de acesso. Funciona com o servidor ligado ou desligado.",
    )
    actions = token.add_subparsers(title="comandos", required=True, metavar="COMANDO")

    create = actions.add_parser("create", help="cria um token e o mostra, uma única vez")
    create.add_argument(
        "name",
        type=terminal.decode_argument,
        metavar="NOME",
        help="pessoa ou máquina; aparece no histórico dos pedidos",
    )
    create.add_argument(
        "--role",
        required=True,
        choices=ROLES,
        help="leitura: vê; producao: vê, marca setores e status; escrita: tudo nos pedidos; admin: tudo",
    )
    create.add_argument(
        "--expires", type=float, metavar="DIAS", help="vale por tantos dias (padrão: até ser revogado)"
    )
    create.set_defaults(run=_token_create)

    show = actions.add_parser("list", help="lista os tokens")
    show.set_defaults(run=_token_list)

    revoke = actions.add_parser("revoke", help="revoga um token: encerra as suas sessões e conexões")
    revoke.add_argument("name", type=terminal.decode_argument, metavar="NOME")
    revoke.set_defaults(run=_token_revoke)
    for action in (create, show, revoke):
        action.add_argument("--database", metavar="VALOR", help="banco de dados (PEDIDOS_DATABASE_URL)")


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
    settings = _settings(options)
    _run(settings, lambda port: None)


def _token_create(options: argparse.Namespace) -> None:
    from . import token as token_command

    if options.expires is not None and not 0 < options.expires <= 36_500:
        raise StartupError("--expires é um número de dias, maior que zero e até 36500.")
    token_command.create(_settings(options).database, options.name, options.role, options.expires)


def _token_list(options: argparse.Namespace) -> None:
    from . import token as token_command

    token_command.show(_settings(options).database)


def _token_revoke(options: argparse.Namespace) -> None:
    from . import token as token_command

    token_command.revoke(_settings(options).database, options.name)


def _number(options: argparse.Namespace) -> None:
    from . import number as number_command

    database = _settings(options).database
    if options.next is None:
        number_command.show(database)
    else:
        number_command.set_next(database, options.next)


def _backup(options: argparse.Namespace) -> None:
    from .backup import backup

    backup(_settings(options).database, options.target)


def _demo(options: argparse.Namespace) -> None:
    from ..origins import is_loopback
    from .demo import start

    if options.orders < 0 or options.pace <= 0:
        raise StartupError("--orders não pode ser negativo, e --pace deve ser maior que zero.")
    with tempfile.TemporaryDirectory(prefix="pedidos-demo-", ignore_cleanup_errors=True) as folder:
        settings = replace(_settings(options), database=f"sqlite:///{folder}/demo.db")
        if is_loopback(settings.host):
            settings = replace(
                settings, auth="AUTO", trusted_hops=0, public_url=""
            )  # nobody else reaches its invented orders
        _run(settings, start(settings.host, options.orders, options.pace, options.seed))


def _watch(options: argparse.Namespace) -> None:
    from .watch import watch

    watch(options.url, options.transport, options.cursor, as_json=options.json)


def _stress(options: argparse.Namespace) -> None:
    from .remote import TOKEN
    from .stress import stress

    sys.exit(
        stress(
            options.url,
            clients=options.clients,
            seconds=options.seconds,
            transport=options.transport,
            token=options.token or os.environ.get(TOKEN, ""),
            most_ms=options.max_ms,
            sure=options.yes,
        )
    )


def _run(settings: Settings, when_ready: Callable[[int], None]) -> None:
    """Serves until stopped; ``when_ready`` is given the port."""
    from .. import logs
    from ..app import create_app
    from ..origins import is_loopback, is_loopback_origin
    from ..server.embedded import serve
    from .addresses import addresses

    logs.configure(settings.log_level, file=settings.log_file)
    # Behind a proxy of this machine, the whole LAN looks like this machine.
    public = settings.public_url and not is_loopback_origin(settings.public_url)
    alone = is_loopback(settings.host) and not settings.trusted_hops and not public
    server = create_app(settings, None if alone else settings.host)

    def announce(port: int) -> None:
        made = "novo, vazio, criado em " if server.database.is_new else ""
        print(f"Pedidos {__version__} pronto. Banco: {made}{server.database.name}")
        print(_who_comes_in(server.access, alone))
        for label, address in addresses(settings.host, port):
            print(f"  {label}: {address}")
        if settings.public_url:
            print(f"  Endereço para todos: {settings.public_url}/")
        print("Para parar: Ctrl+C", flush=True)
        when_ready(port)

    try:
        serve(server, settings.host, settings.port, announce)
    except StartupError:
        server.close()
        raise


def _who_comes_in(access: Access, alone: bool) -> str:
    if not access.open:
        return "  Entrada: só com token (pedidos token list)."
    if alone:
        return "  Entrada: ABERTA, sem token, a quem usa este computador. Para fechar: pedidos token create"
    return "  Entrada: ABERTA, sem token, a todos que alcançam este endereço (--auth off)."
