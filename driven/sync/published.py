"""What a sync changed in the rules, as the feed tells it to those who have them already."""

from __future__ import annotations

from driven.errors import DrivenError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.pipeline import Session
    from driven.streaming.feed import RuleFeed
    from driven.streaming.operations import Told


def published(feed: RuleFeed | None, session: Session) -> tuple[Told, ...]:
    """Put the rules that the editors have now into the feed; what was done to which of them."""
    if feed is None:
        return ()
    from driven.streaming.operations import replay
    from driven.streaming.release import Release

    before = feed.newest
    try:
        ops = feed.publish(Release(rules=session.rules))
        return replay(before, ops)[1] if ops else ()
    except DrivenError:  # a rule that cannot travel: the sync has told what is wrong with it
        return ()
