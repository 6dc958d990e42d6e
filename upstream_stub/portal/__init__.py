"""The stub portal: a Swedish employee portal, its debugging pages and its request log."""
