module gitops-gen-e2e

go 1.24.6

require github.com/external-secrets/external-secrets v0.19.2

replace github.com/Masterminds/sprig/v3 => github.com/external-secrets/sprig/v3 v3.3.0
