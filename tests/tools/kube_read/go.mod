// SPDX-License-Identifier: Apache-2.0
module lsqm/kube_read

go 1.19

require sigs.k8s.io/yaml v1.4.0
