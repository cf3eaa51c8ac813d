"""A process for each backend, which all that is compared here runs in."""

import os

import pytest
from backends import Server
from fast_compiling import FAST_COMPILING

# JAX as users have it: the suite compiles for it without optimizing.
AS_USERS = os.environ["XLA_FLAGS"].replace(FAST_COMPILING, "")


@pytest.fixture(scope="session")
def on():
    """Of a backend's name what runs a program there; "jax, optimized" compiles as users do."""
    servers = {}

    def on(name: str) -> Server:
        if name not in servers:
            backend, _, optimized = name.partition(", ")
            servers[name] = Server(backend, AS_USERS if optimized else None)
        return servers[name]

    yield on
    for server in servers.values():
        server.close()
