"""Stripe's edge: verified deliveries become nudges on objects. Also the probes. Every replica serves it.

Owns: the HTTP listeners, size and content checks, signing secrets and their cache, the answer to a delivery.
Does not own: whether a signature is right (``ports.WebhookVerifier``), what an event concerns (``domain.events``),
what is done about it (the leader, which sees the annotation and reads everything afresh).
"""
