"""The console's server: REST with OpenAPI, one WebSocket of live changes, the browser phone's way.

Public: `agent_console.server.Console` (start, stop), `agent_console.parts.Parts` (what it is
built from), `agent_console.accounts` (making accounts).
"""
