"""Experiments on continuous width: one file a question."""
