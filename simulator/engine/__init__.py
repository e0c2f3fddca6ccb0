"""Room 2: state and sequence. Knows no HTTP and no MCP."""
