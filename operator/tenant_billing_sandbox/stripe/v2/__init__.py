"""The calls of the v2 namespace: JSON in and out, times as RFC 3339 (stripe.md 8, item 1)."""
