"""What the durability tests share."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile("pedidos", deadline=None, database=None)
hypothesis.settings.load_profile("pedidos")
