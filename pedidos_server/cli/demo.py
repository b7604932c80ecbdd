"""``pedidos demo``: a throw-away shop with a believable day's orders and colleagues who work on them.

The colleagues are greenlets that use the HTTP API as anybody's client would.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote

import gevent

from ..domain.fields import SECTORS
from .addresses import listens_everywhere

log = logging.getLogger("pedidos.demo")

COLLEAGUES = {
    "financeiro": "Marta",
    "conferencia": "Rafael",
    "sublimacao": "Joana",
    "costura": "Ana",
    "expedicao": "Tiago",
}
COUNTER = "Beatriz"
"""Who takes the orders."""

_CUSTOMERS = (
    "Ateliê Flor de Lis", "Academia Corpo & Forma", "Colégio São Bento", "Padaria Pão Nosso",
    "Time Águias da Serra", "Clínica Sorriso", "Mercado Bom Preço", "Escola Pequeno Príncipe",
    "Bloco Unidos do Samba", "Pousada Mar Azul", "Oficina do Zé", "Restaurante Sabor Mineiro",
    "Igreja Batista Central", "Construtora Horizonte",
    "Pet Shop Amigo Fiel", "Cervejaria Três Irmãos", "Grupo de Corrida Pé na Rua", "Prefeitura de Lavras",
    "Salão Beleza Pura", "Banda Maré Cheia",
)  # fmt: skip
_CITIES = ("Belo Horizonte", "São Paulo", "Juiz de Fora", "Niterói", "Campinas", "Vitória", "Uberlândia", "Lavras")
_PRODUCTS = (
    ("painel", "Painel em tecido", "Tactel", "89.90"),
    ("camiseta", "Camiseta sublimada", "Dry fit", "34.90"),
    ("bandeira", "Bandeira dupla face", "Oxford", "120.00"),
    ("toalha", "Toalha de mesa", "Oxfordine", "75.50"),
    ("totem", "Capa de totem", "Suplex", "140.00"),
    ("almofada", "Almofada personalizada", "Microfibra", "42.00"),
    ("lona", "Lona com ilhós", "Lona 440 g", "98.00"),
)
_SHIPPING = ("Retirada na loja", "Sedex", "PAC", "Motoboy", "Transportadora")
_PAYMENTS = ("Pix", "Cartão", "Boleto", "Dinheiro")


def believable_order(random_: random.Random, today: date) -> dict[str, Any]:
    """The body of a POST: a customer, one to three items, sums that add up."""
    items = []
    total = Decimal(0)
    for _ in range(random_.choice((1, 1, 1, 2, 3))):
        kind, description, fabric, price = random_.choice(_PRODUCTS)
        width, height = random_.choice((60, 100, 150, 200)), random_.choice((90, 120, 250, 300))
        total += Decimal(price)
        items.append(
            {
                "tipo_producao": kind,
                "descricao": f"{description} {width}x{height} cm",
                "largura": str(width),
                "altura": str(height),
                "metro_quadrado": f"{width * height / 10_000:.2f}".replace(".", ","),
                "vendedor": COUNTER,
                "designer": random_.choice(("Lucas", "Sofia")),
                "tecido": fabric,
                "acabamento": {
                    "overloque": random_.random() < 0.6,
                    "elastico": random_.random() < 0.2,
                    "ilhos": kind == "lona",
                },
                "emenda": "com-emenda" if width > 150 else "sem-emenda",
                "valor_unitario": price,
            }
        )
    freight = Decimal(random_.choice(("0.00", "18.50", "32.00")))
    return {
        "cliente": random_.choice(_CUSTOMERS),
        "telefone_cliente": f"(31) 9{random_.randint(8000, 9999)}-{random_.randint(1000, 9999)}",
        "cidade_cliente": random_.choice(_CITIES),
        "data_entrada": (today - timedelta(days=random_.randint(0, 4))).isoformat(),
        "data_entrega": (today + timedelta(days=random_.randint(-1, 8))).isoformat(),
        "prioridade": random_.choices(("NORMAL", "ALTA"), (5, 1))[0],
        "valor_itens": f"{total:.2f}",
        "valor_frete": f"{freight:.2f}",
        "valor_total": f"{total + freight:.2f}",
        "tipo_pagamento": random_.choice(_PAYMENTS),
        "forma_envio": random_.choice(_SHIPPING),
        "items": items,
    }


class Shop:
    """The colleagues of one demo server. ``pace`` is the mean of seconds between two changes."""

    def __init__(self, host: str, port: int, pace: float, seed: int | None = None) -> None:
        self._host = host
        self._port = port
        self._pace = pace
        self._random = random.Random(seed)  # nosec B311 # noqa: S311 (a demonstration, no secret)

    def open(self, orders: int) -> None:
        """Fills the shop: ``orders`` of them, in all states of work."""
        for index in range(orders):
            body = believable_order(self._random, date.today())
            done = min(len(SECTORS), self._random.choice((0, 0, 1, 1, 2, 3, 4, 5)))
            body |= dict.fromkeys(SECTORS[:done], True)
            body["status"] = ("pendente", "em_producao", "pronto")[0 if done == 0 else 2 if done == 5 else 1]
            if index % 9 == 8:
                body["status"] = "entregue"
            self._call("POST", "/api/v1/pedidos/", body, COUNTER)

    def work(self) -> None:
        """Goes on until killed: boxes are ticked in their order, orders come in, finished ones are handed out."""
        while True:
            gevent.sleep(self._random.uniform(0.3, 1.7) * self._pace)
            try:
                self._random.choices((self._tick, self._new, self._hand_out), (8, 1, 1))[0]()
            except (OSError, HTTPException) as error:
                log.info("demo colleague waits", extra={"error": error})

    def _tick(self) -> None:
        sector = self._random.choice(SECTORS)
        waiting = self._call("GET", f"/api/v1/pedidos/?setor={sector}&recentes=0&limite=20")
        if waiting:
            order = self._random.choice(waiting)
            changes: dict[str, Any] = {sector: True, "status": "em_producao"}
            if sector == SECTORS[-1]:
                changes["status"] = "pronto"
            self._call("PATCH", f"/api/v1/pedidos/{order['id']}", changes, COLLEAGUES[sector])

    def _new(self) -> None:
        self._call("POST", "/api/v1/pedidos/", believable_order(self._random, date.today()), COUNTER)

    def _hand_out(self) -> None:
        ready = self._call("GET", "/api/v1/pedidos/?setor=pronto&status=pronto&limite=20")
        if ready:
            self._call("PATCH", f"/api/v1/pedidos/{ready[-1]['id']}", {"status": "entregue"}, COLLEAGUES["expedicao"])

    def _call(self, method: str, path: str, body: Any = None, autor: str = "") -> Any:
        connection = HTTPConnection(self._host, self._port, timeout=10)
        try:
            connection.request(
                method,
                path,
                None if body is None else json.dumps(body),
                {"Content-Type": "application/json", "X-Pedidos-Autor": quote(autor)},
            )
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def start(host: str, orders: int, pace: float, seed: int | None = None) -> Callable[[int], None]:
    """What to call with the port once the server listens: fills the shop and sets its people to work."""

    def open_shop(port: int) -> None:
        shop = Shop("127.0.0.1" if listens_everywhere(host) else host, port, pace, seed)

        def run() -> None:
            shop.open(orders)
            shop.work()

        gevent.spawn(run)

    return open_shop
