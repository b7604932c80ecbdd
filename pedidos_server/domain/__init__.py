"""What an order is, and what each command makes of it. No SQL, no HTTP, no threads: data in, data out."""
