"""Kopf's edge: what the watches bring goes to ``runtime.arrivals``, and nothing is decided here.

Owns: kopf's settings, its login, one event handler for every kind.
Does not own: which object to look at then (``runtime.dependents``), nor when (``runtime.work_queue``).
"""
