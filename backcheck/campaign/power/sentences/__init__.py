"""Is every number, shape, index and name in a sentence true of the case that it is about?"""
