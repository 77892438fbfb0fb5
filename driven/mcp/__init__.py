"""`driven mcp serve`: the verbs of the command line as tools of the Model Context Protocol, over stdin and stdout.

    wire      bytes <-> messages of JSON-RPC, with bounds
    session   what is said: initialize, tools/list, tools/call, cancelling, asking a person
    calls     one call: a process of its own, held to what the grammar declares
    watching  when plugins changed, and the grammar of now

The protocol is small and is spoken here without its SDK, whose import takes half a second; tests use the SDK as client.
https://modelcontextprotocol.io/specification/2025-11-25, read 2026-11-22.
"""
