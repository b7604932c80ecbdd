"""The header fields that the embedded server takes, and those with which requests are smuggled."""

import timeit

import pytest

from pedidos_server.server.http_head import MAX_FIELDS, RequestHead


def read(*lines: bytes) -> RequestHead:
    return RequestHead(b"".join(line + b"\r\n" for line in lines))


def test_fields_in_their_order_and_by_name_in_any_case():
    head = read(b"Host: oficina.lan", b"X-Pedidos-Autor:  Ana \t", b"Content-Type: application/json", b"Empty:")
    assert head.status == ""
    assert head.fields[1] == ("X-Pedidos-Autor", "Ana")
    assert head.get("HOST") == "oficina.lan"
    assert head.typeheader == "application/json"
    assert head.get("Empty") == ""
    assert head.get("Missing", "-") == "-"


def test_values_are_latin_1():
    assert read("X-Name: José".encode("latin-1")).get("x-name") == "José"


@pytest.mark.parametrize(
    "lines",
    [
        (b"Host : x",),
        (b"Host: x", b" folded"),
        (b"no colon",),
        (b": no name",),
        (b"Na me: x",),
        (b"A: b\x00c",),
        (b"A: b\rC: d",),
        (b"Content-Length: 3", b"Content-Length: 3"),
        (b"Content-Length: +3",),
        (b"Content-Length: 1_0",),
        (b"Content-Length: -1",),
        (b"Content-Length: 3", b"Transfer-Encoding: chunked"),
        (b"Host: a", b"Host: b"),
        tuple(b"A%d: b" % number for number in range(MAX_FIELDS + 1)),
        (b"A: " + b"x" * 70_000,),
        (b"A: " + b"x" * 9_000,),
        (b"Cookie: " + b"x" * 5_000, b"cookie: " + b"y" * 5_000),
    ],
    ids=lambda lines: lines[-1][:20].decode("latin-1"),
)
def test_what_is_refused(lines):
    assert read(*lines).status


def test_a_line_that_ends_early_is_refused():
    assert RequestHead(b"Host: x\r\nA: b").status


SHAPES = {
    "blanks": lambda size: b"A: b" + b" " * size + b"c\r\n",
    "tabs": lambda size: b"A:" + b"\t" * size + b"\r\n",
    "a name": lambda size: b"a" * size + b"\r\n",
    "colons": lambda size: b":" * size + b"\r\n",
    "carriage returns": lambda size: b"A: " + b"\r" * size + b"\r\n",
    "lines": lambda size: b"A:b\r\n" * (size // 5),
    "no lines": lambda size: b"\n" * size,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_no_faster_than_the_head(shape):
    """Ten times as large, no more than thirty times as long."""

    def took(size):
        lines = SHAPES[shape](size)
        return min(timeit.repeat(lambda: RequestHead(lines), number=1, repeat=5))

    assert took(60_000) < 30 * max(took(6_000), 2e-5)
