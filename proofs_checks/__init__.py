"""The ledger: every claim about continuous width, with what is derived, checked on shipped code, and attacked."""
