"""Attacks: hostile input and sudden death, by the thousand; each module tries one kind and says what it found.

``make attack`` tries them all. The seed of a run is printed; with it, any attempt can be repeated alone.
"""
