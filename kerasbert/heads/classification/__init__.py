"""Classification: its head, and what that is composed of. Keras is imported when it is built."""
