"""The tables: a module a table."""
