"""The oracles: PyTorch autograd, JAX grad, finite differences and exact arithmetic. None shares code with the subject.

An oracle is handed a *program*, `program(apply, arrays) -> output`, that runs a network with whatever `apply(rule,
*arrays, **config)` it is given; so nothing here knows how a network is written down.
"""
