"""What the durability tests share: the parser of the unit tests is theirs too."""

from __future__ import annotations

import sys
from pathlib import Path

import hypothesis

sys.path.append(str(Path(__file__).resolve().parent.parent / "unit"))

hypothesis.settings.register_profile("pedidos", deadline=None, database=None)
hypothesis.settings.load_profile("pedidos")
