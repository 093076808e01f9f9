"""Text that tries to act where it is shown, for hypothesis and for whole repositories."""

from hypothesis import strategies

PIECES = [
    *(
        "`",
        "``",
        "```",
        "~~~",
        "\n",
        "\r",
        "\r\n",
        "\t",
        " ",
        "  ",
        "\n\n",
        "\\",
        "-",
        "- ",
        "1. ",
        "+",
        "=",
        "\n---\n",
        "> ",
    ),
    *(
        "</details>",
        "<!--",
        "-->",
        "<script>",
        "<b onclick=x>",
        "<?",
        "<![CDATA[",
        "&lt;",
        "&#64;",
        '"',
        "'",
        "</summary>",
    ),
    *(
        "@team",
        "#1",
        "GH-1",
        "!2",
        "~label",
        "https://e.example",
        "www.e.example",
        "a@e.example",
        "mailto:a",
        "\n/close",
    ),
    *(
        "[a](https://e.example)",
        "![a](https://e.example)",
        "[a]: b",
        "\n# A",
        "**",
        "__",
        "| a | b |",
        "\n|-|-|\n",
        "$x$",
        ":x:",
    ),
    *("\x1b[31m", "\x1b[2J", "\x1b]0;a\x07", "\x9b31m", "\x08", "\x00", "\x7f", "\x85", "\x0b", "\x1c", "\u2028"),
    *("\u202e", "\u2066", "\u200b", "\ufeff", "\u00ad", "\u3164", "\U000e0041", "\ud800", "\udcff", "\uffff"),
    *(
        "\n::error::x",
        "::stop-commands::x",
        "##[error]x",
        "##vso[task.complete]x",
        "##teamcity[x]",
        "%0A::x",
        "];",
        "click a",
    ),
    *("Deployment/app", "app", "ä", "\u3000", "é"),
]
"""Parts of what means something in Markdown, HTML, Mermaid, a terminal, or the log of a CI service."""

text = strategies.lists(strategies.sampled_from(PIECES) | strategies.text(max_size=4), min_size=1, max_size=6).map(
    "".join
)
"""Hostile text of one piece or several."""
