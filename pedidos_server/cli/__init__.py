"""The commands of ``pedidos``."""
