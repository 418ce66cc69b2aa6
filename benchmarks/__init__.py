"""Speed of continuum against other ways to do the same work: ratios, each measured in one run."""
