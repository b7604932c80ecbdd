"""What the documents say of settings, codes and messages is what the code has."""

import json
import re
from dataclasses import fields
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pedidos_server.cli.main import _parser
from pedidos_server.config import Settings, flag_name
from pedidos_server.domain.events import Cursor, connection_message, pong_message, refresh_message, update_message
from pedidos_server.stream import protocol

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "documentation" / "instalacao.md").read_text(encoding="utf-8")
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


def test_every_setting_stands_in_the_guide_with_its_flag_and_default():
    rows = dict(re.findall(r"^\| `(PEDIDOS_\w+)` \| (.+) \|$", GUIDE, re.MULTILINE))
    assert set(rows) == {item.metadata["env"] for item in fields(Settings)}
    for item in fields(Settings):
        flag, default, *_ = rows[item.metadata["env"]].split(" | ")
        assert flag == f"`{flag_name(item.name)}`"
        assert default.strip("`") == (str(item.default) if item.default != () else "nenhuma")


def test_every_close_code_stands_in_the_protocol_with_its_advice():
    rows = re.findall(r"^\| (1\d{3}|4\d{3}) \| .+ \| (retry|stop) \|$", PROTOCOL, re.MULTILINE)
    assert sorted(rows) == sorted((str(close.code), close.advice.value) for close in protocol.CLOSES)


@pytest.mark.parametrize("close", protocol.CLOSES, ids=lambda close: str(close.code))
def test_a_close_reason_fits_its_frame(close):
    assert len(close.reason.encode()) <= 123


def test_the_examples_have_the_fields_of_the_messages():
    examples = {message["type"]: message for message in map(json.loads, re.findall(r"```json\n(.+)\n```", PROTOCOL))}
    cursor = Cursor(2, "a2eda8bc")
    built = [
        connection_message(cursor, "0.1.0"),
        refresh_message("…", cursor),
        pong_message(),
        update_message(
            action="update",
            pedido_id=1,
            document=b"{}",
            when="",
            cursor=cursor,
            versao=2,
            changed=[],
            autor=None,
            origem=None,
        ),
    ]
    assert {message["type"]: list(message) for message in map(json.loads, built)} == {
        kind: list(message) for kind, message in examples.items()
    }


def test_the_windows_task_is_never_ended_and_its_log_is_kept():
    """What the Task Scheduler does by itself: ends a task after 72 hours and on battery, and drops its output."""
    task = ElementTree.parse(ROOT / "deploy" / "windows-task.xml")
    place = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    settings = {entry.tag.removeprefix(place): entry.text for entry in task.find(f"{place}Settings")}
    assert settings["ExecutionTimeLimit"] == "PT0S"
    assert settings["DisallowStartIfOnBatteries"] == settings["StopIfGoingOnBatteries"] == "false"
    assert [entry.text for entry in task.find(f".//{place}RestartOnFailure")] == ["PT1M", "999"]
    words = task.find(f".//{place}Arguments").text.split()
    options = _parser().parse_args(words)
    assert Settings.load({}, {item.name: getattr(options, item.name) for item in fields(Settings)}).log_file
    assert "deploy\\windows-task.xml" in GUIDE
