"""Everything that is generated, before Sphinx reads the pages."""

from pathlib import Path

from manual import api, changes, experiments, gallery, tables, theory
from manual.figures import draw


def generate(docs: Path) -> None:
    """Draw the figures and write the pages; what is up to date is left alone."""
    generated = docs / "_generated"
    figures = draw(generated / "figures")
    theory.generate(docs / "theory")
    api.generate(docs / "api")
    tables.generate(generated)
    changes.generate(generated)
    experiments.generate(generated / "experiments", figures)
    gallery.generate(generated / "gallery", figures)
