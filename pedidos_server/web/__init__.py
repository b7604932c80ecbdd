"""HTTP: who may come in, what they ask, and what they are answered."""
