module gitops-gen-services

go 1.26.4

require go.temporal.io/server v1.31.2
