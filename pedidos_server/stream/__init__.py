"""The live stream: one bounded tail of the newest events, and every client as a cursor into it."""
