"""A jax.custom_vjp: log-sum-exp with a stable forward, and a backward that forgets to normalise.

says: DISAGREE
"""

import jax
import jax.numpy as jnp
import numpy as np

import backcheck


@jax.custom_vjp
def logsumexp(x):
    return jnp.log(jnp.exp(x - x.max()).sum()) + x.max()


def forward(x):
    y = logsumexp(x)
    return y, (x, y)


def backward(saved, dy):
    x, _ = saved
    return (dy * jnp.exp(x),)  # should be exp(x - y), with the y that is saved for it


logsumexp.defvjp(forward, backward)
print(backcheck.check_jax(logsumexp, np.array([0.5, -1.0, 2.0])).explain())
