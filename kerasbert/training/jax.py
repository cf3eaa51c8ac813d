"""What only JAX needs in training: imported on that backend alone."""

import jax


def keep_compiled(folder: str) -> None:
    """Compile equal programs once, in this process and the next ones: they are kept there."""
    if jax.config.jax_compilation_cache_dir is None:  # the user's own choice goes before
        jax.config.update("jax_compilation_cache_dir", folder)
