"""The HTTP surface: each module holds the routes of one area, as a blueprint made by a function."""
