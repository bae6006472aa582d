"""The loop: gather, decide, apply, report. Reconcilers know ports, never a client."""
