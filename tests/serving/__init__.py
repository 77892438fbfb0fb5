"""The rule server, as a process: over real sockets, by curl, on a folder and on a real nats-server."""
