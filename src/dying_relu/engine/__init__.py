"""Train populations of networks, treat them, and measure death in them."""
