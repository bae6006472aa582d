"""Who buys and who sells: customers, the account itself, and the search over objects."""
