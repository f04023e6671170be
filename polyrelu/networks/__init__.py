"""Networks, and what an activation pattern makes of them; knows no tiling."""
