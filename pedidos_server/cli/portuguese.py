"""The texts of argparse, which asks gettext for each and finds none in Portuguese."""

from __future__ import annotations

import argparse

_TEXTS = {
    "usage: ": "uso: ",
    "options": "opções",
    "positional arguments": "argumentos",
    "show this help message and exit": "mostra esta ajuda e termina",
    "show program's version number and exit": "mostra a versão e termina",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s: %(message)s",
    "%(prog)s: error: %(message)s\n": "%(prog)s: %(message)s\n",
    "invalid choice: %(value)r (choose from %(choices)s)": "%(value)r não serve; use %(choices)s",
    "unknown parser %(parser_name)r (choices: %(choices)s)": "%(parser_name)r não é um comando; há %(choices)s",
    "invalid %(type)s value: %(value)r": "%(value)r não é um número",
    "expected one argument": "falta o valor",
    "ignored explicit argument %r": "não leva valor: %r",
    "the following arguments are required: %s": "falta %s",
    "unrecognized arguments: %s": "não conheço %s",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s pode ser %(matches)s: escreva por inteiro",
}


def translate_argparse() -> None:
    """Has argparse use these texts, in this process."""
    argparse._ = lambda text: _TEXTS.get(text, text)  # type: ignore[attr-defined]
