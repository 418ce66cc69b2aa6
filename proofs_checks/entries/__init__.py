"""One entry per file, named ``<id>_<slug>.py``; each binds ``IDENTITY``."""
