"""The ledger: every claim about continuous width, derived, checked against the shipped code, and attacked."""
