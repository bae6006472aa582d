"""What is made for the chart from its sources; run by ``make chart``.

README.md and values.schema.json come from values.yaml, the chart's definitions from deploy/crds, and the manifests of
deploy/kustomize from the chart itself. tests/chart fails where one of them is not current.
"""
