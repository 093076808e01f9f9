module gitops-gen-services

go 1.25.0

require mvdan.cc/sh/v3 v3.14.1
