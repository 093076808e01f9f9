"""The sync as Argo CD will run it: phases, waves, what each wave waits for, which objects need which, and how long it
can all take.
"""
