"""The header fields that the embedded server takes, and those with which requests are smuggled."""

import timeit
from contextlib import suppress

import pytest

from pedidos_server.server.http_head import MAX_FIELDS, BadHead, environ_of, split_request_line


def read(*lines: bytes) -> dict[str, str]:
    return environ_of(b"".join(line + b"\r\n" for line in lines))


def test_fields_as_wsgi_has_them():
    assert read(b"Host: oficina.lan", b"X-Pedidos-Autor:  Ana \t", b"Content-Type: application/json", b"Empty:") == {
        "HTTP_HOST": "oficina.lan",
        "HTTP_X_PEDIDOS_AUTOR": "Ana",
        "CONTENT_TYPE": "application/json",
        "HTTP_EMPTY": "",
    }


def test_fields_of_one_name_are_joined():
    assert read(b"Accept: a", b"Cookie: a=1", b"ACCEPT: b", b"cookie: b=2") == {
        "HTTP_ACCEPT": "a,b",
        "HTTP_COOKIE": "a=1; b=2",
    }


def test_a_name_that_would_pass_for_another_is_left_out():
    assert read(b"X_Forwarded_For: 10.0.0.1", b"Content_Length: 3") == {}


def test_values_are_latin_1():
    assert read("X-Name: José".encode("latin-1")) == {"HTTP_X_NAME": "José"}


@pytest.mark.parametrize("line", ["GET / HTTP/2.0", "GET /", "GET  / HTTP/1.1", "GÉT / HTTP/1.1", "GET / / HTTP/1.1"])
def test_a_line_that_is_no_request(line):
    with pytest.raises(BadHead):
        split_request_line(line)


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
    with pytest.raises(BadHead):
        read(*lines)


def test_a_line_that_ends_early_is_refused():
    with pytest.raises(BadHead):
        environ_of(b"Host: x\r\nA: b")


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

        def read_it():
            with suppress(BadHead):
                environ_of(lines)

        return min(timeit.repeat(read_it, number=1, repeat=5))

    assert took(60_000) < 30 * max(took(6_000), 2e-5)
