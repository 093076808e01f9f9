"""The Helm chart: the engines that merge its values and render it, and its values schema."""
