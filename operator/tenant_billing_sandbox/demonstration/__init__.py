"""``demo``: the product's main job once, step by step, each step seen through the public APIs or the demo fails.

Owns: the story, what must be seen, how it is told. Does not own: the environment it plays in.
"""
