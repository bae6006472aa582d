"""What Stripe published about its API, as generated tables: parameters of calls and fields of objects."""
