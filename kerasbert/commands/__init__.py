"""What every command shares: flags from settings, help, tables of results, and how it ends."""
