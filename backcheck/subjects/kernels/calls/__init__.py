"""How an opaque kernel is called: in which form, memory and layout, and how often."""
