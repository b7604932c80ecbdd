"""The group-commit writer: what fails alone is rolled back alone, and order is commit order."""

from __future__ import annotations

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
import pydantic_core
import pytest

from pedidos_server import event_log, pedidos, queries, schemas
from pedidos_server import writer as writer_module
from pedidos_server.database import Connection, Database
from pedidos_server.errors import Problem
from pedidos_server.pedidos import Caller
from pedidos_server.protocol import Event
from pedidos_server.writer import Transaction, Writer

WAIT = 20.0
NOBODY = Caller(None, None)


class Harness:
    """A writer on a real file, and what it published."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self.published: list[Event] = []
        self.publications = 0
        self.writer = Writer(connection, self._publish)

    def _publish(self, events: list[Event]) -> None:
        self.published += events
        self.publications += 1

    def submit_together(self, *jobs: Callable[[Transaction], Any]) -> list[Any]:
        """All the jobs in one transaction, in this order; of each its result or its exception."""
        go = threading.Event()
        holding = gevent.spawn(self.writer.submit, lambda _: go.wait(WAIT))
        gevent.sleep(0)  # the writer has begun with it, so that the others wait for the next transaction
        others = [gevent.spawn(outcome, self.writer, job) for job in jobs]
        wait_for(lambda: self.writer.waiting == len(jobs))
        transactions = self.writer.transactions
        go.set()
        gevent.joinall([holding, *others], timeout=WAIT, raise_error=True)
        assert self.writer.transactions <= transactions + 1 + len(jobs)
        return [other.value for other in others]

    def committed(self) -> list[bytes]:
        """The payloads of the log, as another program reads them."""
        with closing(sqlite3.connect(self.path)) as connection:
            return [event.payload for event in event_log.page(connection, 0, 10**9)]


@pytest.fixture
def harness(database: Database, connection: Connection) -> Iterator[Harness]:
    harness = Harness(connection, database.path)
    yield harness
    harness.writer.close()


def wait_for(condition: Callable[[], bool]) -> None:
    with gevent.Timeout(WAIT):
        while not condition():
            gevent.sleep(0.001)


def outcome(writer: Writer, job: Callable[[Transaction], Any]) -> Any:
    try:
        return writer.submit(job)
    except Exception as error:  # noqa: BLE001 (the exception is the result)
        return error


def write(name: str) -> Callable[[Transaction], str]:
    """A job that appends one event and returns its name."""

    def job(transaction: Transaction) -> str:
        transaction.append(Event(transaction.next_cursor(), name.encode()))
        return name

    return job


def write_and_fail(name: str, error: Exception) -> Callable[[Transaction], str]:
    def job(transaction: Transaction) -> str:
        write(name)(transaction)
        raise error

    return job


# ---------------------------------------------------------------------------------- one transaction


def test_a_job_is_answered_after_its_commit(harness: Harness) -> None:
    assert harness.writer.submit(write("a")) == "a"
    assert harness.committed() == [b"a"]


def test_those_that_wait_share_a_transaction_in_the_order_they_came(harness: Harness) -> None:
    names = [f"job {number}" for number in range(50)]
    before = harness.writer.transactions
    assert harness.submit_together(*map(write, names)) == names
    assert harness.writer.transactions == before + 2
    assert harness.publications == 1
    assert [event.payload.decode() for event in harness.published] == names
    assert [event.cursor.number for event in harness.published] == list(range(1, 51))
    assert harness.committed() == [event.payload for event in harness.published]


def test_every_event_is_published_once_in_commit_order(harness: Harness) -> None:
    clients = [
        gevent.spawn(lambda who=who: [harness.writer.submit(write(f"{who}:{turn}")) for turn in range(50)])
        for who in range(8)
    ]
    gevent.joinall(clients, timeout=WAIT, raise_error=True)
    assert [event.payload for event in harness.published] == harness.committed()
    assert [event.cursor.number for event in harness.published] == list(range(1, 401))
    for who in range(8):  # nobody overtakes himself
        own = [e.payload for e in harness.published if e.payload.startswith(b"%d:" % who)]
        assert own == [b"%d:%d" % (who, turn) for turn in range(50)]


def test_events_are_published_before_the_answers(harness: Harness) -> None:
    """An answer may come after its event, but a commit that nobody is told of would be a gap."""
    seen: dict[str, bool] = {}

    def client(name: str) -> None:
        harness.writer.submit(write(name))
        seen[name] = name.encode() in [event.payload for event in harness.published]

    gevent.joinall([gevent.spawn(client, name) for name in "abc"], timeout=WAIT, raise_error=True)
    assert seen == dict.fromkeys("abc", True)


# ----------------------------------------------------------------------------------- what may fail


def test_a_failing_job_is_rolled_back_alone(harness: Harness) -> None:
    refusal = Problem(409, "Número já usado", "Escolha outro.")
    ours = ValueError("a bug of ours")
    results = harness.submit_together(
        write("a"),
        write_and_fail("refused", refusal),
        write("b"),
        write_and_fail("bug", ours),
        write_and_fail("first refused, then more", refusal),
        write("c"),
    )
    assert results == ["a", refusal, "b", ours, refusal, "c"]
    assert harness.committed() == [b"a", b"b", b"c"]
    assert [(e.cursor.number, e.payload) for e in harness.published] == [(1, b"a"), (2, b"b"), (3, b"c")]
    assert harness.writer.submit(write("the writer lives")) == "the writer lives"


def test_what_a_failing_job_has_written_is_taken_back_and_no_more(harness: Harness) -> None:
    def store(chave: str, error: Exception | None = None) -> Callable[[Transaction], str]:
        def job(transaction: Transaction) -> str:
            transaction.connection.execute("INSERT INTO meta (chave, valor) VALUES (?, '')", [chave])
            write(chave)(transaction)
            if error is not None:
                raise error
            return chave

        return job

    refusal = Problem(409, "Número já usado", "Escolha outro.")
    assert harness.submit_together(store("a"), store("b", refusal), store("c")) == ["a", refusal, "c"]
    stored = harness.connection.execute("SELECT chave FROM meta WHERE chave IN ('a', 'b', 'c') ORDER BY chave")
    assert stored.fetchall() == [("a",), ("c",)]
    assert harness.committed() == [b"a", b"c"] == [event.payload for event in harness.published]


def test_the_history_is_whole_where_a_job_of_the_transaction_is_taken_back(harness: Harness) -> None:
    first, second = (
        harness.writer.submit(pedidos.create(schemas.new_order(schemas.PedidoNovo(cliente="Ana")), NOBODY))
        for _ in range(2)
    )
    ids = [int(pydantic_core.from_json(answer.body)["id"]) for answer in (first, second)]

    def change_and_fail(transaction: Transaction) -> None:
        pedidos.update(ids[0], {"observacao": "never"}, None, NOBODY)(transaction)
        raise ValueError("after it had written")

    def change(pedido_id: int, text: str) -> Callable[[Transaction], Any]:
        return pedidos.update(pedido_id, {"observacao": text}, None, NOBODY)

    transactions = harness.writer.transactions
    answers = harness.submit_together(change(ids[0], "a"), change_and_fail, change(ids[1], "b"), change(ids[0], "c"))
    assert isinstance(answers[1], ValueError)
    assert harness.writer.transactions == transactions + 2, "they share one"
    events = [pydantic_core.from_json(payload) for payload in harness.committed()]
    for pedido_id in ids:
        history = queries.history(harness.connection, pedido_id)
        lines = pydantic_core.from_json(history.read(harness.connection, 1 << 20))
        assert [line["cursor"] for line in lines] == [e["cursor"] for e in events if e["pedido_id"] == pedido_id]


def test_a_constraint_that_a_job_breaks_fails_that_job_alone(harness: Harness) -> None:
    def twice(transaction: Transaction) -> None:
        write("twice")(transaction)
        for _ in range(2):
            transaction.connection.execute("INSERT INTO meta (chave, valor) VALUES ('x', 'y')")

    first, broken, last = harness.submit_together(write("a"), twice, write("b"))
    assert (first, last) == ("a", "b")
    assert isinstance(broken, sqlite3.IntegrityError)
    assert harness.committed() == [b"a", b"b"]


def deferred(connection: Connection) -> Callable[[str], Callable[[Transaction], str]]:
    """Makes jobs that break a constraint which SQLite checks only at COMMIT."""
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    connection.execute("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")

    def job_that_fails(name: str) -> Callable[[Transaction], str]:
        def job(transaction: Transaction) -> str:
            transaction.connection.execute("INSERT INTO child VALUES (1)")
            return write(name)(transaction)

        return job

    return job_that_fails


def test_a_commit_that_fails_runs_its_jobs_one_by_one(harness: Harness) -> None:
    fails_at_commit = deferred(harness.connection)
    runs = []

    def counted(transaction: Transaction) -> str:
        runs.append(transaction.next_cursor().number)
        return write("b")(transaction)

    a, guilty, b, c = harness.submit_together(write("a"), fails_at_commit("guilty"), counted, write("c"))
    assert (a, b, c) == ("a", "b", "c")
    assert isinstance(guilty, Problem) and guilty.status == 503
    assert runs == [3, 2], "it ran again, and its cursor closes the gap of the one that failed"
    assert harness.committed() == [b"a", b"b", b"c"]
    assert [(e.cursor.number, e.payload) for e in harness.published] == [(1, b"a"), (2, b"b"), (3, b"c")]
    assert harness.writer.last_failure is None
    assert harness.writer.submit(write("d")) == "d"


def test_a_failure_is_shown_until_a_transaction_succeeds(harness: Harness) -> None:
    fails_at_commit = deferred(harness.connection)
    assert harness.writer.last_failure is None
    assert isinstance(outcome(harness.writer, fails_at_commit("guilty")), Problem)
    assert harness.writer.last_failure is not None and "FOREIGN KEY" in harness.writer.last_failure
    harness.writer.submit(write("a"))
    assert harness.writer.last_failure is None
    assert harness.committed() == [b"a"]


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
    assert [event.payload for event in harness.published] == harness.committed() == [b"before"]
    harness.writer.submit(write("after"))
    assert [event.cursor.number for event in harness.published] == [1, 2]


def test_a_full_disk_fails_the_large_and_not_the_small(harness: Harness) -> None:
    (pages,) = harness.connection.execute("PRAGMA page_count").fetchone()
    harness.connection.execute(f"PRAGMA max_page_count = {pages + 8}")
    small, large, other = harness.submit_together(write("small"), write("x" * 1_000_000), write("other"))
    assert (small, other) == ("small", "other")
    assert isinstance(large, Problem) and large.status == 503 and "disco" in large.detail
    assert harness.committed() == [b"small", b"other"]
    harness.connection.execute(f"PRAGMA max_page_count = {pages + 10_000}")
    assert harness.writer.submit(write("x" * 1_000_000))


def test_one_failure_is_logged_once(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    """A full disk refuses thousands of writes a minute, and the log would fill what is left of it."""
    fails_at_commit = deferred(harness.connection)
    for _ in range(2):
        for name in "abc":
            assert isinstance(outcome(harness.writer, fails_at_commit(name)), Problem)
        harness.writer.submit(write("good"))
    assert [record.message for record in caplog.records] == ["transaction failed"] * 2


def test_damage_that_a_job_meets_is_told_as_such(harness: Harness) -> None:
    """A corrupted page is no fault of the request: 503, as when BEGIN meets it."""
    damage = sqlite3.DatabaseError("database disk image is malformed")
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    result = outcome(harness.writer, write_and_fail("a", damage))
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
    assert harness.writer.submit(write("after")) == "after"
    assert harness.committed() == [b"after"]


# ------------------------------------------------------------------------------- queue, background


def test_the_queue_is_bounded(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MAX_WAITING", 3)
    go = threading.Event()
    clients = [gevent.spawn(harness.writer.submit, lambda _: go.wait(WAIT))]
    gevent.sleep(0)
    clients += [gevent.spawn(harness.writer.submit, write(name)) for name in "abc"]
    wait_for(lambda: harness.writer.waiting == 3)
    with pytest.raises(Problem) as refused:
        harness.writer.submit(write("d"))
    assert refused.value.status == 503 and int(refused.value.headers["Retry-After"]) > 0
    go.set()
    gevent.joinall(clients, timeout=WAIT, raise_error=True)
    assert harness.committed() == [b"a", b"b", b"c"]
    assert harness.writer.submit(write("e")) == "e"


def test_a_transaction_takes_a_bounded_number(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MAX_BATCH", 10)
    before = harness.writer.transactions
    harness.submit_together(*(write(str(number)) for number in range(25)))
    assert harness.writer.transactions == before + 1 + 3
    assert len(harness.committed()) == 25


def test_background_jobs_let_others_pass(harness: Harness) -> None:
    go = threading.Event()
    clients = [gevent.spawn(harness.writer.submit, lambda _: go.wait(WAIT))]
    gevent.sleep(0)
    clients += [gevent.spawn(harness.writer.submit, write(f"cleaning {n}"), background=True) for n in (1, 2)]
    clients += [gevent.spawn(harness.writer.submit, write(name)) for name in "ab"]
    wait_for(lambda: harness.writer.waiting == 2)
    go.set()
    gevent.joinall(clients, timeout=WAIT, raise_error=True)
    assert harness.committed() == [b"a", b"b", b"cleaning 1", b"cleaning 2"]


def test_a_client_that_gives_up_harms_nobody(harness: Harness) -> None:
    """What it wrote is committed all the same: nobody can know what it saw of it."""
    go = threading.Event()
    clients = [gevent.spawn(harness.writer.submit, lambda _: go.wait(WAIT))]
    gevent.sleep(0)
    impatient = gevent.spawn(harness.writer.submit, write("impatient"))
    clients.append(gevent.spawn(harness.writer.submit, write("patient")))
    wait_for(lambda: harness.writer.waiting == 2)
    impatient.kill()
    go.set()
    gevent.joinall(clients, timeout=WAIT, raise_error=True)
    assert harness.committed() == [b"impatient", b"patient"]


# --------------------------------------------------------------------------------------- time, end


def test_close_answers_all_that_wait_and_takes_no_more(harness: Harness) -> None:
    go = threading.Event()
    clients = [gevent.spawn(harness.writer.submit, lambda _: go.wait(WAIT))]
    gevent.sleep(0)
    clients += [gevent.spawn(harness.writer.submit, write(name)) for name in "abc"]
    wait_for(lambda: harness.writer.waiting == 3)
    closing_down = gevent.spawn(harness.writer.close)
    gevent.sleep(0)
    refused = outcome(harness.writer, write("too late"))
    assert isinstance(refused, Problem) and refused.status == 503 and refused.headers["Retry-After"]
    go.set()
    gevent.joinall([*clients, closing_down], timeout=WAIT, raise_error=True)
    assert [client.value for client in clients[1:]] == ["a", "b", "c"]
    assert harness.committed() == [b"a", b"b", b"c"]


def test_a_writer_that_dies_takes_the_process_with_it(tmp_path: Path) -> None:
    """Loudly, and at once: one that takes writes and tells no one would be worse than none."""
    program = f"""
        import gevent
        from pedidos_server.database import Database
        from pedidos_server.migrations import migrate
        from pedidos_server.protocol import Event
        from pedidos_server.writer import Writer

        database = Database("sqlite:///{tmp_path}/pedidos.db")
        peewee = database.open_writer()
        migrate(peewee, database.path)

        def publish(events):
            raise RuntimeError("nobody could be told")

        writer = Writer(peewee.connection(), publish)
        gevent.spawn(writer.submit, lambda t: t.append(Event(t.next_cursor(), b"{{}}")))
        gevent.sleep(30)
    """
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 70
    assert "nobody could be told" in done.stderr
    assert time.monotonic() - started < 25
