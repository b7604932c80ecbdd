"""The group-commit writer: what fails alone changes nothing, and order is commit order."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.socket import wait_write
from pydantic_core import from_json

from pedidos_server.domain.commands import Answer, Command, CreateOrder, DeleteOrder
from pedidos_server.domain.events import Event
from pedidos_server.domain.refusals import NotFound, NumberTaken
from pedidos_server.errors import Problem
from pedidos_server.storage import writer as writer_module
from pedidos_server.storage.lists import Filters, Page
from pedidos_server.storage.sqlite import batch as batch_module
from pedidos_server.storage.sqlite import event_log
from pedidos_server.storage.sqlite import orders as queries
from pedidos_server.storage.sqlite.batch import SqliteTransactions
from pedidos_server.storage.sqlite.database import Sqlite
from pedidos_server.storage.sqlite.dedicated_thread import InThread
from pedidos_server.storage.sqlite.order_cache import OrderCache
from pedidos_server.storage.sqlite.statements import Connection
from pedidos_server.storage.writer import Writer
from pedidos_server.timekeeping import Clock
from tests.support.unit_shop import change, create

WAIT = 20.0


class Harness:
    """A writer on a real file, and what it published."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self.published: list[Event] = []
        self.publications = 0
        self.transactions = InThread(SqliteTransactions(connection, OrderCache(0)))
        self.writer = Writer(self.transactions, self._publish, Clock())

    def _publish(self, events: list[Event]) -> None:
        self.published += events
        self.publications += 1

    def submit(self, command: Command) -> str:
        return name_of(self.writer.submit(command))

    def hold(self) -> tuple[threading.Event, gevent.Greenlet]:
        """Keeps the writer's thread busy until the event is set."""
        go = threading.Event()
        holding = gevent.spawn(self.writer.run, lambda _: go.wait(WAIT))
        gevent.sleep(0)  # the writer has begun with it, so that the others wait for the next transaction
        return go, holding

    def submit_together(self, *commands: Command) -> list[Any]:
        """All the commands in one transaction, in this order; of each the client's name, or its exception."""
        go, holding = self.hold()
        others = [gevent.spawn(outcome, self.writer, command) for command in commands]
        wait_for(lambda: self.writer.waiting == len(commands))
        transactions = self.writer.transactions
        go.set()
        gevent.joinall([holding, *others], timeout=WAIT, raise_error=True)
        assert self.writer.transactions <= transactions + 1 + len(commands)
        return [other.value for other in others]

    def committed(self) -> list[str]:
        """The clients named in the log, as another program reads it."""
        with closing(sqlite3.connect(self.path)) as connection:
            return [client_of(event) for event in event_log.page(connection, 0, 10**9)]

    def told(self) -> list[str]:
        return [client_of(event) for event in self.published]


@pytest.fixture
def harness(database: Sqlite, connection: Connection) -> Iterator[Harness]:
    harness = Harness(connection, database.file.path)
    yield harness
    harness.writer.close()
    harness.transactions.stop()


def wait_for(condition: Callable[[], bool]) -> None:
    with gevent.Timeout(WAIT):
        while not condition():
            gevent.sleep(0.001)


def name_of(answer: Answer) -> str:
    return str(from_json(answer.body)["cliente"])


def client_of(event: Event) -> str:
    return str(from_json(event.payload)["data"]["cliente"])


def outcome(writer: Writer, command: Command) -> Any:
    try:
        return name_of(writer.submit(command))
    except Exception as error:  # noqa: BLE001 (the exception is the result)
        return error


def write(name: str) -> CreateOrder:
    """An order of a client of this name."""
    return create(cliente=name)


BROKEN = CreateOrder({})
"""A command that our own code stumbles over."""


# ---------------------------------------------------------------------------------- one transaction


def test_a_job_is_answered_after_its_commit(harness: Harness) -> None:
    assert harness.submit(write("a")) == "a"
    assert harness.committed() == ["a"]


def test_those_that_wait_share_a_transaction_in_the_order_they_came(harness: Harness) -> None:
    names = [f"job {number}" for number in range(50)]
    before = harness.writer.transactions
    assert harness.submit_together(*map(write, names)) == names
    assert harness.writer.transactions == before + 2
    assert harness.publications == 1
    assert harness.told() == names
    assert [event.cursor.number for event in harness.published] == list(range(1, 51))
    assert harness.committed() == harness.told()


def test_those_that_come_one_shortly_after_the_other_share_a_transaction(harness: Harness) -> None:
    """As they do from clients that were answered together: each a turn of the loop behind the last."""
    here, there = socket.socketpair()  # can be written to whenever the loop looks

    def submit(turns: int) -> None:
        for _ in range(turns):
            wait_write(here.fileno())
        harness.writer.submit(write(f"cliente {turns}"))

    harness.writer.submit(write("ready"))
    before = harness.writer.transactions
    with here, there:
        gevent.joinall([gevent.spawn(submit, turns) for turns in (1, 2, 3, 4)], timeout=WAIT, raise_error=True)
    assert harness.writer.transactions == before + 1


def test_every_event_is_published_once_in_commit_order(harness: Harness) -> None:
    clients = [
        gevent.spawn(lambda who=who: [harness.submit(write(f"{who}:{turn}")) for turn in range(50)])
        for who in range(8)
    ]
    gevent.joinall(clients, timeout=WAIT, raise_error=True)
    assert harness.told() == harness.committed()
    assert [event.cursor.number for event in harness.published] == list(range(1, 401))
    for who in range(8):  # nobody overtakes himself
        assert [name for name in harness.told() if name.startswith(f"{who}:")] == [f"{who}:{n}" for n in range(50)]


def test_events_are_published_before_the_answers(harness: Harness) -> None:
    """An answer may come after its event, but a commit that nobody is told of would be a gap."""
    seen: dict[str, bool] = {}

    def client(name: str) -> None:
        harness.submit(write(name))
        seen[name] = name in harness.told()

    gevent.joinall([gevent.spawn(client, name) for name in "abc"], timeout=WAIT, raise_error=True)
    assert seen == dict.fromkeys("abc", True)


# ----------------------------------------------------------------------------------- what may fail


def test_a_command_that_is_refused_or_fails_has_changed_nothing(harness: Harness) -> None:
    first = create(cliente="a", numero="7")
    results = harness.submit_together(first, create(numero="7"), write("b"), BROKEN, DeleteOrder(99), write("c"))
    assert [results[0], results[2], results[5]] == ["a", "b", "c"]
    assert [type(results[n]) for n in (1, 3, 4)] == [NumberTaken, KeyError, NotFound]
    assert harness.committed() == ["a", "b", "c"] == harness.told()
    assert [event.cursor.number for event in harness.published] == [1, 2, 3]
    assert [order["id"] for order in orders(harness)] == [3, 2, 1], "no id was used up"
    assert harness.submit(write("the writer lives")) == "the writer lives"


def orders(harness: Harness) -> list[Any]:
    _, documents = queries.find(harness.connection, Filters(), Page())
    return list(from_json(documents.read(harness.connection, 1 << 20)))


def test_the_history_is_whole_where_a_command_of_the_transaction_fails(harness: Harness) -> None:
    harness.submit_together(write("a"), write("b"))
    transactions = harness.writer.transactions
    wrong = change(1, observacao="never")
    wrong.changes["unknown"] = "x"
    results = harness.submit_together(
        change(1, observacao="a"), wrong, change(2, observacao="b"), change(1, observacao="c")
    )
    assert isinstance(results[1], KeyError)
    assert harness.writer.transactions == transactions + 2, "they share one"
    events = [from_json(event.payload) for event in harness.published]
    for order_id in (1, 2):
        history = queries.history(harness.connection, order_id)
        lines = from_json(history.read(harness.connection, 1 << 20))
        assert [line["cursor"] for line in lines] == [e["cursor"] for e in events if e["pedido_id"] == order_id]


def fail_at_commit(connection: Connection) -> None:
    """Of an order whose client is named guilty, a constraint is broken that SQLite checks only at COMMIT."""
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    connection.execute("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    connection.execute(
        "CREATE TRIGGER break AFTER INSERT ON pedido WHEN INSTR(NEW.busca, 'guilty') BEGIN "
        "INSERT INTO child VALUES (1); END"
    )


def test_a_commit_that_fails_runs_its_commands_one_by_one(harness: Harness) -> None:
    fail_at_commit(harness.connection)
    a, guilty, b, c = harness.submit_together(write("a"), write("guilty"), write("b"), write("c"))
    assert (a, b, c) == ("a", "b", "c")
    assert isinstance(guilty, Problem) and guilty.status == 503
    assert harness.committed() == ["a", "b", "c"] == harness.told()
    assert [event.cursor.number for event in harness.published] == [1, 2, 3], "no gap where one failed"
    assert harness.writer.last_failure is None
    assert harness.submit(write("d")) == "d"


def test_a_failure_is_shown_until_a_transaction_succeeds(harness: Harness) -> None:
    fail_at_commit(harness.connection)
    assert harness.writer.last_failure is None
    assert isinstance(outcome(harness.writer, write("guilty")), Problem)
    assert harness.writer.last_failure is not None and "FOREIGN KEY" in harness.writer.last_failure
    harness.submit(write("a"))
    assert harness.writer.last_failure is None
    assert harness.committed() == ["a"]


def test_a_batch_of_more_than_is_loaded_at_once_is_halved(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    harness.submit_together(*(write(name) for name in "abcd"))
    monkeypatch.setattr(batch_module, "MAX_BYTES", 1_500)
    before = harness.writer.transactions
    changes = [change(order_id, financeiro=True) for order_id in (1, 2, 3, 4)]
    assert harness.submit_together(*changes) == ["a", "b", "c", "d"]
    assert harness.writer.transactions > before + 2
    assert [event.cursor.number for event in harness.published] == list(range(1, 9))


def test_when_no_commit_succeeds_nobody_is_told_that_one_did(harness: Harness) -> None:
    def no_commit(action: int, what: str | None, *_: object) -> int:
        refused = action == sqlite3.SQLITE_TRANSACTION and what == "COMMIT"
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK

    harness.submit_together(write("before"))
    harness.connection.set_authorizer(no_commit)
    results = [gevent.spawn(outcome, harness.writer, write(name)) for name in "abc"]
    gevent.joinall(results, timeout=WAIT, raise_error=True)
    assert [result.value.status for result in results] == [503, 503, 503]
    harness.connection.set_authorizer(None)
    assert harness.told() == harness.committed() == ["before"]
    harness.submit(write("after"))
    assert [event.cursor.number for event in harness.published] == [1, 2]


def test_a_full_disk_fails_the_large_and_not_the_small(harness: Harness) -> None:
    def large() -> CreateOrder:
        picture = "data:image/png;base64," + "A" * 1_000_000
        return create(cliente="large", items=[{"descricao": "x", "imagem": picture}])

    (pages,) = harness.connection.execute("PRAGMA page_count").fetchone()
    harness.connection.execute(f"PRAGMA max_page_count = {pages + 8}")
    small, too_large, other = harness.submit_together(write("small"), large(), write("other"))
    assert (small, other) == ("small", "other")
    assert isinstance(too_large, Problem) and too_large.status == 503 and "disco" in too_large.detail
    assert harness.committed() == ["small", "other"]
    harness.connection.execute(f"PRAGMA max_page_count = {pages + 10_000}")
    assert harness.submit(large()) == "large"


def test_one_failure_is_logged_once(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    """A full disk refuses thousands of writes a minute, and the log would fill what is left of it."""
    fail_at_commit(harness.connection)
    for _ in range(2):
        for _ in range(3):
            assert isinstance(outcome(harness.writer, write("guilty")), Problem)
        harness.submit(write("good"))
    assert [record.message for record in caplog.records] == ["transaction failed"] * 2


def test_damage_that_a_command_meets_is_told_as_such(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A corrupted page is no fault of the request: 503, as when BEGIN meets it."""
    damage = sqlite3.DatabaseError("database disk image is malformed")
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT

    def meet(*_: object) -> None:
        raise damage

    monkeypatch.setattr(batch_module, "append", meet)
    result = outcome(harness.writer, write("a"))
    assert isinstance(result, Problem) and result.status == 503
    assert "corrompido" in result.detail
    assert harness.committed() == [] == harness.published


def test_a_locked_database_keeps_nobody_longer_than_the_timeout(harness: Harness) -> None:
    """Each job of a batch waiting as long again would keep the last for minutes."""
    with closing(sqlite3.connect(harness.path, isolation_level=None)) as other_program:
        other_program.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        clients = [gevent.spawn(outcome, harness.writer, write(str(number))) for number in range(20)]
        gevent.joinall(clients, timeout=WAIT, raise_error=True)
        took = time.monotonic() - started
    assert {client.value.status for client in clients} == {503}
    assert all(client.value.headers["Retry-After"] for client in clients)
    assert took < 20 * 0.3 / 2, "the busy timeout of this database is 0.3 s"
    assert harness.submit(write("after")) == "after"
    assert harness.committed() == ["after"]


# ------------------------------------------------------------------------------- queue, background


def test_the_queue_is_bounded(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MAX_WAITING", 3)
    go, holding = harness.hold()
    clients = [holding]
    clients += [gevent.spawn(harness.submit, write(name)) for name in "abc"]
    wait_for(lambda: harness.writer.waiting == 3)
    with pytest.raises(Problem) as refused:
        harness.submit(write("d"))
    assert refused.value.status == 503 and int(refused.value.headers["Retry-After"]) > 0
    go.set()
    gevent.joinall(clients, timeout=WAIT, raise_error=True)
    assert harness.committed() == ["a", "b", "c"]
    assert harness.submit(write("e")) == "e"


def test_a_transaction_takes_a_bounded_number(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MAX_BATCH", 10)
    before = harness.writer.transactions
    harness.submit_together(*(write(str(number)) for number in range(25)))
    assert harness.writer.transactions == before + 1 + 3
    assert len(harness.committed()) == 25


def test_background_work_lets_commands_pass(harness: Harness) -> None:
    done: list[str] = []
    go, holding = harness.hold()
    clients = [holding]
    for name in ("first", "second"):
        clients.append(gevent.spawn(harness.writer.run, lambda _, name=name: done.append(name), background=True))
    clients += [gevent.spawn(lambda name=name: done.append(harness.submit(write(name)))) for name in "ab"]
    wait_for(lambda: harness.writer.waiting == 2)
    go.set()
    gevent.joinall(clients, timeout=WAIT, raise_error=True)
    assert harness.committed() == ["a", "b"]
    assert done[-1] == "second", "the commands did not wait for all of it"


def test_work_of_its_own_transaction_is_committed_or_rolled_back(harness: Harness) -> None:
    def note(transaction: Any, key: str) -> str:
        transaction.connection.execute("INSERT INTO meta (chave, valor) VALUES (?, '')", [key])
        if key == "bad":
            raise ValueError(key)
        return key

    assert harness.writer.run(lambda transaction: note(transaction, "good")) == "good"
    with pytest.raises(ValueError, match="bad"):
        harness.writer.run(lambda transaction: note(transaction, "bad"))
    found = harness.connection.execute("SELECT chave FROM meta WHERE chave IN ('good', 'bad')").fetchall()
    assert found == [("good",)]


def test_a_client_that_gives_up_harms_nobody(harness: Harness) -> None:
    """What it wrote is committed all the same: nobody can know what it saw of it."""
    go, holding = harness.hold()
    clients = [holding]
    impatient = gevent.spawn(harness.submit, write("impatient"))
    clients.append(gevent.spawn(harness.submit, write("patient")))
    wait_for(lambda: harness.writer.waiting == 2)
    impatient.kill()
    go.set()
    gevent.joinall(clients, timeout=WAIT, raise_error=True)
    assert harness.committed() == ["impatient", "patient"]


# --------------------------------------------------------------------------------------- time, end


def test_close_answers_all_that_wait_and_takes_no_more(harness: Harness) -> None:
    go, holding = harness.hold()
    clients = [holding]
    clients += [gevent.spawn(harness.submit, write(name)) for name in "abc"]
    wait_for(lambda: harness.writer.waiting == 3)
    closing_down = gevent.spawn(harness.writer.close)
    gevent.sleep(0)
    refused = outcome(harness.writer, write("too late"))
    assert isinstance(refused, Problem) and refused.status == 503 and refused.headers["Retry-After"]
    go.set()
    gevent.joinall([*clients, closing_down], timeout=WAIT, raise_error=True)
    assert [client.value for client in clients[1:]] == ["a", "b", "c"]
    assert harness.committed() == ["a", "b", "c"]


def test_a_writer_that_dies_takes_the_process_with_it(tmp_path: Path) -> None:
    """Loudly, and at once: one that takes writes and tells no one would be worse than none."""
    program = f"""
        import gevent
        from pedidos_server.storage.sqlite.database import Sqlite
        from pedidos_server.domain.commands import CreateOrder
        from pedidos_server.domain.order import FIELDS
        from pedidos_server.storage.writer import Writer
        from pedidos_server.timekeeping import Clock

        database = Sqlite("sqlite:///{tmp_path}/pedidos.db")

        def publish(events):
            raise RuntimeError("nobody could be told")

        writer = Writer(database.transactions, publish, Clock())
        gevent.spawn(writer.submit, CreateOrder(FIELDS))
        gevent.sleep(30)
    """
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 70
    assert "nobody could be told" in done.stderr
    assert time.monotonic() - started < 25
