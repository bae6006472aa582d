"""A simulator of the parts of Stripe that the product uses."""
