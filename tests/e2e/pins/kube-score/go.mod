module gitops-gen-e2e

go 1.25.0

require github.com/zegl/kube-score v1.20.0
