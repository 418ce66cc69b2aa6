"""Functions on the line whose positive part is a support: values, zeros, integrals and variations."""
