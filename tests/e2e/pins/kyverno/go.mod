module gitops-gen-e2e

go 1.26.6

require github.com/kyverno/kyverno v1.19.1

// A replacement counts in the main module only: this one is Kyverno's own.
replace k8s.io/pod-security-admission => github.com/kyverno/pod-security-admission v0.0.0-20251031094455-46f20778634f
