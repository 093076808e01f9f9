"""Changes of the hand-written files: drafted, checked, committed, pushed.

The life of a change, as `change.change` carries it out:

1. A verb drafts it (`decision.Draft`): new texts of inputs, and the message of the commit. It never writes.
2. `change.plan` generates and checks it in a copy: a `decision.Decision`, with every file that changes.
3. Without a commit, the files are written to the working tree, and that is all.
4. With a commit, `committing` decides on HEAD. `uncommitted` stops it if a file that is not committed would matter.
5. With `--push`, it fetches first, rebases local commits (`merging`), and decides on the remote's commit as well.
6. `incoming` finds what others pushed, `remote_check` compares both decisions and stops on a conflict.
7. The commit is made in the user's checkout, or in a temporary one, which `missing_files` completes with ignored files.
8. If somebody else pushed first, steps 5 to 7 run again on the new commit of the remote.
9. `preview` renders the difference for a dry run; `decision.Outcome` says what changed and how far it went.
"""
