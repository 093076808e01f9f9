"""The generated repository on a real Argo CD; `make e2e` runs it. Only what runs outside it is simulated."""
