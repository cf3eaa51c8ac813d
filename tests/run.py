"""The whole suite: what needs no Keras once, the rest on every backend, two processes at a time.

    python tests/run.py [PART ...]

Each part is a pytest process of its own; its output goes to build/tests/PART.log and is printed
when it has ended. Further flags for all of them: PYTEST_ADDOPTS, such as --everywhere.
"""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOGS = ROOT / "build" / "tests"
# KERAS_BACKEND and which tests, the longest first: the shorter ones fill in where one of two has
# ended. What runs once does so where nothing is compiled, or names its backends. Without a backend
# an import of Keras fails: so a test that needs one and was not recognised
# (tests/needs_backend.py) is found.
PARTS = {
    "jax": ("jax", "backend and not once"),
    "tensorflow": ("tensorflow", "backend and not once"),
    "torch": ("torch", "backend and not once"),
    "once": ("torch", "once"),
    "without-keras": ("none", "not backend and not once"),
}
SLOWEST = re.compile(r"^\s*([\d.]+)s (?:call|setup|teardown)\s+\S", re.MULTILINE)


def run(part: str, threads: int) -> tuple[int, str, float]:
    """Exit status, output and seconds of a part."""
    backend, chosen = PARTS[part]
    # PASSIVE: where processes share cores, waiting threads would take the time of working ones.
    limits = {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, "-m", "pytest", "-m", chosen, "--durations=10"]
    environment = limits | os.environ | {"KERAS_BACKEND": backend}
    # Bytecode is kept: each test process and each program that tests start would make it again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.monotonic()
    with (LOGS / f"{part}.log").open("w+", encoding="utf-8") as log:
        status = subprocess.run(
            [*command, "-o", f"cache_dir=.pytest_cache/{part}"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        ).returncode
        log.seek(0)
        return status, log.read(), time.monotonic() - began


def main(parts: list[str]) -> int:
    """Run the parts; 0 if all of them passed."""
    if unknown := set(parts) - set(PARTS):
        print(f"no such part: {', '.join(sorted(unknown))}; expected some of {', '.join(PARTS)}")
        return 2
    LOGS.mkdir(parents=True, exist_ok=True)
    processors = os.cpu_count() or 2
    at_once = max(2, processors // 2)
    status, slowest, closing, seconds = 0, [], {}, {}
    began = time.monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        running = {
            pool.submit(run, part, max(1, processors // at_once)): part for part in parts or PARTS
        }
        for done in as_completed(running):
            part = running[done]
            failed, output, seconds[part] = done.result()
            status = status or failed
            print(f"== tests: {part}\n{output}", flush=True)
            closing[part] = output.strip().splitlines()[-1] if output.strip() else "no output"
            for found in SLOWEST.finditer(output):
                line = output[found.start() : output.find("\n", found.start())]
                slowest.append((float(found[1]), f"{part:>13} {line.strip()}"))
    print("== the ten slowest")
    for _, line in sorted(slowest, reverse=True)[:10]:
        print(line)
    print(
        f"== {time.monotonic() - began:.0f} s in all; "
        f"{sum(seconds.values()):.0f} s of all processes one after the other"
    )
    for part, line in closing.items():
        print(f"== {part}\n{line}")
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
