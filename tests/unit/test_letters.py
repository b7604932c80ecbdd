"""The letters of a text: a word's own never rule out a text that contains it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import example, given
from hypothesis import strategies as st

from pedidos_server.storage.sqlite.search_mask import LETTERS, numbers_with

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
TEXTS = st.text(st.one_of(st.sampled_from(f"{ALPHABET}019 \n-*?[%"), st.characters(codec="utf-8")))


def number_of(text: str) -> int:
    with closing(sqlite3.connect(":memory:")) as connection:
        number: int = connection.execute(f"SELECT {LETTERS} FROM (SELECT ? AS busca)", [text]).fetchone()[0]
    return number


@given(TEXTS, TEXTS, TEXTS)
@example("1\nana", "luz", "\nbh")
@example("", ALPHABET, "")
def test_a_text_is_among_those_that_may_contain_any_of_its_words(before: str, word: str, after: str) -> None:
    numbers = numbers_with(word)
    assert numbers is None or number_of(before + word + after) in numbers


def test_what_lacks_a_letter_is_not_among_them() -> None:
    for letter in set(ALPHABET) - set("aeiors"):
        assert number_of("aeiors 0123") not in (numbers_with(letter) or ())
    assert numbers_with("rosa 10") is None


def test_the_numbers_are_those_of_the_files_there_are() -> None:
    """Other groups of letters would need a step of the schema: each file keeps its index's definition."""
    assert [number_of(text) for text in ("1047\nana luz\nuberlandia", "flor de lis", "joao", ALPHABET)] == [
        0b100101100101,
        0b000001000101,
        0b000000010000,
        0b111111111111,
    ]
