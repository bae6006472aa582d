// Package definitions imports a package of each module whose custom resource definitions the tests apply: that pins it.
package definitions

import (
	_ "github.com/prometheus-operator/prometheus-operator/pkg/versionutil"
	_ "sigs.k8s.io/gateway-api/pkg/consts"
)
