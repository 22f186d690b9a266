"""Objects that remember: what they were given, what they computed, whether they were called before."""

import numpy as np


class Scale:
    """y = x w, with the gradient of w summed over the rows."""

    def __init__(self):
        self.w, self.dw = np.array([1.0, 2.0, 3.0, 4.0]), None

    def forward(self, x):
        self.x = x.copy()
        return x * self.w

    def backward(self, dy):
        self.dw = (dy * self.x).sum(0)
        return dy * self.w


class Lazy:
    """Makes its weight when it first sees an input, keeps all inputs in a list, and goes on with the last."""

    def __init__(self):
        self.W, self.dW, self.seen = None, None, []

    def forward(self, x):
        if self.W is None:
            self.W = np.ones((x.shape[1], 2)) / 2
        self.seen.append(x)
        return x @ self.W

    def last(self):
        return self.seen[-1]

    def backward(self, dy):
        self.dW = self.last().T @ dy
        return dy @ self.W.T


class LazyStack(Lazy):
    """Takes its input from the list again."""

    def last(self):
        return self.seen.pop()


class LazyFirst(Lazy):
    """Goes on with the first input that it has seen, until it is told to forget."""

    def last(self):
        return self.seen[0]

    def forget(self):
        self.seen = []


class LazyMarked:
    """Marks in one dictionary what it made and what it saw, and says elsewhere that it is made."""

    def __init__(self):
        self.held, self.grads, self.built = {}, {}, False

    def forward(self, x):
        if not self.built:
            self.held["W"], self.built = np.eye(x.shape[1]) * 2, True
        self.held["x"] = [*self.held.get("x", []), x]
        return x @ self.held["W"]

    def backward(self, dy):
        self.grads["W"] = self.held["x"][0].T @ dy
        return dy @ self.held["W"].T


class LazyWithin:
    """A network of lazy layers."""

    def __init__(self):
        self.layers = [Lazy(), Lazy()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


class Counted(Scale):
    """Counts its calls, and computes something else from the second one on; nobody calls it twice."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return super().forward(x) * self.calls

    def backward(self, dy):
        return super().backward(dy * self.calls)


class Freed(Scale):
    """Its graph is freed by the first backward."""

    graph = True

    def forward(self, x):
        self.graph = True
        return super().forward(x)

    def gone(self):
        raise RuntimeError("the graph is freed")

    def backward(self, dy):
        if not self.graph:
            return self.gone()
        self.graph = False
        return super().backward(dy)


class FreedToNone(Freed):
    def gone(self):
        return None


class FreedToZeros(Freed):
    def gone(self):
        self.dw = np.zeros(4)
        return np.zeros(self.x.shape)


class OtherOrder(Scale):
    """Every second backward adds from the last row to the first."""

    backwards = 0

    def backward(self, dy):
        self.backwards += 1
        terms = dy * self.x
        total = np.zeros(4)
        for term in terms if self.backwards % 2 else terms[::-1]:
            total = total + term
        self.dw = total
        return dy * self.w


class AddsInAnotherOrder(OtherOrder):
    """The same in a library that adds gradients up."""

    def __init__(self):
        super().__init__()
        self.dw = np.zeros(4)

    def backward(self, dy):
        before = self.dw
        dx = super().backward(dy)
        self.dw = before + self.dw
        return dx

    def zero_grad(self):
        self.dw = np.zeros(4)


class Spoils(Scale):
    """Its backward doubles what forward kept."""

    def backward(self, dy):
        dx = super().backward(dy)
        self.x *= 2
        return dx


class KeepsFirst(Scale):
    """Goes on with the first input that it ever saw."""

    def forward(self, x):
        if not hasattr(self, "first"):
            self.first = x.copy()
        return super().forward(x)

    def backward(self, dy):
        self.x = self.first
        return super().backward(dy)


class AddsUp(Scale):
    """Adds its gradient up, and takes back what its own forward put on a stack."""

    def __init__(self):
        super().__init__()
        self.dw, self.seen = np.zeros_like(self.w), []

    def forward(self, x):
        self.seen.append(x.copy())
        return super().forward(x)

    def backward(self, dy):
        before, self.x = self.dw, self.taken()
        dx = super().backward(dy)
        before += self.dw
        self.dw = before
        return dx

    def taken(self):
        return self.seen.pop()


class AddsUpForFirst(AddsUp):
    """The same with the wrong end of the stack, which it never empties."""

    def taken(self):
        return self.seen[0]


class AddsUpElsewhere(AddsUp):
    """Shows a copy of the sum, so that setting what is shown to zero does not set it back."""

    def backward(self, dy):
        self.dw = self.__dict__.setdefault("total", np.zeros_like(self.w))
        dx = super().backward(dy)
        self.dw = self.dw.copy()
        return dx


class AddsUpReadOnly(AddsUpElsewhere):
    """The same, and the copy cannot be written into."""

    def backward(self, dy):
        dx = super().backward(dy)
        self.dw.flags.writeable = False
        return dx


class Momentum(Scale):
    """Mixes the gradient of the step before into that of this one."""

    before = 0.0

    def backward(self, dy):
        dx = super().backward(dy)
        self.dw = self.dw + 0.5 * self.before
        self.before = self.dw
        return dx


class Passes:
    """Other names for its methods, and a forward that must be told the mode."""

    def __init__(self):
        self.W, self.dW = np.ones((4, 2)), None

    def forward_pass(self, x, training):
        self.x, self.factor = x, 1.0 if training else 2.0
        return x @ self.W * self.factor

    def backward_pass(self, dy):
        self.dW = self.x.T @ dy * self.factor
        return dy @ self.W.T * self.factor


class PassesWrong(Passes):
    """Right in training only."""

    def backward_pass(self, dy):
        self.factor = 1.0
        return super().backward_pass(dy)


class TwoOutputs:
    """Sum and difference, with a cotangent for each."""

    def __init__(self):
        self.w, self.dw = np.array([2.0, 3.0]), None

    def forward(self, a, y):
        self.a = a
        return a * self.w + y, a - y

    def backward(self, dsum, ddifference):
        self.dw = (dsum * self.a).sum(0)
        return dsum * self.w + ddifference, dsum - ddifference


class TwoOutputsInOne(TwoOutputs):
    """The same with both cotangents in one."""

    def backward(self, dys):
        return super().backward(*dys)
