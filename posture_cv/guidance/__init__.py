"""What the five documents say, as data with its citation, and the choice of what to say.

`catalogue.load_catalogue` reads the data; everything else here is pure.
"""
