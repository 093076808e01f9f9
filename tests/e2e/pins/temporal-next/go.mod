module gitops-gen-e2e-temporal-next

go 1.26.4

require go.temporal.io/server v1.32.0
