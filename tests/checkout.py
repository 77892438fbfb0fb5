"""git, as tests run it: as nobody in particular, without anybody's settings."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

WHO = ("-c", "user.name=x", "-c", "user.email=x@example.org")


def git(folder: Path, *words: str) -> None:
    """Run git in a folder; an error when it fails."""
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *WHO, *words], cwd=folder, env=env, check=True, capture_output=True)
