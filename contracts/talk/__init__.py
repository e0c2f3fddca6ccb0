"""What a check talks to: REST, MCP in both eras, a simulator's clock and worlds."""
