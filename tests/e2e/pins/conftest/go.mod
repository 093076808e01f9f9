module gitops-gen-e2e

go 1.26.0

require github.com/open-policy-agent/conftest v0.71.1
