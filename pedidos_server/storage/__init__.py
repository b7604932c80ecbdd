"""Where orders, events, history and tokens are kept."""
