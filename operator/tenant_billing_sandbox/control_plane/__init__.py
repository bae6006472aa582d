"""A real Kubernetes without containers, for tests, demo and benchmarks (control-plane.md).

The programs (etcd, kube-apiserver, kubectl, on request more) are found or made by `binaries`;
`plane.ControlPlane` runs them on loopback ports in a directory of their own.
"""
