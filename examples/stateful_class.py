"""A layer of the usual teaching style, checked without editing it; drawn inputs find what one input would not.

says: the last dy alone, not the sum
"""

import numpy as np

import backcheck


class Embedding:
    def __init__(self, words, width):
        self.params = [np.random.randn(words, width)]
        self.grads = [np.zeros((words, width))]

    def forward(self, index):
        self.index = index
        return self.params[0][index]

    def backward(self, dout):
        (dW,) = self.grads
        dW[...] = 0
        dW[self.index] += dout  # NumPy adds once where an index comes twice: np.add.at adds each time


axis = backcheck.Axis("words")
found = backcheck.verify_rule(Embedding, arrays="n <words", config={"words": axis, "width": [2, 3]})
print(found.explain())
