"""From columns of text to numbers: what each holds, which are features, and what to say about them."""
