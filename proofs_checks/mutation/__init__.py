"""Mutation run: alter each formula of the library in plausible ways, and see whether tests and ledger notice."""
