"""Objects whose parameters are views of one another or of one buffer, right ones and wrong ones."""

import numpy as np

from tests.subjects.teaching_layers import normal


class Tied:
    """y = tanh(x W) V with V = W.T, the gradient of each use in its own place: whoever steps on both adds them up."""

    def __init__(self):
        self.W, self.dW, self.dV = normal(3, 2), None, None
        self.V = self.W.T

    def forward(self, x):
        self.x, self.h = x, np.tanh(x @ self.W)
        return self.h @ self.V

    def backward(self, dy):
        da = (dy @ self.V.T) * (1 - self.h**2)
        return self.keep(self.x.T @ da, self.h.T @ dy, da @ self.W.T)

    def keep(self, first, second, dx):
        self.dW, self.dV = first, second
        return dx


class TiedForgetsSecond(Tied):
    def keep(self, first, second, dx):
        self.dW, self.dV = first, 0 * second
        return dx


class TiedDoublesSecond(Tied):
    def keep(self, first, second, dx):
        self.dW, self.dV = first, 2 * second
        return dx


class TiedSwapsSecond(Tied):
    """The second use by W in the place of that by V: the sum is another one."""

    def keep(self, first, second, dx):
        self.dW, self.dV = first + second.T, second
        return dx


class Accumulated(Tied):
    """Both uses in dW; V is no parameter of its own."""

    def __init__(self):
        super().__init__()
        del self.dV

    def keep(self, first, second, dx):
        self.dW = first + second.T
        return dx


class AccumulatedForgets(Accumulated):
    def keep(self, first, second, dx):
        self.dW = first
        return dx


class AccumulatedInBoth(Tied):
    """The whole derivative in both places."""

    def keep(self, first, second, dx):
        self.dW = first + second.T
        self.dV = self.dW.T.copy()
        return dx


class AccumulatedInView(Tied):
    """The whole derivative in one buffer, of which dV is a view as V is of W."""

    def keep(self, first, second, dx):
        self.dW = first + second.T
        self.dV = self.dW.T
        return dx


class AccumulatedInBothForgets(Tied):
    def keep(self, first, second, dx):
        self.dW, self.dV = first, first.T.copy()
        return dx


class Flat:
    """One buffer with all parameters, and one with all gradients."""

    factor = 1.0

    def __init__(self):
        self.flat, self.dflat = normal(8), np.zeros(8)
        self.W, self.b = self.flat[:6].reshape(3, 2), self.flat[6:]
        self.dW, self.db = self.dflat[:6].reshape(3, 2), self.dflat[6:]

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW[...] = self.x.T @ dy
        self.db[...] = self.factor * dy.sum(0)
        return dy @ self.W.T


class FlatWrong(Flat):
    factor = 2.0


class FlatOnly(Flat):
    """Only the whole buffer has a gradient."""

    def __init__(self):
        super().__init__()
        self.theta, self.dtheta = self.flat, self.dflat
        del self.flat, self.dflat, self.dW, self.db

    def backward(self, dy):
        self.dtheta = np.concatenate([(self.x.T @ dy).ravel(), self.factor * dy.sum(0)])
        return dy @ self.W.T


class FlatOnlyWrong(FlatOnly):
    factor = 2.0


class FlatRead(Flat):
    """Forward reads the buffer, the gradients belong to its parts; there is none of the whole."""

    def __init__(self):
        super().__init__()
        self.dW, self.db = None, None
        del self.dflat

    def forward(self, x):
        self.x = x
        return x @ self.flat[:6].reshape(3, 2) + self.flat[6:]

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, self.factor * dy.sum(0)
        return dy @ self.flat[:6].reshape(3, 2).T


class FlatReadWrong(FlatRead):
    factor = 2.0


class FlatConcatenated(Flat):
    """Gradients of the parts, and a copy of them end to end."""

    def __init__(self):
        super().__init__()
        self.dW, self.db = None, None

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, self.factor * dy.sum(0)
        self.dflat = np.concatenate([self.dW.ravel(), self.db])
        return dy @ self.W.T


class FlatConcatenatedWrong(FlatConcatenated):
    factor = 2.0


class FlatHolders(Flat):
    """Parts of buffers in dictionaries."""

    def __init__(self):
        super().__init__()
        self.params, self.grads = {"W": self.W, "b": self.b}, {"W": self.dW, "b": self.db}
        del self.W, self.b, self.dW, self.db

    def forward(self, x):
        self.x = x
        return x @ self.flat[:6].reshape(3, 2) + self.params["b"]

    def backward(self, dy):
        self.dflat[:6] = (self.x.T @ dy).ravel()
        self.grads["b"][...] = self.factor * dy.sum(0)
        return dy @ self.params["W"].T


class FlatHoldersWrong(FlatHolders):
    factor = 2.0


class FlatLists(FlatHolders):
    def __init__(self):
        super().__init__()
        held = self.params, self.grads
        self.params, self.grads = [list(each.values()) for each in held]

    def forward(self, x):
        self.x = x
        return x @ self.params[0] + self.flat[6:]

    def backward(self, dy):
        self.dflat[:6] = (self.x.T @ dy).ravel()
        self.grads[1][...] = self.factor * dy.sum(0)
        return dy @ self.params[0].T


class FlatListsWrong(FlatLists):
    factor = 2.0


class Embedding:
    def __init__(self, table):
        self.W, self.dW = table, None

    def forward(self, ids):
        self.ids = ids
        return self.W[ids]

    def backward(self, dy):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, dy)


class Output:
    def __init__(self, weight):
        self.W, self.dW = weight, None

    def forward(self, h):
        self.h = h
        return h @ self.W

    def backward(self, dy):
        self.dW = self.h.T @ dy
        return dy @ self.W.T


class LanguageModel:
    """Tied embeddings: the output layer has a view of the table."""

    factor = 1.0

    def __init__(self):
        self.embedding = Embedding(normal(4, 3))
        self.output = Output(self.embedding.W.T)

    def forward(self, ids):
        return self.output.forward(np.tanh(self.embedding.forward(ids)))

    def backward(self, dy):
        dh = self.output.backward(dy) * (1 - self.output.h**2)
        self.embedding.backward(self.factor * dh)


class LanguageModelWrong(LanguageModel):
    factor = 2.0


class LanguageModelForgets(LanguageModel):
    """The gradient of the table's use as an output is left at zero."""

    def backward(self, dy):
        super().backward(dy)
        self.output.dW = np.zeros_like(self.output.dW)


class LastRows:
    """Every other row of a buffer, from behind: a view with a negative step."""

    factor = 1.0

    def __init__(self):
        self.buffer = normal(6, 2)
        self.W, self.dW = self.buffer[::-2], None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.buffer[5]

    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.dW[0] += self.factor * dy.sum(0)
        return dy @ self.W.T


class LastRowsWrong(LastRows):
    factor = 0.0


class Windows:
    """Two windows of one buffer that overlap in part."""

    factor = 1.0

    def __init__(self):
        self.buffer = normal(4)
        self.a, self.c, self.da, self.dc = self.buffer[:3], self.buffer[1:], None, None

    def forward(self, x):
        self.x = x
        return x * self.a * self.c

    def backward(self, dy):
        first, second = (dy * self.x * self.c).sum(0), self.factor * (dy * self.x * self.a).sum(0)
        self.keep(first, second)
        return dy * self.a * self.c

    def keep(self, first, second):
        whole = np.zeros(4)
        whole[:3] += first
        whole[1:] += second
        self.da, self.dc = whole[:3], whole[1:]


class WindowsWrong(Windows):
    factor = 2.0


class FlatLazy(Flat):
    """Makes its buffer in its first forward."""

    def __init__(self):
        self.flat = None

    def forward(self, x):
        if self.flat is None:
            super().__init__()
        return super().forward(x)


class FlatLazyWrong(FlatLazy):
    factor = 2.0


class FlatAdds(Flat):
    """Its gradients add up in one buffer."""

    def backward(self, dy):
        self.dW += self.x.T @ dy
        self.db += self.factor * dy.sum(0)
        return dy @ self.W.T


class FlatAddsWrong(FlatAdds):
    factor = 2.0


class FlatMadeAnew:
    """Methods that make the views of its buffers in every call."""

    factor = 1.0

    def __init__(self):
        self.flat, self.dflat = normal(8), np.zeros(8)

    def params(self):
        return {"W": self.flat[:6].reshape(3, 2), "b": self.flat[6:]}

    def grads(self):
        return {"W": self.dflat[:6].reshape(3, 2), "b": self.dflat[6:]}

    def forward(self, x):
        self.x = x
        return x @ self.params()["W"] + self.params()["b"]

    def backward(self, dy):
        self.grads()["W"][...] = self.x.T @ dy
        self.grads()["b"][...] = self.factor * dy.sum(0)
        return dy @ self.params()["W"].T


class FlatMadeAnewWrong(FlatMadeAnew):
    factor = 2.0


class Broadcast:
    """One number, and a view that repeats it."""

    factor = 1.0

    def __init__(self):
        self.s, self.ds = np.array([0.7]), None
        self.gamma = np.broadcast_to(self.s, (3,))

    def forward(self, x):
        self.x = x
        return x * self.gamma

    def backward(self, dy):
        self.ds = np.array([self.factor * (dy * self.x).sum()])
        return dy * self.gamma


class BroadcastWrong(Broadcast):
    factor = 2.0


class Returned(Tied):
    """Returns both gradients with that of its input."""

    def keep(self, first, second, dx):
        return dx, {"W": first, "V": second}


class ReturnedForgets(Tied):
    def keep(self, first, second, dx):
        return dx, {"W": first, "V": 0 * second}
