"""The four kinds of ``tenantbilling.dev/v1alpha1`` as typed, frozen models.

Owns: what a field is called, its type, its default and its unit; how a status and its conditions are spelled;
every name that is shared with the outside (annotations, metadata keys, tenant attributes).
Does not own: what should happen (``domain``), how objects are fetched or written (``clients``).
The custom resource definitions in ``deploy/crds`` say the same to the API server; a test compares the two.
"""
