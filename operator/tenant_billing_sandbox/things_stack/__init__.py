"""A simulator of the tenant registry of The Things Stack Enterprise, as its HTTP API shows it."""
