"""The sandbox: a local control plane and simulators of Stripe and The Things Stack, for demo and tests only."""
