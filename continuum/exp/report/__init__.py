"""One HTML page from a finished run."""
