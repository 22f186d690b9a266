"""Iterative forwards as people write them, each with the backward of the implicit function, and with wrong ones."""

import numpy as np

from tests.subjects.pairs_of_functions import normal

Y = np.array([0.5, 1.3, -2.2])
A = np.array([0.5, 1.3, 2.2])


def bisect(f, target, low, high, halvings=60):
    low, high = low * np.ones_like(target), high * np.ones_like(target)
    for _ in range(halvings):
        middle = (low + high) / 2
        above = f(middle) > target
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


def cubic(y, halvings=60):
    x = bisect(lambda x: x**3 + x, y, -3.0, 3.0, halvings)
    return x, x


def newton_fixed(a):
    x = np.ones_like(a)
    for _ in range(12):
        x = (x + a / x) / 2
    return x, x


def newton_tolerance(a, tolerance=1e-6):
    x = np.ones_like(a)
    while True:
        new = (x + a / x) / 2
        change = np.abs(new - x).max()
        x = new
        if change < tolerance:
            return x, x


def newton_until_equal(a):
    x = np.ones_like(a) * 3
    while True:
        new = (x + a / x) / 2
        if np.all(new == x):
            return x, x
        x = new


def fixed_point(b, tolerance=1e-12):
    x, change = np.zeros_like(b), 1.0
    while change >= tolerance:
        new = np.tanh(0.5 * x + b)
        change, x = np.abs(new - x).max(), new
    return x, x


def equilibrium(w, b):
    z = np.zeros_like(b)
    for _ in range(500):
        new = np.tanh(w @ z + b)
        if np.abs(new - z).max() < 1e-10:
            break
        z = new
    return new, (w, new)


def equilibrium_backward(saved, dz, terms=0):
    w, z = saved
    slope = 1 - z * z
    m = slope[:, None] * w
    u = np.zeros_like(dz) + dz
    if terms:  # a Neumann series that is cut off
        for _ in range(terms):
            u = dz + m.T @ u
    else:
        for _ in range(200):
            u = dz + m.T @ u
    return np.outer(u * slope, z), u * slope


def kepler(m):
    e = m.copy()
    while True:
        step = (e - 0.3 * np.sin(e) - m) / (1 - 0.3 * np.cos(e))
        e = e - step
        if np.max(np.abs(step)) < 1e-10:
            return e, e


def secant(y):
    """x^3 + x = y."""
    a, b = np.zeros_like(y), np.ones_like(y)
    for _ in range(60):
        fa, fb = a**3 + a - y, b**3 + b - y
        if np.abs(fb).max() < 1e-11:
            break
        same = b == a
        a, b = b, b - fb * (b - a) / np.where(same, 1, np.where(fb == fa, 1, fb - fa))
    return b, b


def series(x):
    """exp(x) by its series, until a term is small."""
    term, total, n = np.ones_like(x), np.ones_like(x), 1
    while np.abs(term).max() > 1e-10:
        term = term * x / n
        total, n = total + term, n + 1
    return total, (x, total)


def means(a, b):
    """The arithmetic-geometric mean, until floats are equal: on exact numbers that may never come."""
    x, y = a, b
    while np.any(np.abs(x - y) > 0):
        new = (x + y) / 2
        y = np.sqrt(x * y)
        if np.all(new == x):
            break
        x = new
    return x, (a, b)


def implicit_euler(x):
    """One step of x' = -x^3 with h = 0.1, solved by iteration."""
    new = x
    while True:
        old, new = new, x - 0.1 * new**3
        if np.abs(new - old).max() < 1e-9:
            return new, new


def entmax(z):
    """Sparsemax of a vector by bisection for its threshold."""
    low, high = z.max() - 1, z.max()
    for _ in range(50):
        tau = (low + high) / 2
        if np.maximum(z - tau, 0).sum() > 1:
            low = tau
        else:
            high = tau
    p = np.maximum(z - tau, 0)
    return p, p


def entmax_backward(p, dp):
    support = p > 0
    return support * (dp - (support * dp).sum() / support.sum())


def conjugate_gradients(a, b):
    m = a @ a.T + np.eye(len(b))
    x, r = np.zeros_like(b), b
    p, rho = r, r @ r
    while rho > 1e-22:
        q = m @ p
        alpha = rho / (p @ q)
        x, r = x + alpha * p, r - alpha * q
        rho, old = r @ r, rho
        p = r + rho / old * p
    return x, (a, m, x)


def conjugate_gradients_backward(saved, dx):
    a, m, x = saved
    u = np.linalg.solve(m, dx)
    dm = -np.outer(u, x)
    return (dm + dm.T) @ a, u


def sinkhorn(c):
    k = np.exp(-c)
    u, v = np.ones(len(k)), np.ones(len(k))
    while True:
        old = u
        u = 1 / (k @ v)
        v = 1 / (k.T @ u)
        if np.abs(u - old).max() < 1e-11:
            p = u[:, None] * k * v
            return p, p


def sinkhorn_backward(p, dp):
    n = len(p)
    rows, columns = p.sum(1), p.sum(0)
    system = np.block([[np.diag(rows), p], [p.T, np.diag(columns)]])
    g = dp * p
    right = np.concatenate([g.sum(1), g.sum(0)])
    system = system + np.outer(np.r_[np.ones(n), -np.ones(n)], np.r_[np.ones(n), -np.ones(n)])  # the free constant
    f = np.linalg.solve(system, right)
    return -p * (dp - f[:n, None] - f[n:])


def dynamic_program(d):
    """Soft-DTW of a matrix of costs, by loops: no iteration to a limit."""
    n, m = d.shape
    r = np.full((n + 1, m + 1), 1e3)
    r[0, 0] = 0
    for i in range(n):
        for j in range(m):
            before = np.array([r[i, j], r[i, j + 1], r[i + 1, j]])
            low = before.min()
            r[i + 1, j + 1] = d[i, j] + low - np.log(np.exp(low - before).sum())
    return r[n, m], (d, r)


def dynamic_program_backward(saved, dy):
    d, r = saved
    n, m = d.shape
    e = np.zeros((n + 1, m + 1))
    e[n - 1, m - 1] = 1
    for i in reversed(range(n)):
        for j in reversed(range(m)):
            for di, dj in ((1, 0), (0, 1), (1, 1)):
                if i + di < n and j + dj < m:
                    e[i, j] = e[i, j] + e[i + di, j + dj] * np.exp(
                        r[i + 1 + di, j + 1 + dj] - d[i + di, j + dj] - r[i + 1, j + 1]
                    )
    return dy * e[:n, :m]


def scan(x):
    h, kept = 0.0, []
    for each in x:
        h = np.tanh(0.5 * h + each)
        kept.append(h)
    return np.stack(kept), kept


def scan_backward(kept, dy, forget=False):
    g, found = 0.0, []
    for h, d in zip(kept[::-1], dy[::-1], strict=True):
        s = (d + (0 if forget else g)) * (1 - h * h)
        found.append(s)
        g = 0.5 * s
    return np.stack(found[::-1])


def square_root(a):
    """Of a symmetric positive matrix, by Newton and Schulz."""
    s = np.sqrt((a * a).sum())
    y, z = a / s, np.eye(len(a))
    for _ in range(30):
        t = 1.5 * np.eye(len(a)) - 0.5 * z @ y
        y, z = y @ t, t @ z
        if np.abs(t - np.eye(len(a))).max() < 1e-9:
            break
    y = y * np.sqrt(s)
    return y, y


def square_root_backward(y, dy):
    """Y X + X Y = dY, by its Kronecker form."""
    one = np.eye(len(y))
    return np.linalg.solve(np.kron(one, y.T) + np.kron(y, one).T, dy.reshape(-1)).reshape(y.shape)


W = normal(3, 3) / 4
ROOTS = normal(3, 3) / 3
SYMMETRIC = ROOTS @ ROOTS.T + np.eye(3)

# forward, right backward, wrong backward, arrays
PAIRS = {
    "bisection": (cubic, lambda x, g: g / (3 * x * x + 1), lambda x, g: g / (3 * x * x + 2), (Y,)),
    "bisection, zero": (cubic, lambda x, g: g / (3 * x * x + 1), lambda x, g: 0 * g, (Y,)),
    "bisection, 200": (
        lambda y: cubic(y, 200),
        lambda x, g: g / (3 * x * x + 1),
        lambda x, g: g / (3 * x * x + 1.001),
        (Y,),
    ),
    "bisection, 30": (
        lambda y: cubic(y, 30),
        lambda x, g: g / (3 * x * x + 1),
        lambda x, g: g / (3 * x * x + 1.01),
        (Y,),
    ),
    "Newton, 12 times": (newton_fixed, lambda x, g: g / (2 * x), lambda x, g: g / x, (A,)),
    "Newton, 1e-6": (newton_tolerance, lambda x, g: g / (2 * x), lambda x, g: g / (2 * x + 1e-3), (A,)),
    "Newton, until equal": (newton_until_equal, lambda x, g: g / (2 * x), lambda x, g: g / x, (A,)),
    "fixed point": (
        fixed_point,
        lambda x, g: g * (1 - x * x) / (1 - 0.5 * (1 - x * x)),
        lambda x, g: g * (1 - x * x),
        (Y,),
    ),
    "fixed point, 1e-5": (
        lambda b: fixed_point(b, 1e-5),
        lambda x, g: g * (1 - x * x) / (1 - 0.5 * (1 - x * x)),
        lambda x, g: g * (1 - x * x) * (1 + 0.5 * (1 - x * x)),
        (Y,),
    ),
    "equilibrium": (
        equilibrium,
        equilibrium_backward,
        lambda saved, g: equilibrium_backward(saved, g, 3),
        (W, Y),
    ),
    "Kepler": (kepler, lambda e, g: g / (1 - 0.3 * np.cos(e)), lambda e, g: g / (1 - 0.3 * np.sin(e)), (A,)),
    "secant": (secant, lambda x, g: g / (3 * x * x + 1), lambda x, g: g / (3 * x * x), (Y,)),
    "series": (series, lambda saved, g: g * saved[1], lambda saved, g: g * saved[1] * saved[0], (Y,)),
    "implicit Euler": (
        implicit_euler,
        lambda x, g: g / (1 + 0.3 * x * x),
        lambda x, g: g * (1 - 0.3 * x * x),
        (A,),
    ),
    "entmax": (entmax, entmax_backward, lambda p, dp: (p > 0) * dp, (np.array([0.3, 0.1, -0.2, -2.0]),)),
    "conjugate gradients": (
        conjugate_gradients,
        conjugate_gradients_backward,
        lambda saved, g: (conjugate_gradients_backward(saved, g)[0] / 2, conjugate_gradients_backward(saved, g)[1]),
        (ROOTS, Y),
    ),
    "Sinkhorn": (sinkhorn, sinkhorn_backward, lambda p, dp: -p * dp, (abs(normal(3, 3)),)),
    "matrix square root": (
        square_root,
        square_root_backward,
        lambda y, dy: np.linalg.solve(2 * y, dy),
        (SYMMETRIC,),
    ),
    "soft-DTW": (
        dynamic_program,
        dynamic_program_backward,
        lambda saved, dy: dy * np.ones(saved[0].shape),
        (normal(3, 3),),
    ),
    "scan": (scan, scan_backward, lambda kept, dy: scan_backward(kept, dy, forget=True), (normal(5),)),
}
