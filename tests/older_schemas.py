"""A database as an older version of the server would have made it, out of one that this version has made."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pedidos_server.letters import LETTERS
from pedidos_server.migrations import set_meta


def take_back(path: Path, version: int) -> None:
    """Undoes each step that led beyond the schema of this ``version``, the newest first."""
    with closing(sqlite3.connect(path)) as connection, connection:
        if version < 7:
            for index in ("resposta_evento", "resposta_guardada", "pedido_letras_busca"):
                connection.execute(f"DROP INDEX {index}")
            for column in ("pedido_id", "evento", "marca", "tamanho"):
                connection.execute(f"ALTER TABLE resposta DROP COLUMN {column}")
            connection.execute("DROP TABLE numero_distante")
            for order_id, text in connection.execute("SELECT id, busca FROM pedido").fetchall():
                connection.execute("UPDATE pedido SET busca = ? WHERE id = ?", [text.rpartition("\n")[0], order_id])
            connection.execute(f'CREATE INDEX "pedido_letras_busca" ON "pedido" ({LETTERS}, "busca")')
        if version < 6:
            connection.execute("ALTER TABLE pedido DROP COLUMN ultima_mudanca")
            connection.execute("ALTER TABLE historico RENAME TO newer")
            connection.execute(
                'CREATE TABLE "historico" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, '
                '"pedido_id" INTEGER NOT NULL, "cursor" VARCHAR(255) NOT NULL, "acao" VARCHAR(255) NOT NULL, '
                '"autor" TEXT, "timestamp" VARCHAR(255) NOT NULL, "mudancas" BLOB NOT NULL)'
            )
            connection.execute(
                "INSERT INTO historico SELECT id, pedido_id, cursor, acao, autor, timestamp, mudancas FROM newer"
            )
            connection.execute("DROP TABLE newer")
            connection.execute('CREATE INDEX "historico_pedido_id" ON "historico" ("pedido_id")')
        if version < 5:
            connection.execute("DROP INDEX pedido_letras_busca")
            connection.execute('CREATE INDEX "pedido_busca" ON "pedido" ("busca")')
        if version < 4:
            connection.execute("DROP TRIGGER evento_lacuna")
            connection.execute("DELETE FROM meta WHERE chave = 'lacuna'")
        if version < 3:
            for name in ("criado", "excluido", "mudado"):
                connection.execute(f"DROP TRIGGER pedido_{name}")
            connection.execute("DROP TABLE contagem")
            for name in ("busca", "status_setor_prioridade", "alterado_em_status_setor_prioridade"):
                connection.execute(f"DROP INDEX pedido_{name}")
            connection.execute('CREATE INDEX "pedido_alterado_em" ON "pedido" ("alterado_em")')
            for column in ("status", "setor", "prioridade"):
                connection.execute(f'CREATE INDEX "pedido_{column}_id" ON "pedido" ("{column}", "id")')
        if version < 2:
            connection.execute("DROP TABLE token")
            connection.execute("DROP TABLE sessao")
            connection.execute("DELETE FROM meta WHERE chave = 'acessos'")
        set_meta(connection, "versao_do_esquema", str(version))
