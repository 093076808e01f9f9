"""From the original Kustomize deployment to the chart: what becomes of each live object, and the commands to type."""
