"""Rule sets on their way: the operation stream, patches, ETags and chunks. No sockets here."""
