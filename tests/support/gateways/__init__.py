"""Far ends of notices, as servers on this machine that speak the real protocols and can fail."""
