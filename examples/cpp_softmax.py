"""A softmax in C++ whose backward forgets a term, in bfloat16, against PyTorch's own.

It is compiled when it is run: 8 to 30 s. Needs a C++ compiler, and `pip install backcheck[torch,kernels]`.

says: DISAGREE
"""

import torch
from torch.utils.cpp_extension import load_inline

import backcheck

SOURCE = r"""
#include <ATen/ATen.h>
#include <torch/library.h>

at::Tensor forward(const at::Tensor& x) {
  auto wide = x.to(at::kFloat);
  auto numerator = (wide - wide.amax(-1, true)).exp();
  return (numerator / numerator.sum(-1, true)).to(x.scalar_type());
}

at::Tensor backward(const at::Tensor& y, const at::Tensor& dy) {  // the term - y sum(y dy) is missing
  return (y.to(at::kFloat) * dy.to(at::kFloat)).to(y.scalar_type());
}

TORCH_LIBRARY(softmax_example, m) { m.def("forward", &forward); m.def("backward", &backward); }
"""
load_inline("softmax_example", SOURCE, is_python_module=False, no_implicit_headers=True)


class Softmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.ops.softmax_example.forward(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        return torch.ops.softmax_example.backward(ctx.saved_tensors[0], dy)


x = torch.randn(33, 129).to(torch.bfloat16)
print(backcheck.check_torch(Softmax.apply, x, reference=lambda x: torch.softmax(x, -1), inside="float32"))
