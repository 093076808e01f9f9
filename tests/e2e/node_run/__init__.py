"""`python -m tests.e2e.node` from outside: during another run, and ended in the middle."""
