"""What tests share: the server under test, its clients, networks in between, browsers, and what they find wrong."""
