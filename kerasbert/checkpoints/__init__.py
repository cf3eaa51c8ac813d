"""Public models, in the forms that others read: `convert` reads one into a run folder."""
