"""One file a verb: plain typed functions over the layers below, usable without the command line."""
