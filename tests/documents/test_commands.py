"""Every command in the shop's papers is typed once, in the order in which it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pedidos_server.cli.main import _parser
from tests.documents.test_links import DOCUMENTS, name
from tests.support.commands import ADDRESS, Walk, blocks, commands
from tests.support.live_server import REPOSITORY, LiveServer, wait_until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the commands are those of a Unix shell")

QUICK = "documentation/GUIA_RAPIDO_SINCRONIZACAO.md"
TRIAL = "documentation/TESTE_SINCRONIZACAO.md"
SYSTEM = "documentation/SISTEMA_SINCRONIZACAO_TEMPO_REAL.md"
BEFORE = {
    QUICK: (),
    TRIAL: (".venv/bin/pedidos token create Marta --role admin", ".venv/bin/pedidos serve --host 0.0.0.0"),
    SYSTEM: (".venv/bin/pedidos serve",),
}
"""What the reader of each has done before."""


@pytest.mark.slow
@pytest.mark.parametrize("document", BEFORE)
def test_a_reader_types_them_all(document: str, tmp_path: Path) -> None:
    walk = Walk(tmp_path)
    try:
        for command in (*BEFORE[document], *commands(document)):
            walk.type(command)
    finally:
        walk.stop_server()
    if walk.missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("; ".join(walk.missing))


def test_the_client_in_python(tmp_path: Path) -> None:
    """It follows, through a restart of the server too."""
    (source,) = blocks(SYSTEM, "python")
    with LiveServer.start(directory=tmp_path) as server:
        program = tmp_path / "cliente.py"
        program.write_text(source.replace(ADDRESS, f"127.0.0.1:{server.port}"), encoding="utf-8")
        server.create()
        log = tmp_path / "cliente.log"
        with log.open("wb") as output:
            client = subprocess.Popen([sys.executable, str(program)], stdout=output, stderr=subprocess.STDOUT)

        def knows(count: int) -> bool:
            return any(line.endswith(f" {count}") for line in log.read_text(encoding="utf-8").splitlines())

        try:
            wait_until(lambda: server.stats()["connections_by_type"]["websocket"] == 1)
            server.create()
            wait_until(lambda: knows(2), what="the second order")
            server.kill()
            server.restart()
            server.create()
            wait_until(lambda: knows(3), 20, "the third order, after a restart")
            assert "Traceback" not in log.read_text(encoding="utf-8")
        finally:
            client.kill()
            client.wait(10)


def written_commands(document: Path) -> list[str]:
    """What begins with `pedidos` and a command of its own, in a block or between backticks."""
    text = document.read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    fenced = re.findall(r"```(?:sh|powershell|)\n(.*?)```", text, re.DOTALL)
    lines += [line for block in fenced for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", text)
    known = "|".join(_parser()._subparsers._group_actions[0].choices)  # type: ignore[union-attr,arg-type]
    found = [re.search(rf"(?:^|[\\/ ])pedidos ((?:{known})\b[^;&#]*)", line) for line in lines]
    return [match[1].strip() for match in found if match]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_the_commands_have_these_options(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in written_commands(document):
        try:
            _parser().parse_args(shlex.split(command))
        except SystemExit:  # one that is only named, as `pedidos backup`, lacks what it needs
            error = capsys.readouterr().err
            assert "unrecognized" not in error and "invalid" not in error, f"{command!r}: {error}"


# -- the tests that prove what is said

REFERENCE = re.compile(r"`((?:test_\w+\.py|[\w-]+\.test\.js))::([^`]+)`")


def references() -> list[tuple[str, str]]:
    text = "".join((REPOSITORY / document).read_text(encoding="utf-8") for document in BEFORE)
    return sorted(set(REFERENCE.findall(text)))


@pytest.mark.parametrize(("file", "test"), references())
def test_the_test_that_is_named_exists(file: str, test: str) -> None:
    found = [path for path in (REPOSITORY / "tests").rglob(file) if "node_modules" not in path.parts]
    assert found, f"no {file}"
    text = "".join(path.read_text(encoding="utf-8") for path in found)
    assert f"def {test}(" in text or f"test('{test}'" in text or f'test("{test}"' in text


def test_each_guarantee_and_figure_names_its_test() -> None:
    text = (REPOSITORY / SYSTEM).read_text(encoding="utf-8")
    rows = [line for part in ("As garantias", "Os números") for line in part_of(text, part) if line.startswith("| ")]
    rows = [row for row in rows if not re.fullmatch(r"[|\- ]+", row) and not row.endswith("| teste |")]
    assert len(rows) > 20
    assert not [row for row in rows if not REFERENCE.search(row)]


def part_of(text: str, heading: str) -> list[str]:
    return text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0].splitlines()
