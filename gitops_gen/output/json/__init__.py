"""Results for programs: one module per document, each a function of a command's result. What a document contains is a
`TypedDict`, from which `docs/reference/json` is generated; renaming a field of a result changes no document.
"""
