module gitops-gen-e2e

go 1.25.0

require github.com/yannh/kubeconform v0.8.0
