"""The page that `report` writes: the documents of other verbs in it, and the script that shows them."""
