"""Regression: numbers that are predicted, see `kerasbert.heads.regression.head`."""
