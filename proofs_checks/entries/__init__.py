"""One entry a file, named ``<id>_<slug>.py``; each binds ``IDENTITY``."""
