"""Tables as users have them, as numbers; numbers as features of a network."""
