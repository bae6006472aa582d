"""Everything the operator needs around it, on one machine: for the demo, the sandbox, tests and benchmarks.

Owns: the composition of control plane, simulators, manifests and the operator as a process of its own.
Does not own: any of these; the operator is started as anybody would start it, and nothing of it is imported.
"""
