"""Softmax in C++, built by PyTorch's own loader. Only what it needs is included: 8 s, and 40 s with all headers."""

from dataclasses import replace

import torch
from torch.utils.cpp_extension import load_inline

from tests.subjects.kernels.corpus.catalogue import NAMED

SOURCE = r"""
#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <torch/library.h>
#include <cmath>

// p of a row in float32; returns nothing that is rounded to the dtype
template <typename T> void probabilities(const T* x, float* p, int64_t d) {
  float largest = -INFINITY, summed = 0;
  for (int64_t j = 0; j < d; ++j) largest = std::max(largest, float(x[j]));
  for (int64_t j = 0; j < d; ++j) summed += p[j] = std::exp(float(x[j]) - largest);
  for (int64_t j = 0; j < d; ++j) p[j] /= summed;
}

at::Tensor forward(const at::Tensor& given) {
  auto x = given.contiguous();
  auto y = at::empty_like(x);
  int64_t d = x.size(1);
  std::vector<float> p(d);
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "softmax", [&] {
    for (int64_t i = 0; i < x.size(0); ++i) {
      probabilities(x.data_ptr<scalar_t>() + i * d, p.data(), d);
      auto row = y.data_ptr<scalar_t>() + i * d;
      for (int64_t j = 0; j < d; ++j) row[j] = scalar_t(p[j]);
    }
  });
  return y;
}

template <typename T> void by_x(const T* x, const T* dy, T* dx, int64_t n, int64_t d) {
  std::vector<float> p(d);
  for (int64_t i = 0; i < n; ++i) {
    probabilities(x + i * d, p.data(), d);
    float inner = 0;
    for (int64_t j = 0; j < d; ++j) inner += p[j] * float(dy[i * d + j]);
    for (int64_t j = 0; j < d; ++j) dx[i * d + j] = T(p[j] * (float(dy[i * d + j]) - inner));
  }
}

at::Tensor backward(const at::Tensor& x, const at::Tensor& given) {
  auto dy = given.contiguous();
  auto dx = at::empty_like(x);
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "softmax_backward", [&] {
    by_x(x.data_ptr<scalar_t>(), dy.data_ptr<scalar_t>(), dx.data_ptr<scalar_t>(), x.size(0), x.size(1));
  });
  return dx;
}

// the row is a pointer of the memory that the cotangent has, whatever its strides
at::Tensor careless(const at::Tensor& x, const at::Tensor& dy) {
  auto dx = at::empty_like(x);
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "softmax_backward", [&] {
    by_x(x.data_ptr<scalar_t>(), dy.data_ptr<scalar_t>(), dx.data_ptr<scalar_t>(), x.size(0), x.size(1));
  });
  return dx;
}

TORCH_LIBRARY(backcheck_softmax, m) {
  m.def("forward", &forward);
  m.def("backward", &backward);
  m.def("careless", &careless);
}
"""


def built(folder):
    """The kernels as rows of the corpus, compiled into the folder."""
    load_inline(
        "backcheck_softmax",
        SOURCE,
        extra_cflags=["-O1"],
        build_directory=str(folder),
        is_python_module=False,
        no_implicit_headers=True,
    )
    ops = torch.ops.backcheck_softmax
    right = replace(NAMED["softmax"], name="cpp_softmax", kernel=_function(ops.backward))
    careless = replace(
        right,
        name="cpp_softmax_careless",
        kernel=_function(ops.careless),
        insides="",
        fault="backward takes the cotangent for contiguous",
        circumstance="transposed cotangent",
    )
    return right, careless


def _function(pull):
    class Softmax(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x = x.contiguous()
            ctx.save_for_backward(x)
            return torch.ops.backcheck_softmax.forward(x)

        @staticmethod
        def backward(ctx, dy):
            return pull(ctx.saved_tensors[0], dy)

    return Softmax.apply
