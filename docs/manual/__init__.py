"""What the manual takes from elsewhere: figures, recorded tables, the ledger, theorems, docstrings."""
