"""What is made for the chart from its sources: README.md and values.schema.json from values.yaml, copies of the CRDs, and the
manifests of deploy/kustomize from the chart itself. Run by ``make chart``; tests/helm fails where a file is not current.
"""
