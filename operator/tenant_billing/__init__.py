"""A Kubernetes operator that sells tenants of a LoRaWAN network server."""
