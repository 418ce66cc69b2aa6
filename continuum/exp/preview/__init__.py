"""What a file holds, column by column, and what would be done with it, on the terminal and as an HTML page.

Nothing is trained and nothing is changed. A file that is refused is shown as far as it could be read, with the error.
"""

from continuum.exp.preview.command import Options, main

__all__ = ["Options", "main"]
