"""Other routes to a learned width, by name, for comparison; ``registry`` lists them."""
