"""Connections to what is outside: Kubernetes, Stripe and The Things Stack. Each keeps its wire format to itself."""
