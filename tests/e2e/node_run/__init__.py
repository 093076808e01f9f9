"""`python -m tests.e2e.node` from outside: beside another run, and ended in the middle."""
