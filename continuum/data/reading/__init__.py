"""From the bytes of a file, or a table in memory, to named columns of text."""
