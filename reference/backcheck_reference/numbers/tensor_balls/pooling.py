"""Pooling by averages and by the largest."""

import math
from typing import Any

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.tensor_balls.rounding import Ball, Rounding, kept, operand
