module gitops-gen-e2e

go 1.26.0

require github.com/coredns/coredns v1.12.4
