"""The rendered difference: what two states of a repository would have Argo CD apply, compared and put into words."""
