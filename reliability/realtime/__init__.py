"""The cost of open WebSockets: memory, echoes and broadcasts, beside Starlette's."""
