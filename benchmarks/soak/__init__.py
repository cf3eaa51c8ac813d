"""Kills and long runs: whether everything ends as if nothing had happened."""
