"""The chart on a real node: containerd, kubelet and kube-proxy run its pods in namespaces of the test run's own."""
