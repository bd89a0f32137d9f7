"""The checks of preflight, one a module; ``service.check.load_checks`` finds them here."""
