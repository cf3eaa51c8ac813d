"""Question answering: the stretch of a context that answers a question."""
