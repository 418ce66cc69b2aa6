"""What weights cost under gates, and what remains when the gates are eliminated."""
