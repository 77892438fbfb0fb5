"""`driven sync --watch`: file events -> one sync per burst. The only importer of watchdog."""

from __future__ import annotations

from driven.sync.events import Cured, Event, Polling, Problem, Stopped, Synced, Watching
from driven.sync.loop import Watch

__all__ = ["Cured", "Event", "Polling", "Problem", "Stopped", "Synced", "Watch", "Watching"]
