"""Load and measures: ``python -m bench`` runs each figure of docs/performance.md beside the bare limit."""
