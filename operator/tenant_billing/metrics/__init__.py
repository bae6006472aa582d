"""What Prometheus is told: counters of what happens, and gauges computed from what is known at each scrape.

Owns: the names, labels and types of all metrics (docs/metrics.md), and their exposition.
Does not own: what is measured where (``ports.measuring``), nor the address that serves it (``webhooks``).
"""
