"""Commands as data, and what each does: ``decide(world, command, now)``.

A world holds in memory what a batch of commands names: the writer loads it, lets each command be decided on it, one
after the other, and stores what has changed. So a batch gives what its commands would give one by one, and a command
that is refused has changed nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from .events import Cursor, Event, encode, update_message
from .fields import READ_ONLY, Order
from .refusals import AnswerGone, Conflict, KeyReused, NotFound, NumberTaken

FAR = 10_000
"""A number that is further than this above the highest is a bar code or a slip: it is kept, and does not move the
sequence."""
LONGEST_TEXT = 10_000
"""Characters of a text that the history keeps as it was."""
_DIGITS = re.compile("[0-9]+")

# --------------------------------------------------------------------------------------- commands


@dataclass(frozen=True, slots=True)
class Caller:
    """Who writes: ``name`` stands in the history, ``client`` is the tab or app that will see its own echo."""

    name: str | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key, and the fingerprint of the request that it came with."""

    key: str
    fingerprint: str


Versions = frozenset[int] | None
"""The versions of an order that a command accepts; None for any."""


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """``fields`` are all that clients write, defaults included; ``numero`` is "" where the server gives it."""

    fields: Order
    by: Caller = Caller()
    once: Once | None = None


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    order_id: int
    changes: Order
    versions: Versions = None
    by: Caller = Caller()
    once: Once | None = None


@dataclass(frozen=True, slots=True)
class DeleteOrder:
    order_id: int
    versions: Versions = None
    by: Caller = Caller()
    once: Once | None = None


Command = CreateOrder | ChangeOrder | DeleteOrder
Action = Literal["create", "update", "delete"]

# ------------------------------------------------------------------------------------------ world


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has done. ``body`` is the order's JSON after it; after a delete, a message.

    ``event`` is the number of the event that led to this version of the order; None after a delete.
    """

    action: Action | Literal["none"]
    order_id: int
    version: int
    body: bytes
    event: int | None


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order, its JSON, and the number of its newest change, by which its history is found."""

    order: Order
    document: bytes
    last_change: int


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change: the event that tells of it, and its line in the history."""

    event: Event
    order_id: int
    action: Action
    author: str | None
    when: str
    fields: bytes
    """JSON: ``{field: [before, after]}``."""
    previous: int | None
    """The number of the order's change before this one."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The answer to a request with a key; None where it is no longer kept."""

    fingerprint: str
    answer: Answer | None


@dataclass(slots=True)
class Counters:
    """Grow and never come back: the newest event, the highest order id, the highest number of the sequence."""

    head: Cursor
    order_id: int
    number: int


@dataclass(slots=True)
class World:
    """What is known before a batch, and what the batch has made of it."""

    counters: Counters
    orders: dict[int, StoredOrder | None] = field(default_factory=dict)
    """By id; None for one that is not there. Holds every order that a command of the batch names."""
    taken: dict[str, int] = field(default_factory=dict)
    """The ids of the orders that have the numbers which commands ask for."""
    far: set[int] = field(default_factory=set)
    """Numbers above the sequence that were ever used: it steps over them."""
    remembered: dict[str, Remembered] = field(default_factory=dict)

    changes: list[Change] = field(default_factory=list)
    changed: dict[int, set[str]] = field(default_factory=dict)
    """The names of the changed fields, by the order's id."""
    new_answers: dict[str, Remembered] = field(default_factory=dict)
    new_far: set[int] = field(default_factory=set)


# ----------------------------------------------------------------------------------------- decide


def decide(world: World, command: Command, now: str) -> Answer:
    """Carries the command out on the world. ``now`` is the server's time, ISO 8601 in UTC.

    Raises a Refusal before anything has changed.
    """
    once = command.once
    known = world.remembered.get(once.key) if once is not None else None
    if once is not None and known is not None:
        if known.fingerprint != once.fingerprint:
            raise KeyReused
        if known.answer is None:
            raise AnswerGone
        return known.answer
    match command:
        case CreateOrder():
            answer = _create(world, command, now)
        case ChangeOrder():
            answer = _change(world, command, now)
        case DeleteOrder():
            answer = _delete(world, command, now)
    if once is not None:
        world.remembered[once.key] = world.new_answers[once.key] = Remembered(once.fingerprint, answer)
    return answer


def _create(world: World, command: CreateOrder, now: str) -> Answer:
    counters = world.counters
    numero, highest, far = _claim_number(world, command.fields["numero"], None)
    order: Order = {
        "id": counters.order_id + 1,
        **command.fields,
        "numero": numero,
        "data_criacao": now,
        "ultima_atualizacao": now,
        "versao": 1,
    }
    document = encode(order)
    change = _describe(world, "create", {}, order, list(command.fields), document, command.by, now, None)
    counters.order_id += 1
    _move_sequence(world, highest, far)
    world.taken[numero] = order["id"]
    _keep(world, change, order["id"], StoredOrder(order, document, change.event.cursor.number), command.fields)
    return Answer("create", order["id"], 1, document, change.event.cursor.number)


def _change(world: World, command: ChangeOrder, now: str) -> Answer:
    stored = _current(world, command.order_id, command.versions)
    before = stored.order
    changed = {name: value for name, value in command.changes.items() if before[name] != value}
    if not changed:
        return Answer("none", command.order_id, before["versao"], stored.document, stored.last_change)
    highest, far = world.counters.number, None
    if "numero" in changed:
        changed["numero"], highest, far = _claim_number(world, changed["numero"], command.order_id)
    when = max(now, before["ultima_atualizacao"])  # never back for one order, whatever the clock does
    order: Order = {**before, **changed, "versao": before["versao"] + 1, "ultima_atualizacao": when}
    document = encode(order)
    change = _describe(world, "update", before, order, list(changed), document, command.by, when, stored.last_change)
    if "numero" in changed:
        _move_sequence(world, highest, far)
        world.taken.pop(before["numero"], None)
        world.taken[order["numero"]] = command.order_id
    _keep(world, change, command.order_id, StoredOrder(order, document, change.event.cursor.number), changed)
    return Answer("update", command.order_id, order["versao"], document, change.event.cursor.number)


def _delete(world: World, command: DeleteOrder, now: str) -> Answer:
    stored = _current(world, command.order_id, command.versions)
    before = stored.order
    version = before["versao"] + 1
    when = max(now, before["ultima_atualizacao"])
    gone = {"id": command.order_id, "versao": version}
    written = [name for name in before if name not in READ_ONLY]
    change = _describe(world, "delete", before, gone, written, None, command.by, when, stored.last_change)
    world.taken.pop(before["numero"], None)
    _keep(world, change, command.order_id, None, written)
    message = encode({"message": f"Pedido {before['numero']} excluído"})
    return Answer("delete", command.order_id, version, message, None)


def _current(world: World, order_id: int, versions: Versions) -> StoredOrder:
    """Raises NotFound or Conflict."""
    stored = world.orders[order_id]
    if stored is None:
        raise NotFound(order_id)
    if versions is not None and stored.order["versao"] not in versions:
        raise Conflict(stored.order)
    return stored


def _claim_number(world: World, asked: str, own_id: int | None) -> tuple[str, int, int | None]:
    """The number that an order gets, the highest of the sequence after it, and the far number that this uses, if it
    is one. Raises NumberTaken."""
    highest = world.counters.number
    if not asked:
        following = highest + 1
        while following in world.far or str(following) in world.taken:
            following += 1
        return str(following), following, None
    if world.taken.get(asked, own_id) != own_id:
        raise NumberTaken(asked)
    if _DIGITS.fullmatch(asked) is None or int(asked) <= highest:
        return asked, highest, None
    value = int(asked)
    return (asked, value, None) if value <= highest + FAR else (asked, highest, value)


def _move_sequence(world: World, highest: int, far: int | None) -> None:
    world.counters.number = highest
    if far is not None:
        world.far.add(far)
        world.new_far.add(far)


def _describe(
    world: World,
    action: Action,
    before: Order,
    after: Order,
    changed: list[str],
    document: bytes | None,
    by: Caller,
    when: str,
    previous: int | None,
) -> Change:
    cursor = Cursor(world.counters.head.number + 1, new_tag())
    payload = update_message(
        action=action,
        pedido_id=after["id"],
        document=document,
        when=when,
        cursor=cursor,
        versao=after["versao"],
        changed=changed,
        autor=by.name,
        origem=by.client,
    )
    fields = encode({name: [_for_history(before.get(name)), _for_history(after.get(name))] for name in changed})
    return Change(Event(cursor, payload), after["id"], action, by.name, when, fields, previous)


def new_tag() -> str:
    """By it a cursor of another history is told from this one's."""
    return secrets.token_hex(4)


def _keep(world: World, change: Change, order_id: int, stored: StoredOrder | None, changed: Iterable[str]) -> None:
    world.counters.head = change.event.cursor
    world.changes.append(change)
    world.orders[order_id] = stored
    world.changed.setdefault(order_id, set()).update(changed)


def _for_history(value: Any) -> Any:
    """The value as history keeps it: an image, or a text longer than any field takes, stands in it as its size and
    hash."""
    if isinstance(value, str):
        if not value.startswith("data:") and len(value) <= LONGEST_TEXT:
            return value
        data = value.encode()
        return {"tamanho": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if isinstance(value, dict):  # not Mapping, which takes longer to ask for than all else here
        return {name: _for_history(entry) for name, entry in value.items()}
    return [_for_history(entry) for entry in value] if isinstance(value, list) else value
