"""The methods to learn a width by name: the graded one, and others for comparison; ``registry`` lists them."""
