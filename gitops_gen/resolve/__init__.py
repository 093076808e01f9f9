"""From the hand-written files to resolved environments: layers merged, names filled in, every value traceable to its
line.
"""
