"""How a width is learned in one run; ``continuum.train.learning`` is the way in."""
