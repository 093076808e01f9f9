module gitops-gen-e2e

go 1.26.0

require github.com/temporalio/ui-server/v2 v2.52.0
