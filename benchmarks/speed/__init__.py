"""How long things take, side by side with peers, in one run."""
