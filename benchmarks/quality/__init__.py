"""How good what is learned is, beside what one would use instead."""
