"""The numbers of the text: a module a topic."""
