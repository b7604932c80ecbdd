"""The tables. Models are unbound: every query is given the connection that runs it.

``Pedido.documento`` is the order, as JSON and as every client gets it; the columns beside it are what lists
filter, sort and search by, derived from it in the same statement. An order is therefore encoded once per
change, and a list of two thousand is read without decoding any.
"""

from __future__ import annotations

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BlobField,
    CharField,
    CompositeKey,
    IntegerField,
    Model,
    TextField,
)


class Meta_(Model):
    """Facts about the database: ``esquema`` (its version), ``tag``, ``ultimo_pedido``, ``ultimo_numero``,
    ``acessos``, ``lacuna``."""

    chave = CharField(primary_key=True)
    valor = TextField()

    class Meta:
        table_name = "meta"


def never_reused_id() -> AutoField:
    """Without AUTOINCREMENT, SQLite gives the id of a deleted last row out again."""
    return AutoField(constraints=[SQL("AUTOINCREMENT")])


class Pedido(Model):
    id = IntegerField(primary_key=True)
    numero = CharField(unique=True, null=True)
    """NULL only within a transaction, between two orders that swap theirs."""
    versao = IntegerField()
    status = CharField()
    setor = CharField()
    prioridade = CharField()
    busca = TextField()
    alterado_em = CharField()
    documento = BlobField()
    forma = IntegerField()
    """Which fields there were when it was stored (domain.order.SHAPE)."""
    ultima_mudanca = BigIntegerField()
    """The number of the event of its newest change, which is that row's id in ``historico``."""

    class Meta:
        table_name = "pedido"
        # Each index answers a list's filters without its rows, which are fifty times as long; each ends in the id.
        # That of ``busca`` begins with the letters in it, an expression: see migrations.
        indexes = (
            (("status", "setor", "prioridade"), False),
            (("alterado_em", "status", "setor", "prioridade"), False),
        )


class Contagem(Model):
    """How many orders there are of each kind: at most sixty rows, so that no list has to count the orders.

    Triggers on ``pedido`` keep it (see migrations). They run inside the statement that changes an order, so that no
    code path can forget the count; and a change that names none of the three columns does not pay for them.
    """

    status = CharField()
    setor = CharField()
    prioridade = CharField()
    total = IntegerField()

    class Meta:
        table_name = "contagem"
        primary_key = CompositeKey("status", "setor", "prioridade")
        without_rowid = True


class Evento(Model):
    """The log. ``criado_em`` is by the server's own clock, which never falls. ``acumulado`` is the bytes of all
    events ever, this one included: what is kept weighs the difference of two rows, so retention by bytes needs no
    sum over the table."""

    numero = BigIntegerField(primary_key=True)
    tag = CharField()
    criado_em = CharField()
    acumulado = BigIntegerField()
    mensagem = BlobField()

    class Meta:
        table_name = "evento"


class Historico(Model):
    """Who changed what; outlives both the event and the order.

    Each row names the order's row before it, and the order names its newest. So a change writes at this table's end
    only: an index by order would be read and written at another place for each order, and be the largest part of
    what a change among a million orders waits for. A deleted order's last row is in an index of its own (see
    migrations).
    """

    id = BigIntegerField(primary_key=True)
    """The number of its event."""
    pedido_id = IntegerField()
    anterior = BigIntegerField(null=True)
    cursor = CharField()
    acao = CharField()
    autor = TextField(null=True)
    timestamp = CharField()
    mudancas = BlobField()

    class Meta:
        table_name = "historico"


class Resposta(Model):
    """The first answer to a request with an Idempotency-Key (see storage/sqlite/answers.py).

    Where ``evento`` is a number, that event holds the order that was answered, ``tamanho`` bytes long; where it is
    NULL, ``corpo`` does; where it is 0, nothing does any more.
    """

    chave = CharField(primary_key=True)
    impressao = CharField()
    acao = CharField()
    pedido_id = IntegerField()
    versao = IntegerField()
    evento = BigIntegerField(null=True)
    tamanho = IntegerField()
    corpo = BlobField()
    criado_em = CharField(index=True)
    """By the server's own clock."""

    class Meta:
        table_name = "resposta"


class NumeroDistante(Model):
    """An integer that some order had, beyond where the sequence stands: it steps over these."""

    numero = BigIntegerField(primary_key=True)

    class Meta:
        table_name = "numero_distante"


class Token(Model):
    """Who may come in. ``resumo`` is the SHA-256 of the secret, which is stored nowhere."""

    id = never_reused_id()
    nome = CharField(unique=True)
    papel = CharField()
    resumo = BlobField()
    criado_em = CharField()
    expira_em = CharField(null=True)

    class Meta:
        table_name = "token"


class Sessao(Model):
    """A browser that has shown a token. ``resumo`` is the SHA-256 of its cookie's secret."""

    resumo = BlobField(primary_key=True)
    token_id = IntegerField(index=True)
    criado_em = CharField()
    expira_em = CharField()

    class Meta:
        table_name = "sessao"


TABLES = (Meta_, Pedido, Contagem, Evento, Historico, Resposta, Token, Sessao, NumeroDistante)
