"""The first command of the README and of the guide, in an empty environment: what is installed is all that runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from tests.support.commands import Walk, commands
from tests.support.live_server import REPOSITORY

GUIDE = "documentation/GUIA_RAPIDO_SINCRONIZACAO.md"
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "node_modules", "tests", "bench", "build", "*.egg-info", "*.db*")


@pytest.mark.slow
def test_a_newcomer_installs_it_and_sees_the_demonstration(tmp_path: Path) -> None:
    folder = tmp_path / "pedidos"
    shutil.copytree(REPOSITORY, folder, ignore=LEFT_OUT)
    install = next(command for command in commands(GUIDE) if "pip install" in command)
    walk = Walk(folder)
    del walk.environment["PYTHONPATH"]
    done = subprocess.run(install, shell=True, cwd=folder, capture_output=True, text=True, env=walk.environment)
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip("no package index within reach")
    assert done.returncode == 0, done.stderr
    try:
        walk.pedidos = ".venv/bin/pedidos"
        walk.start_server(".venv/bin/pedidos demo")
        assert "<title>" in requests.get(walk.url, timeout=20).text
    finally:
        walk.stop_server()
